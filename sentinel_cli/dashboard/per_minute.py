"""How many of something came in each of the last minutes."""

from collections import Counter

MINUTES = 30


class PerMinute:
    """Counts by minute of the clock, those of the last half hour."""

    def __init__(self) -> None:
        self._counts: Counter[int] = Counter()

    def add(self, count: int, now: float) -> None:
        """So many have come at `now`, epoch seconds."""
        minute = int(now // 60)
        self._counts[minute] += count
        if len(self._counts) > MINUTES:
            self._counts = Counter({m: n for m, n in self._counts.items() if m > minute - MINUTES})

    def last(self, now: float) -> tuple[int, ...]:
        """The counts of the last minutes, the oldest first; the last one is not over yet."""
        minute = int(now // 60)
        return tuple(self._counts[m] for m in range(minute - MINUTES + 1, minute + 1))
