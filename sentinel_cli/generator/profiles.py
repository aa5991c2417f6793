"""Who the customers are: how often, when, where and how much each kind of customer moves.

All figures are invented, chosen to look like retail and small-business banking. Three of them are promises, because
a label is only worth something if nothing unlabelled fires a rule:

- cash and EFT stay at or below 4,200.00 (2,000.00 where two transactions fall into one slot), so that the seven slots
  an hour can touch never reach the 30,000.00 of the structuring rules, and cash never enters the 8,000.00 to 10,000.00
  of `structuring_multiday`;
- an account sees at most two countries on one day: its home and one other;
- who meets foreign countries daily (the trader) works from 08:00 to 18:00, so that two days do not meet at midnight.
"""

from dataclasses import dataclass
from typing import Literal

HOME_CURRENCY = {"US": "USD", "CA": "CAD", "GB": "GBP", "DE": "EUR", "FR": "EUR"}
"""Countries a customer may live in, with the currency of the account; the first is the bank's own."""

COUNTRIES = (*HOME_CURRENCY, "MX", "ES", "IT", "NL", "PT", "PL", "TR", "AE", "SG", "JP", "BR", "TH", "ZA", "CH", "HK")

MERCHANTS = 4_000
COUNTERPARTIES = 6_000


@dataclass(frozen=True)
class Habit:
    """One thing a customer does.

    `share` of the customer's transactions (in percent), log-normal amounts of `median` and `sigma` up to `at_most`
    (dollars), multiples of `step` dollars, every second one ending in .99 if `charm`; `other` is the kind of
    counterparty; `abroad` if it always takes place in the partner country of the day.
    """

    transaction_type: str
    direction: Literal["IN", "OUT"]
    share: int
    median: float
    sigma: float
    at_most: float
    step: float = 0.01
    other: Literal["merchant", "regular", "none"] = "none"
    charm: bool = False
    abroad: bool = False


@dataclass(frozen=True)
class Profile:
    """A kind of customer: percent of all customers, activity relative to the average, hours, trips and habits.

    `hours` weighs the 24 hours (UTC, as in the bank's books). A trip of `trip_days` comes every `trip_cycle` days.
    `activity` lies between 0.6 and 1.6: the allocation of a day's slots counts on it.
    """

    name: str
    percent: int
    activity: float
    hours: tuple[int, ...]
    habits: tuple[Habit, ...]
    trip_cycle: int = 1
    trip_days: int = 0


_AWAKE = (1, 0, 0, 0, 0, 1, 2, 5, 6, 5, 6, 8, 10, 8, 6, 6, 7, 10, 10, 8, 6, 5, 3, 2)
_YOUNG = (4, 2, 1, 0, 0, 0, 1, 3, 4, 5, 6, 7, 9, 8, 7, 7, 8, 9, 10, 10, 9, 8, 7, 5)
_EARLY = (0, 0, 0, 0, 0, 1, 3, 6, 10, 12, 12, 10, 8, 6, 6, 6, 5, 4, 3, 2, 1, 0, 0, 0)
_OFFICE = (0,) * 8 + (6, 10, 10, 9, 5, 8, 9, 9, 8, 5) + (0,) * 6
_SHOP = (0,) * 7 + (3, 6, 8, 8, 9, 12, 9, 8, 8, 9, 10, 9, 6, 3) + (0,) * 3

_ATM = Habit("CASH_WITHDRAWAL", "OUT", 10, 80, 0.6, 800, step=20)
_BILLS = Habit("EFT", "OUT", 14, 110, 0.8, 3_000, other="regular")

BUSY = 0
"""Index of the profile whose slots hold one or two transactions in turn: it is given by casting, not by chance."""

PROFILES = (
    Profile(
        "corner shop",
        percent=0,
        activity=1.6,
        hours=_SHOP,
        habits=(
            Habit("CARD", "IN", 80, 13, 0.7, 400, charm=True),
            Habit("CASH_DEPOSIT", "IN", 6, 420, 0.5, 2_000, step=5),
            Habit("EFT", "OUT", 8, 260, 0.7, 2_000, other="regular"),
            Habit("CARD", "OUT", 6, 45, 0.8, 1_500, other="merchant"),
        ),
    ),
    Profile(
        "salaried",
        percent=45,
        activity=1.0,
        hours=_AWAKE,
        habits=(
            Habit("CARD", "OUT", 62, 28, 0.9, 2_500, other="merchant", charm=True),
            Habit("EFT", "IN", 4, 2_300, 0.25, 4_200, other="regular"),
            _BILLS,
            _ATM,
            Habit("TRANSFER", "OUT", 8, 150, 0.9, 5_000, step=5, other="regular"),
            Habit("CHECK", "OUT", 2, 400, 0.8, 6_000, other="regular"),
        ),
        trip_cycle=90,
        trip_days=5,
    ),
    Profile(
        "student",
        percent=15,
        activity=0.9,
        hours=_YOUNG,
        habits=(
            Habit("CARD", "OUT", 78, 14, 0.8, 900, other="merchant", charm=True),
            Habit("CASH_WITHDRAWAL", "OUT", 10, 40, 0.5, 300, step=20),
            Habit("TRANSFER", "IN", 8, 200, 0.6, 2_000, step=10, other="regular"),
            Habit("EFT", "OUT", 4, 45, 0.5, 900, other="regular"),
        ),
        trip_cycle=120,
        trip_days=4,
    ),
    Profile(
        "retired",
        percent=17,
        activity=0.6,
        hours=_EARLY,
        habits=(
            Habit("CARD", "OUT", 52, 32, 0.8, 1_500, other="merchant", charm=True),
            Habit("EFT", "IN", 6, 1_700, 0.3, 4_200, other="regular"),
            Habit("CHECK", "OUT", 12, 90, 0.7, 3_000, other="regular"),
            Habit("CASH_WITHDRAWAL", "OUT", 16, 120, 0.5, 800, step=20),
            _BILLS,
        ),
        trip_cycle=60,
        trip_days=7,
    ),
    Profile(
        "cash business",
        percent=8,
        activity=1.3,
        hours=_SHOP,
        habits=(
            Habit("CASH_DEPOSIT", "IN", 38, 1_300, 0.5, 4_200, step=5),
            Habit("CARD", "IN", 30, 24, 0.7, 600),
            Habit("EFT", "OUT", 15, 480, 0.8, 4_200, other="regular"),
            Habit("CHECK", "OUT", 8, 350, 0.8, 7_500, other="regular"),
            Habit("CASH_WITHDRAWAL", "OUT", 5, 200, 0.4, 1_000, step=20),
            Habit("TRANSFER", "OUT", 4, 900, 0.8, 9_000, step=10, other="regular"),
        ),
    ),
    Profile(
        "trader",
        percent=5,
        activity=1.1,
        hours=_OFFICE,
        habits=(
            Habit("WIRE", "OUT", 30, 18_000, 0.9, 900_000, step=1, other="regular", abroad=True),
            Habit("WIRE", "IN", 25, 24_000, 0.9, 900_000, step=1, other="regular", abroad=True),
            Habit("EFT", "OUT", 20, 900, 0.7, 4_200, other="regular"),
            Habit("TRANSFER", "OUT", 15, 6_000, 0.8, 80_000, step=10, other="regular"),
            Habit("CHECK", "OUT", 10, 1_200, 0.8, 25_000, other="regular"),
        ),
    ),
    Profile(
        "traveller",
        percent=10,
        activity=1.2,
        hours=_AWAKE,
        habits=(
            Habit("CARD", "OUT", 78, 46, 0.9, 3_500, other="merchant", charm=True),
            Habit("CASH_WITHDRAWAL", "OUT", 13, 140, 0.6, 800, step=20),
            Habit("EFT", "IN", 3, 3_100, 0.2, 4_200, other="regular"),
            Habit("EFT", "OUT", 6, 130, 0.8, 3_000, other="regular"),
        ),
        trip_cycle=10,
        trip_days=4,
    ),
)
