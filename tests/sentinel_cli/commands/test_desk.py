"""consume and dashboard as a user meets them, without a broker."""

import fcntl
import os
import pty
import select
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

SENTINEL = [sys.executable, "-m", "sentinel_cli"]


@pytest.mark.parametrize(
    ("arguments", "code", "sentence"),
    [
        (["dashboard", "--mode", "local"], 2, "sentinel: The dashboard needs a terminal; `sentinel consume` writes"),
        (["consume", "--from", "yesterday"], 2, "sentinel: --from yesterday: give beginning, latest, or a time"),
        (["consume", "--stack", ""], 1, "sentinel: Missing: output kafkaBootstrapEndpoint"),
    ],
)
def test_a_mistake_is_one_sentence(arguments: list[str], code: int, sentence: str, tmp_path: Path) -> None:
    env = {name: value for name, value in os.environ.items() if not name.startswith("SENTINEL_")}
    done = subprocess.run(
        [*SENTINEL, *arguments], cwd=tmp_path, env=env, stdin=subprocess.DEVNULL, capture_output=True, check=False
    )
    said = done.stderr.decode()
    assert (done.returncode, said.count("\n"), done.stdout) == (code, 1, b"")
    assert said.startswith(sentence)


@pytest.mark.parametrize("no_color", ["", "1"])
def test_the_local_dashboard_shows_alerts_in_a_terminal(no_color: str) -> None:
    with _dashboard(NO_COLOR=no_color) as (process, terminal):
        shown = _until(terminal, b"ACC-0")
        os.write(terminal, b"q")
        shown += _until(terminal, b"\x1b[?1049l")
        assert process.wait(30) == 0
    assert b"Sentinel AML" in shown
    assert b"connected to a simulated stream" in shown


@pytest.mark.alone
def test_the_local_dashboard_opens_within_two_seconds() -> None:
    """Once of five times, as something else may want the machine."""
    seconds: list[float] = []
    while len(seconds) < 5 and min(seconds, default=2) >= 2:
        begun = time.monotonic()
        with _dashboard() as (process, terminal):
            _until(terminal, b"Sentinel AML")
            seconds.append(time.monotonic() - begun)
            process.kill()
    assert min(seconds) < 2, seconds


@contextmanager
def _dashboard(**env: str) -> Iterator[tuple[subprocess.Popen[bytes], int]]:
    """The local dashboard in a terminal of 80 columns and 24 lines, and that terminal's other end."""
    outer, inner = pty.openpty()
    fcntl.ioctl(inner, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    env = {**os.environ, "TERM": "xterm-256color", **env}
    command = [*SENTINEL, "dashboard", "--mode", "local"]
    with subprocess.Popen(command, stdin=inner, stdout=inner, stderr=inner, env=env) as process:
        yield process, outer
    os.close(outer)
    os.close(inner)


def _until(terminal: int, text: bytes) -> bytes:
    """What the terminal gets, up to a text in it."""
    shown, deadline = b"", time.monotonic() + 60
    while text not in shown:
        assert time.monotonic() < deadline, shown[-2000:]
        if select.select([terminal], [], [], 1)[0]:
            shown += os.read(terminal, 65_536)
    return shown
