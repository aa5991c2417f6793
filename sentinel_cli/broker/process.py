"""A server that outlives the command that started it: its process id stands in a file, its output in another."""

import os
import random
import socket
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

from sql.errors import ServiceError

_SECONDS = 60
_PORTS = range(20_000, 32_000)
"""Below those from which systems take the ports of outgoing connections: a server that was down for a moment would
find its own taken, even by a client that looks for it."""


@dataclass(frozen=True)
class Server:
    """One server process on a port of this machine; its command names the folder, by which it is known again."""

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
        """Start it, unless it runs, and wait until its port is open; ServiceError as in `launch` and `_await_port`."""
        self.launch()
        try:
            self._await_port()
        except BaseException:
            self.stop(seconds=0)
            raise

    def launch(self) -> None:
        """
        Start it in a session of its own, unless it runs; it is not ready yet.

        Raises:
            ServiceError: another process has its port.
        """
        if self.is_running():
            return
        if is_open(self.port):
            raise ServiceError(
                f"Port {self.port} of the {self.name} is taken by another process: end that one, or name another "
                "--folder, which gets ports of its own."
            )
        # A bare process, not an object that would complain of a child which is to live on.
        files = [
            (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
            (os.POSIX_SPAWN_OPEN, 1, str(self.log), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600),
            (os.POSIX_SPAWN_DUP2, 1, 2),
        ]
        pid = os.posix_spawn(self.command[0], self.command, os.environ, file_actions=files, setsid=True)
        self._pid_file.write_text(str(pid))

    def _await_port(self) -> None:
        """
        Wait until its port is open.

        Raises:
            ServiceError: it ends, or does not open its port in time; its log says why.
        """
        deadline = time.monotonic() + _SECONDS
        while not is_open(self.port):
            if not self.is_running():
                raise ServiceError(f"The {self.name} has ended; its log is {self.log}.")
            if time.monotonic() > deadline:
                raise ServiceError(f"The {self.name} is not ready after {_SECONDS} s; its log is {self.log}.")
            time.sleep(0.05)

    def stop(self, seconds: float = 20) -> None:
        """End it, by force after so many seconds, or at once where that is 0."""
        if process := self._process():
            with suppress(psutil.NoSuchProcess):
                if seconds:
                    process.terminate()
                with suppress(psutil.TimeoutExpired):
                    process.wait(seconds)
                process.kill()
                process.wait()
        self._pid_file.unlink(missing_ok=True)

    def is_running(self) -> bool:
        """Whether the process that was started last is still there."""
        return self._process() is not None

    def _process(self) -> psutil.Process | None:
        """The process of the file, unless it has ended and its id belongs to another, as after a restart of the
        machine."""
        try:
            process = psutil.Process(int(self._pid_file.read_text()))
            words = _command(process)
        except (OSError, ValueError, psutil.Error):
            return None
        return process if any(str(self.folder) in word for word in words) else None


def _command(process: psutil.Process) -> list[str]:
    """The words of its command: none if it has ended; in the moment after it was made, it has none yet."""
    deadline = time.monotonic() + 1
    while not (words := process.cmdline()) and time.monotonic() < deadline:
        if process.status() == psutil.STATUS_ZOMBIE:
            break
        time.sleep(0.001)
    return words


def is_open(port: int) -> bool:
    """Whether something listens on a port of this machine."""
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def free_ports(count: int) -> list[int]:
    """Ports of this machine on which nothing listens, in no order: two that look at once seldom take the same."""
    found: list[int] = []
    for port in random.sample(_PORTS, len(_PORTS)):
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            found.append(port)
        if len(found) == count:
            return found
    raise ServiceError(f"No ports are free between {_PORTS.start} and {_PORTS.stop}.")
