"""When ordinary traffic happens: every account's share of the stream, divided into days and ten-minute slots."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sentinel_cli.generator.clock import DAY, SLOTS_PER_DAY, Lap
from sentinel_cli.generator.customers import Customers, Ints
from sentinel_cli.generator.plan import Plan
from sentinel_cli.generator.profiles import PROFILES

CHUNK = 65_536
"""Transactions after which a chunk ends with its day: memory holds one chunk, or one day of all customers."""


@dataclass(frozen=True)
class Workload:
    """How many transactions each account makes by habit, on how many days, and who rests on a day (since 1970)."""

    quota: Ints
    active: Ints
    resting: Mapping[int, list[int]]


@dataclass(frozen=True)
class AccountDays:
    """Columns, a row for one account's one day: `amount` transactions, after `before` earlier ones of the account.

    `day` counts from the first day of the stream; `stop` is the first day after the chunk.
    """

    stop: int
    day: Ints
    account: Ints
    amount: Ints
    before: Ints


def divide(events: int, customers: Customers, plan: Plan, days: int) -> Workload:
    """Divide what is not planted of `events` among the accounts, exactly, by activity and days without a scenario.

    Every account that plays no scenario gets one transaction at least.
    """
    active = np.full(len(customers), days)
    for accounts in plan.resting.values():
        active[accounts] -= 1
    least = np.ones(len(customers), np.int64)
    least[sorted(plan.played)] = 0
    rest = events - len(plan.moves) - int(least.sum())
    weight = np.array([profile.activity for profile in PROFILES])[customers.profile] * active
    shares = np.floor(np.cumsum(weight) / weight.sum() * rest).astype(np.int64)
    shares[-1] = rest
    return Workload(least + np.diff(shares, prepend=0), active, plan.resting)


def spread(workload: Workload, customers: Customers, lap: Lap) -> Iterator[AccountDays]:
    """Spread each quota evenly over the account's active days, in chunks of whole days."""
    phase = customers.phase * workload.active >> 16
    done = np.zeros_like(workload.quota)
    before = np.zeros_like(workload.quota)
    rows: list[tuple[Ints, ...]] = []
    size = 0
    for day in range(lap.days):
        done += 1
        done[workload.resting.get(lap.start // DAY + day, [])] -= 1
        upto = (workload.quota * done + phase) // workload.active
        account = np.flatnonzero(upto - before)
        rows.append((np.full(len(account), day), account, (upto - before)[account], before[account]))
        size += int(upto.sum() - before.sum())
        before = upto
        if size >= CHUNK or day == lap.days - 1:
            columns = (np.concatenate(column) for column in zip(*rows, strict=True))
            yield AccountDays(day + 1, *columns)
            rows, size = [], 0


def divide_into_slots(rows: AccountDays, busy: NDArray[np.bool_]) -> tuple[Ints, Ints, Ints, Ints]:
    """Divide each row's transactions into slots: the row, the place among its slots, their number, the transactions.

    One transaction a slot, but on busy accounts one and two in turn as `clock.thue_morse` has it: three in each pair.
    """
    pairs = rows.amount // 3
    number = np.where(busy, rows.amount - pairs - (rows.amount % 3 == 2), rows.amount)
    row = np.repeat(np.arange(len(number)), number)
    place = np.arange(len(row)) - np.repeat(np.cumsum(number) - number, number)
    window = 2 * (rows.before[row] // 3 + rows.account[row]) + place
    paired = 1 + (np.bitwise_count(window).astype(np.int64) & 1)
    amount = np.where(busy[row], np.where(place < 2 * pairs[row], paired, rows.amount[row] % 3), 1)
    return row, place, number[row], amount


def move_apart(wanted: Ints, row: Ints, place: Ints, number: Ints) -> Ints:
    """Move slots of one row apart, to the later and at the end of the day to the earlier, in their order."""
    apart = 4 * SLOTS_PER_DAY  # more than any slot or place: no row reaches into the next one's maximum
    later: Ints = np.maximum.accumulate(row * apart + wanted - place) - row * apart + place
    slot: Ints = np.minimum(later, SLOTS_PER_DAY - number + place)
    return slot
