"""The population: which account has which profile, where it lives, and which accounts may play a scenario."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sentinel_cli.generator.profiles import BUSY, HOME_CURRENCY, PROFILES
from sentinel_cli.generator.scenarios import Scenario

Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Customers:
    """One entry an account, by account index; `busy` and `players` hold indices, in the order they are cast.

    `profile` and `home` index `PROFILES` and `COUNTRIES`; `phase` (16 bits) spreads days and trips over accounts.
    `players` live at home, hold USD and are not busy.
    """

    profile: Ints
    home: Ints
    phase: Ints
    busy: Ints
    players: Ints

    def __len__(self) -> int:
        return len(self.profile)


def sets_per_season(customers: int, scenarios: Sequence[Scenario]) -> int:
    """Say how many whole sets are planted in a season: one account in 20 plays a part, and at least one set."""
    return max(1, customers // (20 * len(scenarios)))


def draw_customers(count: int, seed: int, scenarios: Sequence[Scenario]) -> Customers:
    """Draw the population of a seed: a twelfth busy, a fifth living abroad, unless the scenarios need the accounts."""
    bits = np.random.PCG64([seed, 0]).random_raw(count)
    order = np.argsort(bits, kind="stable")
    low, middle, high = ((bits >> np.uint64(shift) & np.uint64(0xFFFF)).astype(np.int64) for shift in (0, 16, 32))

    sets = sets_per_season(count, scenarios)
    parts = scenarios[:count]
    players = sets * sum(not scenario.busy for scenario in parts)
    busy = min(max(sets * (len(parts) - players // sets), count // 12), count - players)
    abroad = min(count // 5, count - busy - players)

    chances = np.repeat(np.arange(len(PROFILES)), [profile.percent for profile in PROFILES])
    profile = chances[low * len(chances) >> 16]
    profile[order[:busy]] = BUSY
    home = np.zeros(count, np.int64)
    foreign = order[count - abroad :]
    home[foreign] = 1 + (middle[foreign] * (len(HOME_CURRENCY) - 1) >> 16)
    return Customers(profile, home, high, order[:busy], order[busy : count - abroad])
