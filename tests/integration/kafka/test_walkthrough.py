"""docs/walkthrough.md, as it stands: three terminals on one broker."""

import os
import pty
import re
import select
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.integration.kafka.conftest import require_parts

PAGE = Path(__file__).parents[3] / "docs" / "walkthrough.md"
SENTINEL = f"{shlex.quote(sys.executable)} -m sentinel_cli"


def terminal(number: int) -> list[str]:
    """What the page has typed into a terminal, a script for each block."""
    blocks = re.findall(rf"^```sh terminal {number}\n(.*?)^```", PAGE.read_text("utf-8"), re.DOTALL | re.MULTILINE)
    return [block.replace("uv run sentinel", SENTINEL) for block in blocks]


def shell(script: str) -> subprocess.CompletedProcess[str]:
    """Run what was typed to its end."""
    return subprocess.run(["bash", "-euc", script], capture_output=True, text=True, check=True, timeout=300)


def screen(command: str, awaited: str, seconds: float) -> str:
    """What a program writes to a terminal until some text is there; then `q` is pressed."""
    child, terminal_fd = pty.fork()
    if child == 0:
        os.environ |= {"TERM": "xterm-256color", "COLUMNS": "120", "LINES": "40"}
        os.execvp("bash", ["bash", "-c", f"stty cols 120 rows 40; exec {command}"])
    seen, deadline = b"", time.monotonic() + seconds
    while awaited.encode() not in seen and time.monotonic() < deadline:
        if select.select([terminal_fd], [], [], 0.2)[0]:
            seen += os.read(terminal_fd, 65_536)
    os.write(terminal_fd, b"q")
    end = time.monotonic() + 20
    while os.waitpid(child, os.WNOHANG) == (0, 0) and time.monotonic() < end:
        if select.select([terminal_fd], [], [], 0.1)[0]:
            try:
                os.read(terminal_fd, 65_536)
            except OSError:
                continue
    os.close(terminal_fd)
    return seen.decode("utf-8", "replace")


def test_the_walk_through_works(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    require_parts()
    for name in os.environ:
        if name.startswith("SENTINEL_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.chdir(tmp_path)
    first, last = terminal(1)
    (up, run), (produce, consume), (dashboard,) = first.splitlines(), terminal(2), terminal(3)
    shell(up)
    assert "SENTINEL_KAFKA_BOOTSTRAP_ENDPOINT=" in Path("credentials.env").read_text()
    with Path("run.log").open("w") as log:
        service = subprocess.Popen(["bash", "-c", f"exec {run}"], stderr=log)
    try:
        assert "sent 200, rejected 0, undelivered 0" in shell(produce).stderr
        shell(consume)
        assert len(Path("alerts.jsonl").read_text().splitlines()) == 5
        assert "structuring" in screen(dashboard.strip(), "structuring", 60)
    finally:
        service.send_signal(signal.SIGINT)
        assert service.wait(60) == 0, Path("run.log").read_text()
        shell(last)
    assert not (tmp_path / "state" / "sentinel-aml" / "broker").exists()
