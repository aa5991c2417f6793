"""A thousand alerts a second through a broker: the screen neither falls behind nor grows."""

import os
import subprocess
import sys
import time
from pathlib import Path
from threading import Event, Thread
from typing import Any

import pytest
from textual.pilot import Pilot

from sentinel_cli.broker.local import LocalBroker
from sentinel_cli.dashboard.app import Dashboard
from sentinel_cli.dashboard.board import Board
from sentinel_cli.dashboard.kafka_source import KafkaSource
from tests.integration.kafka.topics import connection
from tests.sentinel_cli.dashboard.screen import play

SECONDS = float(os.environ.get("SENTINEL_LOAD_SECONDS", "10"))
"""60 is the minute that docs/dashboard.md speaks of."""
RATE, BEHIND, FIRST = 1_000, 3.0, 20
"""Alerts a second, each with a summary and a disposition; seconds that the newest shown may be old, but for the first
looks at them, when the source goes over from what is there to what comes."""


def memory() -> int:
    """Bytes of this process that are in memory."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


@pytest.mark.alone
@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="needs Linux: memory is read from /proc")
def test_a_thousand_alerts_a_second_are_shown_as_they_come(fresh: LocalBroker) -> None:
    board, stop = Board(50), Event()
    source = Thread(target=KafkaSource(connection(fresh), board, committed=False).run, args=(stop,))
    behind, frames, sizes = list[float](), list[float](), list[int]()
    command = [sys.executable, "-m", "tests.integration.kafka.sending", str(RATE), str(SECONDS)]

    async def script(app: Dashboard, pilot: Pilot[Any]) -> None:
        # What was written before the source is there counts only as far as it is among the newest.
        while app.latest.contact is None:
            await pilot.pause(0.1)
        with subprocess.Popen(command, cwd=Path(__file__).parents[3], stdout=subprocess.PIPE, text=True) as sender:
            while sender.poll() is None:
                asked = time.monotonic()
                await pilot.pause(0.1)
                if app.latest.cases:
                    frames.append(time.monotonic() - asked)
                    behind.append(time.time() - max(case.written for case in app.latest.cases))
                    sizes.append(memory())
            assert sender.stdout is not None
            sent = int(sender.stdout.read())
        deadline = time.monotonic() + 30
        # Alerts and dispositions are in topics of their own: the last of either may be read first.
        while min(app.latest.alerts, sum(app.latest.decisions.values())) < sent and time.monotonic() < deadline:
            await pilot.pause(0.1)
        assert (app.latest.alerts, sum(app.latest.decisions.values()), app.latest.unreadable) == (sent, sent, 0)
        assert sent >= 0.99 * SECONDS * RATE

    source.start()
    try:
        play(board, script, (120, 40))
    finally:
        stop.set()
        source.join(30)
    middle, end = sizes[len(sizes) // 2], sizes[-1]
    print(f"newest shown {max(behind[FIRST:]):.2f} s old at most, slowest wait {max(frames):.2f} s")
    print(f"memory {middle >> 20} MB half-way, {end >> 20} MB at the end")
    assert max(behind[FIRST:]) < BEHIND
    # What may grow are the ids of repeats, up to their bound.
    assert end - middle < 400 * RATE * SECONDS + 10_000_000
