"""
Heartbeats for partitions in which nothing arrives: a window there would stay open as long as that lasts.

The service writes them into the log, so that whoever replays it sees what the service saw.
"""

import time
from collections.abc import Collection, Mapping

from sentinel_cli.generator.lines import heartbeat


class Heartbeats:
    """
    When each partition last moved, and what time it is in the stream: the furthest watermark, and the time since then.

    Args:
        idle: Seconds without a record after which a partition is idle.
    """

    def __init__(self, idle: float) -> None:
        self.idle = idle
        self.active: dict[int, float] = {}
        self.furthest: tuple[int, float] | None = None

    def begin(self, partition: int) -> None:
        """A partition is ours from now on."""
        self.active[partition] = time.monotonic()

    def end(self, partition: int) -> None:
        """A partition is ours no longer."""
        self.active.pop(partition, None)

    def note(self, watermarks: Mapping[int, int], moved: Collection[int]) -> None:
        """Note the watermarks, and the partitions in which something arrived."""
        now = time.monotonic()
        self.active |= dict.fromkeys(moved, now)
        furthest = max(watermarks.values(), default=None)
        # A heartbeat moves the watermark to some seconds behind itself, which must not turn the time back.
        if furthest is not None and (self.furthest is None or furthest > self._time(self.furthest)):
            self.furthest = furthest, now

    def due(self, watermarks: Mapping[int, int]) -> list[int]:
        """The partitions that are idle and whose watermark a heartbeat would move, each once an interval."""
        now = time.monotonic()
        due = [p for p, since in self.active.items() if now - since > self.idle and p in watermarks]
        self.active |= dict.fromkeys(due, now)
        return due if self.furthest else []

    def line(self, partition: int) -> bytes:
        """A heartbeat for a partition at the stream's time, as a JSON line."""
        return heartbeat(partition, self._time(self.furthest or (0, 0.0)) + 1)

    def _time(self, furthest: tuple[int, float]) -> int:
        at, since = furthest
        return at + round((time.monotonic() - since) * 1000)
