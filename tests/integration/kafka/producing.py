"""Runs `sentinel produce` as a user does, and reads what has become of it."""

import json
import re
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from sentinel_cli.broker.local import LocalBroker
from tests.integration.kafka.log import RAW, read

COMMAND = [sys.executable, "-m", "sentinel_cli", "produce", "--stack", ""]
UNDELIVERED = Path("sentinel.undelivered.jsonl")
DEAD_LETTERS = "sentinel.dead_letters"


def produce(*options: str, stdin: bytes | None = None) -> subprocess.CompletedProcess[str]:
    """The finished command; its output as text."""
    done = subprocess.run([*COMMAND, *options], input=stdin, capture_output=True, check=False, timeout=120)
    return subprocess.CompletedProcess(done.args, done.returncode, done.stdout.decode(), done.stderr.decode())


def start(*options: str) -> subprocess.Popen[str]:
    """The command, running."""
    return subprocess.Popen([*COMMAND, *options], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def finish(process: subprocess.Popen[str]) -> tuple[str, str]:
    """What is left of stdout, and stderr, once it has ended; `communicate` would lose what was read ahead."""
    assert process.stdout is not None
    assert process.stderr is not None
    with process.stdout, process.stderr:
        output = process.stdout.read(), process.stderr.read()
    process.wait(60)
    return output


def counts(stderr: str) -> tuple[int, int, int]:
    """Sent, rejected and undelivered, as the report says them."""
    found = re.search(r"^sentinel: sent (\d+), rejected (\d+), undelivered (\d+) in ", stderr, re.MULTILINE)
    assert found, stderr
    sent, rejected, undelivered = map(int, found.groups())
    return sent, rejected, undelivered


def transactions(broker: LocalBroker) -> list[dict[str, Any]]:
    """What the topic holds, without heartbeats."""
    return [event for event in read(broker, RAW) if event["transaction_type"] != "HEARTBEAT"]


def ids(events: Iterable[dict[str, Any]]) -> list[str]:
    """The ids of events, sorted, each as often as it is there."""
    return sorted(event["event_id"] for event in events)


def undelivered() -> list[dict[str, Any]]:
    """The lines of the file for what did not arrive; none where there is no file."""
    if not UNDELIVERED.exists():
        return []
    return [json.loads(line) for line in UNDELIVERED.read_bytes().splitlines()]


def one_sentence(stderr: str) -> str:
    """All of stderr, which is one line of the command and no traceback."""
    (line,) = stderr.splitlines()
    assert line.startswith("sentinel: ")
    return line
