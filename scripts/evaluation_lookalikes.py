"""Ordinary business that fires the rules as they are: takings, a pay day, purchases in shops abroad."""

from collections.abc import Callable, Iterator
from random import Random
from typing import Any

from sentinel_cli.generator.clock import DAY, HOUR, MINUTE, SLOT
from sentinel_cli.generator.scenarios import HISTORY, Move, steady_traffic

_START = 1_772_409_600_000
"""2026-03-02, a Monday, 00:00 UTC."""
_EACH = 15

Row = dict[str, Any]


def lookalikes() -> dict[str, tuple[str, list[Row]]]:
    """By name: why it is ordinary, and the transactions, by time."""
    return {
        name: (reason, [row for n in range(_EACH) for row in _rows(name, n, write(Random(f"{name}/{n}"), _hour(n)))])
        for name, (reason, write) in _KINDS.items()
    }


def _takings(dice: Random, hour: int) -> Iterator[Move]:
    """A supermarket banks the bags of its tills on one morning, as it does each week."""
    for _ in range(5 + dice.randrange(4)):
        cents = dice.randrange(6_100_00, 7_900_00)
        yield Move(hour + dice.randrange(50 * MINUTE), "CASH_DEPOSIT", "IN", cents)


def _pay_day(dice: Random, hour: int) -> Iterator[Move]:
    """Wages of one firm leave its account within minutes of each other."""
    yield from steady_traffic(dice, hour)
    for _ in range(12 + dice.randrange(25)):
        cents = dice.choice((2_850_00, 3_120_00, 3_480_00))
        yield Move(hour + HISTORY * SLOT + dice.randrange(SLOT), "EFT", "OUT", cents)


def _purchases(dice: Random, hour: int) -> Iterator[Move]:
    """A card is used in shops on the internet, whose countries are those of the shops."""
    countries = ["US", *dice.sample(("IE", "DE", "GB", "NL", "SE"), 2)]
    for place, country in enumerate(countries):
        yield Move(
            hour + place * 8 * MINUTE + dice.randrange(MINUTE), "CARD", "OUT", dice.randrange(5_00, 60_00), country
        )


_KINDS: dict[str, tuple[str, Callable[[Random, int], Iterator[Move]]]] = {
    "takings": ("ordinary by construction: a supermarket banks its takings", _takings),
    "pay-day": ("ordinary by construction: a firm pays its wages", _pay_day),
    "purchases": ("ordinary by construction: purchases in shops on the internet", _purchases),
}


def _hour(number: int) -> int:
    return _START + number * 2 * DAY + 9 * HOUR


def _rows(name: str, number: int, moves: Iterator[Move]) -> Iterator[Row]:
    for place, move in enumerate(sorted(moves)):
        yield {
            "event_id": f"{name}-{number}-{place}",
            "account_id": f"{name}-{number}",
            "customer_id": f"customer-{name}-{number}",
            "amount": move.cents / 100,
            "currency": "USD",
            "transaction_type": move.transaction_type,
            "direction": move.direction,
            "country": move.country,
            "event_time": move.time,
        }
