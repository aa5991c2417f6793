"""A synthetic stream: ordinary traffic and planted scenarios, merged in order of time."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

import numpy as np

from sentinel_cli.generator.background import background
from sentinel_cli.generator.batch import from_moves, merge
from sentinel_cli.generator.clock import CLOSING, Lap, start_of
from sentinel_cli.generator.customers import Customers, draw_customers
from sentinel_cli.generator.lines import encoder, heartbeat
from sentinel_cli.generator.mode import Mode
from sentinel_cli.generator.plan import SHORTEST_SEASON, Plan, make_plan
from sentinel_cli.generator.scenarios import SETS
from sentinel_cli.generator.schedule import divide
from sentinel_cli.scoring import Label
from sql.errors import UsageError


@dataclass(frozen=True)
class Stream:
    """`events` transactions with event times from `lap.start` up to `lap.end`, and the labels of what was planted.

    It is generated as it is read, and every reading gives the same bytes.
    """

    events: int
    lap: Lap
    labels: tuple[Label, ...]
    _read: Callable[[], Iterator[bytes]]

    @property
    def transactions(self) -> Iterator[bytes]:
        """The transactions, one JSON object each, in order of event time."""
        return (line for block in self._read() for line in block.splitlines())

    def heartbeat(self, partition: int = 0) -> bytes:
        """Write the closing heartbeat of a partition: behind it every window of the stream is closed."""
        return heartbeat(partition, self.lap.end + CLOSING)

    def blocks(self) -> Iterator[bytes]:
        """Give the stream as blocks of JSON lines: the transactions, then the closing heartbeat of partition 0."""
        yield from self._read()
        if self.events:
            yield self.heartbeat()


def _checked(events: int, customers: int, seed: int, lap: int) -> int:
    """Give the number of accounts that occur, or say what cannot be."""
    if events < 0:
        raise UsageError(f"--events {events} is negative: give 0 or more.")
    if customers < 1:
        raise UsageError(f"--customers {customers} leaves nobody to transact: give 1 or more.")
    if not 0 <= seed < 1 << 64:
        raise UsageError(f"--seed {seed} is out of range: give 0 or more and less than 2**64.")
    if lap < 0:
        raise UsageError(f"Lap {lap} is negative: laps count from 0.")
    return min(customers, events)


def _days(per_account: float) -> int:
    """Choose the days a stream spans, by the number of transactions an account has.

    Five a day, over at least 4 days (a multi-day scenario needs three); over 60 days accounts grow busier instead, up
    to 40 a day, where a day's slots are nearly full.
    """
    return max(SHORTEST_SEASON, min(60, round(per_account / 5)), round(per_account / 40))


def _blocks(plan: Plan, customers: Customers, lap: Lap, events: int) -> Iterator[bytes]:
    """Generate chunk after chunk of whole days, put the planted moves in their places and write the lines."""
    planted = from_moves(plan.moves)
    encode = encoder(customers, f"EVT-{lap.seed:x}-{lap.number:x}-" if lap.number else f"EVT-{lap.seed:x}-")
    written = placed = 0
    for end, ordinary in background(divide(events, customers, plan, lap.days), customers, lap):
        until = int(np.searchsorted(planted.time, end))
        batch = merge(ordinary, planted.rows(placed, until))
        yield from encode(batch, written + 1)
        written, placed = written + len(batch.time), until


def open_stream(  # noqa: PLR0913
    events: int, customers: int, mode: Mode, seed: int, lap_number: int, *, start: int | None
) -> Stream:
    """Plan a stream; see `sentinel_cli.generator.generate`."""
    accounts = _checked(events, customers, seed, lap_number)
    days = _days(events / max(1, accounts))
    lap = Lap(seed, lap_number, days, start_of(lap_number, days) if start is None else start)
    if not events:
        return Stream(0, lap, (), lambda: iter(()))
    population = draw_customers(accounts, seed, SETS[mode])
    plan = make_plan(SETS[mode], population, lap, surplus=events - accounts)
    return Stream(events, lap, tuple(plan.labels), partial(_blocks, plan, population, lap, events))
