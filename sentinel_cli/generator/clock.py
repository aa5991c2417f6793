"""Simulated time: epoch milliseconds UTC, moved by the generator alone and never read from a clock."""

from dataclasses import dataclass

MINUTE = 60_000
HOUR = 60 * MINUTE
DAY = 24 * HOUR

SLOT = 10 * MINUTE
"""The grain of the simulation, equal to the window of `velocity`: except on busy accounts, an account has at most
one transaction in a slot, so a count above one is always one that was planted."""

SLOTS_PER_DAY = DAY // SLOT

START = 1_736_121_600_000
"""Monday 2025-01-06T00:00:00Z, where every stream begins."""

CLOSING = 2 * HOUR
"""How far the closing heartbeat lies after the last day: more than the largest tumbling window (60 minutes) and the
watermark's delay (10 seconds) together, so that every open window closes."""


def thue_morse(n: int) -> int:
    """Give term `n` (0 or 1) of the Thue-Morse sequence: balanced in every pair and never periodic.

    As 1 + term it is the count of transactions in the n-th window of a busy account: variance from the first windows
    on, and no rhythm that an autoregressive model could learn so well that the next ordinary window surprises it.
    """
    return n.bit_count() & 1


LAP_GAP = 8
"""Days between two laps: more than the longest look-back, so that no rule sees two of them as one."""


@dataclass(frozen=True)
class Lap:
    """Where a stream stands in time and chance: `days` from `start`, a midnight (epoch ms).

    An endless run counts laps from 0; events and ids follow from seed and number.
    """

    seed: int
    number: int
    days: int
    start: int

    @property
    def end(self) -> int:
        """Midnight after the last day."""
        return self.start + self.days * DAY


def start_of(number: int, days: int) -> int:
    """Give the midnight at which a lap of an endless run begins, each lap being so many days long."""
    return START + number * (days + LAP_GAP) * DAY


def start_after(time: int) -> int:
    """Give the midnight from which on a stream has nothing to do with what happened up to `time`; START or later."""
    return max(START, -(-time // DAY) * DAY + LAP_GAP * DAY)
