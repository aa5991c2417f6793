"""How the service ends; what it does is tested on a real broker."""

import signal
import subprocess
import sys

import pytest

WAITS = """
import sys, time
from pathlib import Path
from sentinel_cli.service import service
from sentinel_cli.service.job import Job
from sentinel_cli.service.options import Options
service.check_broker = service.check_topics = lambda *_, **__: None
service.Service._loop = lambda *_: (print("begun", flush=True), time.sleep(60))
service.Service(Job(None, None, Options("test", Path(sys.argv[1])), None, None)).run(None)
"""
"""A service whose loops wait for a broker that is away."""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_second_signal_ends_it_at_once(number: signal.Signals, tmp_path: str) -> None:
    with subprocess.Popen([sys.executable, "-c", WAITS, tmp_path], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"begun\n"
        process.send_signal(number)
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(1)
        process.send_signal(number)
        try:
            assert process.wait(5) == -number
        finally:
            process.kill()
