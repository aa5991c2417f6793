"""How fast records are sent."""

import time
from collections.abc import Callable

_FULL_SPEED = 512
"""Records in a batch where nothing is waited for: what is heard of deliveries, and of Ctrl-C, is heard between two."""
_GRAIN = 0.01
"""Seconds that a batch stands for, where that is more than one record."""
_BACKLOG = 1.0
"""Seconds that are made up for after a delay; what is more is left out."""


class Pace:
    """Waits between batches so that a record is sent every `interval` seconds; 0 waits for nothing."""

    def __init__(self, interval: float) -> None:
        self.interval = interval
        self.size = min(_FULL_SPEED, max(1, int(_GRAIN / interval))) if interval else _FULL_SPEED
        self._due = 0.0

    def begin(self) -> None:
        """The first record is sent now."""
        self._due = time.monotonic()

    def wait(self, records: int, poll: Callable[[float], None], stopped: Callable[[], bool]) -> None:
        """Wait until the batch behind one of so many records is due; `poll` is what is done meanwhile."""
        poll(0)
        if not self.interval:
            return
        self._due = max(self._due + records * self.interval, time.monotonic() - _BACKLOG)
        while (left := self._due - time.monotonic()) > 0 and not stopped():
            poll(min(left, 0.1))
