"""What is planted: a scenario is one thing one account does, an episode that must fire rules or a near miss.

Every function takes dice and a full hour (epoch ms) and gives the moves it makes, in order of time. Outside the busy
accounts each ten-minute slot holds one move, so that only `velocity` scenarios raise a velocity count; cash in bursts
stays out of 8,000.00 to 10,000.00, so that only the multi-day scenarios fire `structuring_multiday`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import NamedTuple

from sentinel_cli.generator.clock import DAY, HOUR, MINUTE, SLOT, thue_morse
from sentinel_cli.generator.mode import Mode
from sentinel_cli.generator.profiles import COUNTERPARTIES, COUNTRIES, MERCHANTS

HISTORY = 20
"""Windows of regular traffic before a velocity burst; the rule's model needs 16."""


class Move(NamedTuple):
    """One planted transaction; `cents` of USD; `counterparty` -1 for none, then merchants, then other parties."""

    time: int
    transaction_type: str
    direction: str
    cents: int
    country: str = "US"
    counterparty: int = -1


Write = Callable[[Random, int], list[Move]]


@dataclass(frozen=True)
class Scenario:
    """An episode (typology and the rules it must fire) or a near miss (neither), and where it stands in its season.

    `opening` is the day and hour at which the first set of a season plays it; `days` how many days it takes;
    `prelude` is traffic on the same account that belongs to no episode; `busy` asks for a busy account.
    """

    write: Write
    opening: tuple[int, int]
    typology: str | None = None
    rules: tuple[str, ...] = ()
    days: int = 1
    prelude: Write | None = None
    busy: bool = False


def _slots(dice: Random, begin: int, count: int) -> list[int]:
    return [begin + i * SLOT + dice.randrange(SLOT) for i in range(count)]


def _dollars(dice: Random, low: int, high: int) -> int:
    """Draw cents of a multiple of 10 dollars, both ends included."""
    return dice.randrange(low, high + 1, 10) * 100


def _deposit(time: int, cents: int) -> Move:
    return Move(time, "CASH_DEPOSIT", "IN", cents)


def _eft(dice: Random, time: int, cents: int) -> Move:
    return Move(time, "EFT", "IN", cents, counterparty=MERCHANTS + dice.randrange(COUNTERPARTIES))


def _burst(dice: Random, begin: int, deposits: int, transfers: int) -> list[Move]:
    """Cash of 7,000 to 7,990 and EFT of 9,000 to 9,990, one in each slot from `begin` on, in any order."""
    kinds = ["cash"] * deposits + ["eft"] * transfers
    dice.shuffle(kinds)
    return [
        _deposit(time, _dollars(dice, 7_000, 7_990))
        if kind == "cash"
        else _eft(dice, time, _dollars(dice, 9_000, 9_990))
        for time, kind in zip(_slots(dice, begin, len(kinds)), kinds, strict=True)
    ]


def structuring_in_hour(dice: Random, hour: int) -> list[Move]:
    """Five or six just below 10,000.00 inside one hour: both the tumbling and the rolling rule."""
    return _burst(dice, hour, 3, 2 + dice.randrange(2))


def structuring_across_hours(dice: Random, hour: int) -> list[Move]:
    """Five or six within 60 minutes, three before the full hour and the rest after it: only the rolling rule.

    hour    |                 . . . | . . (.)          |
    tumble  |----------- 3 ---------|------ 2 or 3 ----|
    """
    return _burst(dice, hour + 30 * MINUTE, 3 + dice.randrange(2), 2)


def _on_three_days(dice: Random, hour: int, transaction_type: str, direction: str) -> list[Move]:
    edges = (8_000_00, 10_000_00)
    moves = []
    for day in range(3):
        cents = dice.choice(edges) if dice.random() < 0.1 else _dollars(dice, 8_000, 9_990)
        moves.append(Move(hour + day * DAY + dice.randrange(3 * HOUR), transaction_type, direction, cents))
    return moves


def deposits_over_days(dice: Random, hour: int) -> list[Move]:
    """Three cash deposits of 8,000.00 to 10,000.00 on successive days."""
    return _on_three_days(dice, hour, "CASH_DEPOSIT", "IN")


def withdrawals_over_days(dice: Random, hour: int) -> list[Move]:
    """Three cash withdrawals of 8,000.00 to 10,000.00 on successive days."""
    return _on_three_days(dice, hour, "CASH_WITHDRAWAL", "OUT")


def _cards(dice: Random, times: list[int], countries: list[str]) -> list[Move]:
    return [
        Move(time, "CARD", "OUT", dice.randrange(8_00, 900_00), country, dice.randrange(MERCHANTS))
        for time, country in zip(times, countries, strict=True)
    ]


def _trip(dice: Random, foreign: int) -> list[str]:
    countries = ["US", *dice.sample(COUNTRIES[1:], foreign)]
    dice.shuffle(countries)
    return countries


def geo_in_half_hour(dice: Random, hour: int) -> list[Move]:
    """Three countries inside one half hour: both the tumbling and the rolling rule."""
    return _cards(dice, _slots(dice, hour, 3), _trip(dice, 2))


def geo_across_half_hours(dice: Random, hour: int) -> list[Move]:
    """Three countries within 30 minutes, the third after the half hour: only the rolling rule."""
    return _cards(dice, _slots(dice, hour + 10 * MINUTE, 3), _trip(dice, 2))


def steady_traffic(dice: Random, hour: int) -> list[Move]:
    """Card takings in `HISTORY` successive windows, one or two in each."""
    offset = dice.randrange(1 << 16)
    return [
        Move(time, "CARD", "IN", dice.randrange(4_00, 60_00))
        for window in range(HISTORY)
        for time in sorted(hour + window * SLOT + dice.randrange(SLOT) for _ in range(1 + thue_morse(offset + window)))
    ]


def velocity_burst(dice: Random, hour: int) -> list[Move]:
    """Nine to twelve transfers in the one window after the steady traffic."""
    begin = hour + HISTORY * SLOT
    return [
        Move(time, "TRANSFER", "OUT", _dollars(dice, 200, 900), counterparty=MERCHANTS + dice.randrange(COUNTERPARTIES))
        for time in sorted(begin + dice.randrange(SLOT) for _ in range(9 + dice.randrange(4)))
    ]


def four_deposits(dice: Random, hour: int) -> list[Move]:
    """More than 30,000.00 in cash, but in four transactions."""
    return [_deposit(time, _dollars(dice, 7_600, 7_990)) for time in _slots(dice, hour, 4)]


def one_cent_short(dice: Random, hour: int) -> list[Move]:
    """Five below 10,000.00 in one hour with a total of 29,999.99."""
    amounts = [_dollars(dice, 5_500, 6_400) for _ in range(4)]
    amounts.append(29_999_99 - sum(amounts))
    return [_deposit(time, cents) for time, cents in zip(_slots(dice, hour, 5), amounts, strict=True)]


def three_below(dice: Random, hour: int) -> list[Move]:
    """Five cash deposits in one hour, only three of them below 10,000.00."""
    amounts = [_dollars(dice, 6_000, 7_990) for _ in range(3)] + [_dollars(dice, 10_010, 12_000) for _ in range(2)]
    dice.shuffle(amounts)
    return [_deposit(time, cents) for time, cents in zip(_slots(dice, hour, 5), amounts, strict=True)]


def below_the_band(dice: Random, hour: int) -> list[Move]:
    """Three deposits of 7,999.99 on successive days."""
    return [_deposit(hour + day * DAY + dice.randrange(3 * HOUR), 7_999_99) for day in range(3)]


def above_the_band(dice: Random, hour: int) -> list[Move]:
    """Three deposits of 10,000.01 on successive days: each is reported as it is."""
    return [_deposit(hour + day * DAY + dice.randrange(3 * HOUR), 10_000_01) for day in range(3)]


def two_countries(dice: Random, hour: int) -> list[Move]:
    """Home, abroad and home again inside one half hour."""
    return _cards(dice, _slots(dice, hour, 3), ["US", dice.choice(COUNTRIES[1:]), "US"])


def third_country_late(dice: Random, hour: int) -> list[Move]:
    """Three countries, the third 30 minutes and one millisecond after the first."""
    first, second = _slots(dice, hour, 2)
    return _cards(dice, [first, second, first + 30 * MINUTE + 1], _trip(dice, 2))


_STRUCTURING = (
    Scenario(structuring_across_hours, (0, 8), "structuring", ("structuring_rolling",)),
    Scenario(structuring_in_hour, (1, 10), "structuring", ("structuring", "structuring_rolling")),
    Scenario(deposits_over_days, (0, 12), "structuring", ("structuring_multiday",), days=3),
    Scenario(withdrawals_over_days, (0, 15), "structuring", ("structuring_multiday",), days=3),
)
_GEO = (
    Scenario(geo_in_half_hour, (0, 7), "geographic anomaly", ("geo", "geo_rolling")),
    Scenario(geo_across_half_hours, (1, 13), "geographic anomaly", ("geo_rolling",)),
)
_VELOCITY = (Scenario(velocity_burst, (0, 10), "velocity", ("velocity",), prelude=steady_traffic, busy=True),)
_NEAR_STRUCTURING = (
    Scenario(one_cent_short, (1, 14)),
    Scenario(four_deposits, (1, 9)),
    Scenario(three_below, (2, 9)),
    Scenario(below_the_band, (0, 11), days=3),
    Scenario(above_the_band, (0, 16), days=3),
)
_NEAR_GEO = (Scenario(two_countries, (0, 16)), Scenario(third_country_late, (2, 13)))
_NEAR_VELOCITY = (Scenario(steady_traffic, (2, 10), busy=True),)

SETS: dict[Mode, tuple[Scenario, ...]] = {
    Mode.normal: (*_NEAR_STRUCTURING, *_NEAR_GEO, *_NEAR_VELOCITY),
    Mode.structuring: (*_STRUCTURING, *_NEAR_STRUCTURING),
    Mode.velocity: (*_VELOCITY, *_NEAR_VELOCITY),
    Mode.geo: (*_GEO, *_NEAR_GEO),
    Mode.mixed: (
        _GEO[0], *_STRUCTURING[:3], *_VELOCITY, _GEO[1], _STRUCTURING[3],
        *_NEAR_STRUCTURING, *_NEAR_GEO, *_NEAR_VELOCITY,
    ),
}  # fmt: skip
"""The set of each mode, in the order in which it is planted when events or customers do not suffice for all of it."""
