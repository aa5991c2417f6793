"""A thousand alerts a second: the screen neither falls behind nor grows."""

import os
import time
from pathlib import Path
from threading import Event, Thread
from typing import Any

import pytest
from textual.pilot import Pilot

from sentinel_cli.dashboard.app import Dashboard
from sentinel_cli.dashboard.board import Board
from tests.alerts import alert_id
from tests.sentinel_cli.dashboard.screen import a_disposition, an_alert, play

SECONDS = float(os.environ.get("SENTINEL_LOAD_SECONDS", "10"))
"""60 is the minute that docs/dashboard.md speaks of."""
RATE = 1_000


def memory() -> int:
    """Bytes of this process that are in memory."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


@pytest.mark.alone
@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="needs Linux: memory is read from /proc")
def test_a_thousand_alerts_a_second_are_shown_as_they_come() -> None:
    board = Board(50)
    row, part = an_alert(0), a_disposition(0)
    sent = [0]
    over = Event()

    def feed() -> None:
        started = time.perf_counter()
        while (passed := time.perf_counter() - started) < SECONDS:
            while sent[0] < passed * RATE:
                sent[0] += 1
                key = alert_id(sent[0])
                board.alert({**row, "alert_id": key}, time.time())
                board.found(key, {**part, "alert_id": key})
            board.heard()
            time.sleep(0.01)
        over.set()

    behind, frames, sizes = [], [], []

    async def script(app: Dashboard, pilot: Pilot[Any]) -> None:
        thread = Thread(target=feed)
        thread.start()
        while not over.is_set():
            asked = time.perf_counter()
            await pilot.pause(0.1)
            frames.append(time.perf_counter() - asked)
            behind.append(sent[0] - app.latest.alerts)
            sizes.append(memory())
        thread.join()
        app.show_board()
        assert app.latest.alerts == sent[0]

    play(board, script, (120, 40))
    assert sent[0] >= 0.99 * SECONDS * RATE
    middle, end = sizes[len(sizes) // 2], sizes[-1]
    print(f"alerts {sent[0]}, behind at most {max(behind)}, slowest wait {max(frames):.2f} s")
    print(f"memory {middle >> 20} MB half-way, {end >> 20} MB at the end")
    assert max(behind[2:]) < 2 * RATE
    # What may grow are the ids of repeats, up to their bound.
    assert end - middle < 400 * min(sent[0], 100_000) + 10_000_000
