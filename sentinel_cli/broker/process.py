"""A server that outlives the command that started it: its process id stands in a file, its output in another."""

import os
import signal
import socket
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from sql.errors import ServiceError

_SECONDS = 60


@dataclass(frozen=True)
class Server:
    """One server process on a port of this machine."""

    name: str
    folder: Path
    port: int
    command: tuple[str, ...]

    @property
    def log(self) -> Path:
        """What it writes to its standard output and error."""
        return self.folder / f"{self.name}.log"

    @property
    def _pid_file(self) -> Path:
        return self.folder / f"{self.name}.pid"

    def start(self) -> None:
        """
        Start it in a session of its own, unless it runs, and wait until its port is open.

        Raises:
            ServiceError: it ends, or does not open its port in time; its log says why.
        """
        if self.is_running():
            return
        # A bare process, not an object that would complain of a child which is to live on.
        files = [
            (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
            (os.POSIX_SPAWN_OPEN, 1, str(self.log), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600),
            (os.POSIX_SPAWN_DUP2, 1, 2),
        ]
        pid = os.posix_spawn(self.command[0], self.command, os.environ, file_actions=files, setsid=True)
        self._pid_file.write_text(str(pid))
        try:
            self._await()
        except BaseException:
            self.stop(seconds=0)
            raise

    def _await(self) -> None:
        deadline = time.monotonic() + _SECONDS
        while not is_open(self.port):
            if not self.is_running():
                raise ServiceError(f"The {self.name} has ended; its log is {self.log}.")
            if time.monotonic() > deadline:
                raise ServiceError(f"The {self.name} is not ready after {_SECONDS} s; its log is {self.log}.")
            time.sleep(0.05)

    def stop(self, seconds: float = 20) -> None:
        """End it, by force after so many seconds."""
        pid = self._pid()
        if pid is None:
            return
        deadline = time.monotonic() + seconds
        if seconds:
            _signal(pid, signal.SIGTERM)
            while self.is_running() and time.monotonic() < deadline:
                time.sleep(0.05)
        if self.is_running():
            _signal(pid, signal.SIGKILL)
            while self.is_running():
                time.sleep(0.01)
        self._pid_file.unlink(missing_ok=True)

    def is_running(self) -> bool:
        """Whether the process that was started last is still there."""
        pid = self._pid()
        if pid is None:
            return False
        with suppress(ChildProcessError):
            os.waitpid(pid, os.WNOHANG)  # a child that has ended stays, until it is asked for
        return _signal(pid, 0)

    def _pid(self) -> int | None:
        try:
            return int(self._pid_file.read_text())
        except (OSError, ValueError):
            return None


def is_open(port: int) -> bool:
    """Whether something listens on a port of this machine."""
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def free_port() -> int:
    """A port of this machine on which nothing listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _signal(pid: int, number: int) -> bool:
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return False
    return True
