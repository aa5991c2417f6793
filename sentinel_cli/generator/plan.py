"""Who plays which scenario when: the planted part of a stream, known before the first transaction is written.

Time is cut into seasons of 14 days. In each, every set casts one account a scenario; no account plays twice in a
season, and its ordinary traffic rests on the days of its scenario, so that the two never mix within a rule's window.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from random import Random

from sentinel_cli.generator.clock import DAY, HOUR, Lap
from sentinel_cli.generator.customers import Customers, sets_per_season
from sentinel_cli.generator.scenarios import Move, Scenario
from sentinel_cli.scoring import Label

SEASON = 14
"""Days. Multi-day scenarios end by the seventh, so that the same account's next one, a season later, lies beyond the
7 days of `structuring_multiday` and is an episode of its own."""

SHORTEST_SEASON = 4
"""Days: room for a multi-day scenario and for one day of ordinary traffic."""


@dataclass
class Plan:
    """What is planted: moves by account index, labels, accounts that played, and who rests on a day (since 1970).

    `surplus` counts the transactions left that no account needs in order to occur at all.
    """

    surplus: int
    moves: list[tuple[int, Move]] = field(default_factory=list)
    labels: list[Label] = field(default_factory=list)
    resting: dict[int, list[int]] = field(default_factory=dict)
    played: set[int] = field(default_factory=set)


def account_id(account: int) -> str:
    """Name the account of an index."""
    return f"ACC-{account + 1:06d}"


def _begin(scenario: Scenario, dice: Random, days: int, opening: bool) -> tuple[int, int]:
    """Choose day (within the season) and hour; the opening set is laid out so that the first alerts come at once."""
    if opening:
        return scenario.opening
    last = min(days, SEASON // 2) if scenario.days > 1 else days
    return dice.randrange(last - scenario.days + 1), 8 + dice.randrange(9)


def _plant(plan: Plan, scenario: Scenario, account: int, hour: int, dice: Random) -> None:
    """Let `account` play `scenario` from `hour` (epoch ms) on, if the surplus covers it."""
    prelude = scenario.prelude(dice, hour) if scenario.prelude else []
    episode = scenario.write(dice, hour)
    cost = len(prelude) + len(episode) - (account not in plan.played)
    if cost > plan.surplus:
        return
    plan.surplus -= cost
    plan.played.add(account)
    plan.moves += [(account, move) for move in (*prelude, *episode)]
    for day in range(scenario.days):
        plan.resting.setdefault(hour // DAY + day, []).append(account)
    if scenario.typology:
        label = Label(account_id(account), scenario.typology, episode[0].time, episode[-1].time, scenario.rules)
        plan.labels.append(label)


def _casting(scenarios: Sequence[Scenario], customers: Customers, turn: int) -> dict[bool, Iterator[int]]:
    """Give the accounts to cast, busy ones and others, each once; `turn` sets have been cast before."""
    casting = {}
    for busy, pool in ((True, customers.busy.tolist()), (False, customers.players.tolist())):
        first = turn * sum(scenario.busy == busy for scenario in scenarios) % max(1, len(pool))
        casting[busy] = iter(pool[first:] + pool[:first])
    return casting


def make_plan(scenarios: Sequence[Scenario], customers: Customers, lap: Lap, surplus: int) -> Plan:
    """Plant set after set, season after season, each scenario where transactions and accounts suffice for it."""
    plan = Plan(surplus)
    dice = Random(f"{lap.seed}/{lap.number}")  # noqa: S311, reproducible and nobody's secret
    sets = sets_per_season(len(customers), scenarios)
    seasons = range(0, lap.days - SHORTEST_SEASON + 1, SEASON)
    for season, first in enumerate(seasons, start=lap.number * len(seasons)):
        casting = _casting(scenarios, customers, season * sets)
        for part in range(sets * len(scenarios)):
            scenario = scenarios[part % len(scenarios)]
            day, hour = _begin(scenario, dice, min(SEASON, lap.days - first), opening=part < len(scenarios))
            account = next(casting[scenario.busy], None)
            if account is not None:
                _plant(plan, scenario, account, lap.start + (first + day) * DAY + hour * HOUR, dice)
    plan.moves.sort(key=lambda planted: planted[1].time)
    plan.labels.sort(key=lambda label: (label.start or 0, label.account_id))
    return plan
