"""Ordinary traffic: what the customers do by habit, in columns, chunk after chunk."""

from collections.abc import Iterator

import numpy as np

from sentinel_cli.generator.batch import Batch
from sentinel_cli.generator.clock import DAY, SLOT, Lap
from sentinel_cli.generator.customers import Customers, Ints
from sentinel_cli.generator.profiles import BUSY, COUNTERPARTIES, COUNTRIES, MERCHANTS, PROFILES
from sentinel_cli.generator.schedule import AccountDays, Workload, divide_into_slots, move_apart, spread
from sentinel_cli.generator.tables import ENTRIES, MERCHANT, NO_COUNTERPARTY, Tables, build_tables


def _bits(source: np.random.PCG64, count: int, *widths: int) -> list[Ints]:
    """Draw one 64-bit word for each of `count` rows and cut it into fields of `widths` bits.

    Raw words, because NumPy promises their sequence for ever and that of its distributions only within a version.
    """
    words = source.random_raw(count)
    fields = []
    for width in widths:
        fields.append((words & np.uint64((1 << width) - 1)).astype(np.int64))
        words = words >> np.uint64(width)
    return fields


def _abroad(rows: AccountDays, customers: Customers) -> tuple[Ints, Ints]:
    """Say for each account's day whether it is spent on a trip, and which foreign country the day has."""
    profile = customers.profile[rows.account]
    cycle = np.array([profile.trip_cycle for profile in PROFILES])[profile]
    since = rows.day + customers.phase[rows.account]
    away = since % cycle < np.array([profile.trip_days for profile in PROFILES])[profile]
    steps = 1 + (rows.account + since // cycle) % (len(COUNTRIES) - 1)
    return away.astype(np.int64), (customers.home[rows.account] + steps) % len(COUNTRIES)


def _counterparties(account: Ints, habit: Ints, other: Ints, bits: Ints) -> Ints:
    """Choose among an account's 16 usual merchants, the first ones oftenest, or its four parties for the habit."""
    favourite = bits * bits >> 16
    merchant = (account * 131 + favourite * favourite * 17) % MERCHANTS
    regular = MERCHANTS + (account * 29 + habit * 7 + (bits >> 8)) % COUNTERPARTIES
    return np.where(other == NO_COUNTERPARTY, -1, np.where(other == MERCHANT, merchant, regular))


def _seat(rows: AccountDays, customers: Customers, tables: Tables, words: np.random.PCG64) -> tuple[Ints, Ints]:
    """Give each transaction its row and its slot of the day, by the hours of the profile."""
    profile = customers.profile[rows.account]
    row, place, number, amount = divide_into_slots(rows, profile == BUSY)
    (jitter,) = _bits(words, len(row), 10)
    wanted = tables.slot[profile[row], (place * ENTRIES + jitter) // number]
    return np.repeat(row, amount), np.repeat(move_apart(wanted, row, place, number), amount)


def _fill(
    rows: AccountDays, seats: tuple[Ints, Ints], customers: Customers, tables: Tables, words: np.random.PCG64
) -> Batch:
    """Make a transaction of each seat; times count from the stream's first midnight."""
    row, slot = seats
    moment, which, much, whom = _bits(words, len(row), 20, 10, 10, 10)
    account = rows.account[row]
    habit = tables.habit[customers.profile[account], which]
    away, country = _abroad(rows, customers)
    return Batch(
        time=rows.day[row] * DAY + slot * SLOT + (moment * SLOT >> 20),
        account=account,
        movement=tables.movement[habit],
        cents=tables.cents[habit, much],
        country=np.where(away[row] | tables.abroad[habit], country[row], customers.home[account]),
        counterparty=_counterparties(account, habit, tables.other[habit], whom),
    )


def background(workload: Workload, customers: Customers, lap: Lap) -> Iterator[tuple[int, Batch]]:
    """Generate ordinary traffic in chunks of whole days: the end of the chunk (epoch ms) and its rows, unsorted.

    Two sources of random bits: one word is drawn from the first for a slot, one from the second for a transaction.
    """
    tables = build_tables()
    slot_words, words = (np.random.PCG64([lap.seed, lap.number, source]) for source in (1, 2))
    for rows in spread(workload, customers, lap):
        batch = _fill(rows, _seat(rows, customers, tables, slot_words), customers, tables, words)
        yield lap.start + rows.stop * DAY, batch._replace(time=lap.start + batch.time)
