"""The profiles as lookup tables of 1,024 entries, so that ten random bits choose an hour, a habit or an amount.

Random bits and integer lookups alone make the same bytes on every machine and every NumPy; floating point noise of a
vectorised exponential would not.
"""

import math
from dataclasses import dataclass
from itertools import accumulate
from statistics import NormalDist

import numpy as np

from sentinel_cli.generator.batch import MOVEMENTS
from sentinel_cli.generator.clock import HOUR, SLOT
from sentinel_cli.generator.customers import Ints
from sentinel_cli.generator.profiles import PROFILES, Habit

ENTRIES = 1_024

NO_COUNTERPARTY, MERCHANT, REGULAR = range(3)

_OTHERS = {"none": NO_COUNTERPARTY, "merchant": MERCHANT, "regular": REGULAR}


@dataclass(frozen=True)
class Tables:
    """`slot` and `habit` by profile and bits, `cents` by habit and bits, the rest by habit (of all profiles)."""

    slot: Ints
    habit: Ints
    cents: Ints
    movement: Ints
    other: Ints
    abroad: Ints


def _choices(weights: list[int]) -> Ints:
    """Spread the indices of `weights` over the entries, each in proportion to its weight."""
    edges = [round(total * ENTRIES / sum(weights)) for total in accumulate(weights, initial=0)]
    return np.repeat(np.arange(len(weights)), np.diff(edges))


def _amounts(habit: Habit, quantiles: list[float]) -> list[int]:
    """Give the habit's amounts in cents, from the smallest to the largest."""
    step = round(habit.step * 100)
    cents = []
    for index, z in enumerate(quantiles):
        amount = min(habit.median * math.exp(habit.sigma * z), habit.at_most) * 100
        if habit.charm and index % 2:
            cents.append(max(1, math.floor(amount / 100)) * 100 - 1)
        else:
            cents.append(max(1, math.floor(amount / step)) * step)
    return cents


def build_tables() -> Tables:
    """Tabulate `PROFILES`."""
    habits = [habit for profile in PROFILES for habit in profile.habits]
    firsts = accumulate((len(profile.habits) for profile in PROFILES), initial=0)
    quantiles = [NormalDist().inv_cdf((index + 0.5) / ENTRIES) for index in range(ENTRIES)]
    per_hour = HOUR // SLOT
    return Tables(
        slot=np.stack([_choices([hour for hour in profile.hours for _ in range(per_hour)]) for profile in PROFILES]),
        habit=np.stack(
            [
                first + _choices([h.share for h in profile.habits])
                for first, profile in zip(firsts, PROFILES, strict=False)
            ]
        ),
        cents=np.array([_amounts(habit, quantiles) for habit in habits]),
        movement=np.array([MOVEMENTS.index((habit.transaction_type, habit.direction)) for habit in habits]),
        other=np.array([_OTHERS[habit.other] for habit in habits]),
        abroad=np.array([habit.abroad for habit in habits], np.int64),
    )
