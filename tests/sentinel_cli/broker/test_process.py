"""Which process is taken for a server of ours: one that names its folder, and no other that got its id."""

import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from sentinel_cli.broker.process import Server


@pytest.fixture
def server(tmp_path: Path) -> Server:
    return Server("broker", tmp_path, 20_000, (sys.executable, "-c", "input()", str(tmp_path)))


def running(server: Server, *command: str) -> bool:
    """Whether a process of that command is taken for it, which has no words at first, as in the moment it is made."""
    with subprocess.Popen(command, stdin=subprocess.PIPE) as process, pytest.MonkeyPatch.context() as patch:
        (server.folder / "broker.pid").write_text(str(process.pid))
        words, early = psutil.Process.cmdline, [2, 1]
        patch.setattr(psutil.Process, "cmdline", lambda self: [] if early and early.pop() else words(self))
        try:
            return server.is_running()
        finally:
            process.kill()


def test_a_process_that_has_no_command_yet_is_known_by_the_one_it_gets(server: Server) -> None:
    assert running(server, *server.command)
    assert not running(server, sys.executable, "-c", "input()")


def test_one_that_has_ended_is_not_running(server: Server) -> None:
    with subprocess.Popen([sys.executable, "-c", "", str(server.folder)]) as process:
        (server.folder / "broker.pid").write_text(str(process.pid))
        while psutil.Process(process.pid).status() != psutil.STATUS_ZOMBIE:
            time.sleep(0.01)
        assert not server.is_running()
