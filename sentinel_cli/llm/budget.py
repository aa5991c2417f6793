"""What may be spent: a request is made only if it cannot exceed what is left of the day."""

import sqlite3
import time
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from sentinel_cli.llm.endpoint import Limits
from sentinel_cli.llm.prices import Price
from sentinel_cli.settings import variable
from sql.errors import SettingsError

_DAY = 86_400
_FREE = Price(Decimal(0), Decimal(0))
_PATIENCE = 30.0
"""Seconds in which another process may finish what it writes."""
_SCHEMA = "CREATE TABLE IF NOT EXISTS days (day INTEGER PRIMARY KEY, calls INTEGER, tokens INTEGER, cost TEXT) STRICT"


@dataclass(frozen=True)
class Spent:
    """Of one day; what is reserved counts as spent."""

    calls: int = 0
    tokens: int = 0
    cost: Decimal = Decimal(0)


@dataclass(frozen=True)
class Reservation:
    """The most that a request can come to."""

    day: int
    tokens: int
    cost: Decimal


class Budget:
    """
    The limits of a day of UTC, of all processes that write what they spend into the same file.

        reserve         the most that the request can come to is written down as spent
        settle          it was answered, or refused: what it came to takes the place of that
        neither         it was cut off, or its process killed: nobody knows what was billed, and the most stays spent

    Without limits nothing is written. Raises SettingsError where the file cannot be used.
    """

    def __init__(self, limits: Limits, price: Price | None, file: Path, clock: Callable[[], float] = time.time) -> None:
        self.limits, self.price, self.file, self.clock = limits, price or _FREE, file, clock
        self.is_limited = limits != Limits()
        self.open = 0
        """Requests of this process that have reserved and not come to an end."""
        if self.is_limited:
            with self._failing():
                file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
                self._days = sqlite3.connect(file, timeout=_PATIENCE, isolation_level=None, check_same_thread=False)
                weakref.finalize(self, self._days.close)
                # A killed process has lost nothing then, and no request waits for the disk.
                self._days.execute("PRAGMA journal_mode = WAL")
                self._days.execute("PRAGMA synchronous = NORMAL")
                self._days.execute(_SCHEMA)

    def reserve(self, input_tokens: int, output_tokens: int) -> Reservation | None:
        """Take what a request can come to, so many tokens at most; None where that is more than what is left."""
        tokens, cost = input_tokens + output_tokens, self.price.cost(input_tokens, output_tokens)
        reservation = Reservation(self.today(), tokens, cost)
        if self.is_limited:
            with self._day(reservation.day) as spent:
                after = Spent(spent.calls + 1, spent.tokens + tokens, spent.cost + cost)
                if self._exceeds(after):
                    return None
                self._write(reservation.day, after)
        self.open += 1
        return reservation

    def settle(self, reservation: Reservation, input_tokens: int, output_tokens: int) -> None:
        """Put what a request came to in the place of what was reserved."""
        if self.is_limited:
            cost = self.price.cost(input_tokens, output_tokens) - reservation.cost
            with self._day(reservation.day) as spent:
                tokens = spent.tokens + input_tokens + output_tokens - reservation.tokens
                self._write(reservation.day, Spent(spent.calls, tokens, spent.cost + cost))

    def today(self) -> int:
        """The day of UTC that counts, in days since 1970."""
        return int(self.clock() // _DAY)

    def end(self) -> None:
        """A request that had reserved has come to its end, whichever."""
        self.open -= 1

    def spent(self) -> Spent:
        """What all processes have spent today, where there are limits."""
        if not self.is_limited:
            return Spent()
        with self._day(self.today()) as spent:
            return spent

    def _exceeds(self, spent: Spent) -> bool:
        limits = self.limits
        pairs = ((spent.calls, limits.calls), (spent.tokens, limits.tokens), (spent.cost, limits.cost))
        return any(most is not None and sum_ > most for sum_, most in pairs)

    @contextmanager
    def _day(self, day: int) -> Iterator[Spent]:
        """What a day has cost so far, in a transaction beside which no other process writes."""
        with self._failing():
            self._days.execute("BEGIN IMMEDIATE")
            try:
                row = self._days.execute("SELECT calls, tokens, cost FROM days WHERE day = ?", [day]).fetchone()
                yield Spent(row[0], row[1], Decimal(row[2])) if row else Spent()
            finally:
                self._days.execute("COMMIT")

    def _write(self, day: int, spent: Spent) -> None:
        row = [day, spent.calls, spent.tokens, str(spent.cost)]
        self._days.execute("INSERT OR REPLACE INTO days VALUES (?, ?, ?, ?)", row)

    @contextmanager
    def _failing(self) -> Iterator[None]:
        try:
            yield
        except (OSError, sqlite3.Error) as error:
            why = getattr(error, "strerror", None) or error
            raise SettingsError(
                f"{self.file} cannot keep what the day has cost ({why}): {variable('llm_budget_file')} names another."
            ) from None
