"""Leaves an endpoint alone that is down."""

import time
from collections.abc import Callable

_FAILURES = 5
"""Failed calls in a row after which an endpoint counts as down."""
_PAUSE = 30.0
"""Seconds after which one call tries it again."""


class Breaker:
    """
    A circuit breaker over calls; each call has had its repeats already.

        closed      every call goes out
          |  five calls failed in a row, or the endpoint asked for a longer pause
        open        no call goes out, for 30 s or as long as the endpoint asked
          |  one call goes out: answered -> closed; failed -> open
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.clock, self.failures = clock, 0
        self.until: float | None = None
        """When the next call may try; None while closed."""

    def admits(self) -> bool:
        """Whether a call may go out; of those after the pause only the first."""
        if self.until is None:
            return True
        if self.clock() < self.until:
            return False
        self.until = self.clock() + _PAUSE
        return True

    def answered(self) -> None:
        """A call was answered."""
        self.failures, self.until = 0, None

    def failed(self, pause: float | None = None) -> bool:
        """
        A call failed; where the endpoint asked for a pause, it opens at once.

        Returns whether it was closed and is open now.
        """
        self.failures += 1
        if pause is None and self.failures < _FAILURES:
            return False
        is_new = self.until is None
        self.until = self.clock() + max(pause or 0, _PAUSE)
        return is_new
