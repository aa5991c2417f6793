"""A thousand alerts a second: the screen neither falls behind nor grows."""

import gc
import os
import time
import tracemalloc
from threading import Event, Thread
from typing import Any

from textual.pilot import Pilot

from sentinel_cli.dashboard.app import Dashboard
from sentinel_cli.dashboard.board import Board
from tests.alerts import alert_id
from tests.sentinel_cli.dashboard.screen import a_disposition, an_alert, play

SECONDS = float(os.environ.get("SENTINEL_LOAD_SECONDS", "10"))
"""60 is the minute that docs/dashboard.md speaks of."""
RATE = 1_000


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
            gc.collect()
            sizes.append(tracemalloc.get_traced_memory()[0])
        thread.join()
        app.show_board()
        assert app.latest.alerts == sent[0]

    tracemalloc.start()
    try:
        play(board, script, (120, 40))
    finally:
        tracemalloc.stop()
    assert sent[0] >= 0.99 * SECONDS * RATE
    middle, end = sizes[len(sizes) // 2], max(sizes[-5:])
    print(f"alerts {sent[0]}, behind at most {max(behind)}, slowest wait {max(frames):.2f} s, {middle} -> {end} bytes")
    assert max(behind[2:]) < RATE
    assert max(frames[2:]) < 1
    # What may grow are the ids of repeats, up to their bound.
    assert end - middle < 300 * min(sent[0], 100_000) + 1_000_000
