"""Whoever asks the service how it is gets an answer, whatever others do."""

import socket
import threading
from http.client import HTTPConnection

import pytest

from sentinel_cli.broker.process import free_ports
from sentinel_cli.service.figures import Figures, serve


def test_a_connection_that_asks_nothing_holds_up_neither_others_nor_the_end(capfd: pytest.CaptureFixture[str]) -> None:
    (port,) = free_ports(1)
    end = serve(Figures(), port)
    with socket.create_connection(("127.0.0.1", port)):
        asked = HTTPConnection("127.0.0.1", port, timeout=5)
        asked.request("GET", "/metrics")
        assert asked.getresponse().status == 200
        asked.close()
        ending = threading.Thread(target=end, daemon=True)
        ending.start()
        ending.join(5)
        assert not ending.is_alive()
    assert capfd.readouterr().err == ""


def test_one_that_is_cut_is_no_traceback(capfd: pytest.CaptureFixture[str]) -> None:
    (port,) = free_ports(1)
    end = serve(Figures(), port)
    for _ in range(20):
        with socket.create_connection(("127.0.0.1", port)) as cut:
            cut.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
            cut.sendall(b"GET /metrics HTTP/1.1\r\n\r\n")
    asked = HTTPConnection("127.0.0.1", port, timeout=5)
    asked.request("GET", "/health")
    assert asked.getresponse().status == 503
    asked.close()
    end()
    assert capfd.readouterr().err == ""
