"""What may be spent: a request is made only if it cannot exceed what is left of the day."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal

from sentinel_cli.llm.endpoint import Limits
from sentinel_cli.llm.prices import Price

_DAY = 86_400
_FREE = Price(Decimal(0), Decimal(0))


@dataclass
class Spent:
    """Of one day; what is reserved counts as spent."""

    day: int
    calls: int = 0
    tokens: int = 0
    cost: Decimal = Decimal(0)


@dataclass(frozen=True)
class Reservation:
    """The most that a request can come to."""

    spent: Spent = field(repr=False)
    tokens: int
    cost: Decimal


class Budget:
    """
    The limits of a day of UTC, of one process and of what it was told that others have spent.

        reserve         the most that the request can come to is taken as spent
        settle          it was answered, or refused: what it came to takes the place of that
        neither         it was cut off: nobody knows what was billed, and the most stays spent
    """

    def __init__(self, limits: Limits, price: Price | None, clock: Callable[[], float] = time.time) -> None:
        self.limits, self.price, self.clock = limits, price or _FREE, clock
        self.spent = Spent(self._today())
        self.open = 0
        """Requests that have reserved and not come to an end."""

    @property
    def began(self) -> int:
        """When the day began, epoch milliseconds."""
        return self.spent.day * _DAY * 1000

    @property
    def is_limited(self) -> bool:
        """Whether there is any limit."""
        return self.limits != Limits()

    def spend(self, input_tokens: int, output_tokens: int, cost: Decimal | None) -> None:
        """Take a request of today that another process has made; by its own price, or by this endpoint's."""
        self.spent.calls += 1
        self.spent.tokens += input_tokens + output_tokens
        self.spent.cost += self.price.cost(input_tokens, output_tokens) if cost is None else cost

    def reserve(self, input_tokens: int, output_tokens: int) -> Reservation | None:
        """Take what a request can come to, so many tokens at most; None where that is more than what is left."""
        if self.spent.day != self._today():
            self.spent = Spent(self._today())
        spent, cost = self.spent, self.price.cost(input_tokens, output_tokens)
        tokens = input_tokens + output_tokens
        wanted = ((spent.calls + 1, self.limits.calls), (spent.tokens + tokens, self.limits.tokens))
        if any(most is not None and sum_ > most for sum_, most in wanted):
            return None
        if self.limits.cost is not None and spent.cost + cost > self.limits.cost:
            return None
        spent.calls, spent.tokens, spent.cost = spent.calls + 1, spent.tokens + tokens, spent.cost + cost
        self.open += 1
        return Reservation(spent, tokens, cost)

    def settle(self, reservation: Reservation, input_tokens: int, output_tokens: int) -> None:
        """Put what a request came to in the place of what was reserved."""
        spent = reservation.spent
        spent.tokens += input_tokens + output_tokens - reservation.tokens
        spent.cost += self.price.cost(input_tokens, output_tokens) - reservation.cost

    def end(self) -> None:
        """A request that had reserved has come to its end, whichever."""
        self.open -= 1

    def _today(self) -> int:
        return int(self.clock() // _DAY)
