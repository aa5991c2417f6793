"""Synthetic transactions without end, by the simulated or the real clock."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice

from sentinel_cli.generator import Mode, generate
from sentinel_cli.generator.clock import CLOSING, START, start_after
from sentinel_cli.generator.lines import heartbeat
from sentinel_cli.generator.stream import Stream
from sentinel_cli.producer.clock import Clock
from sentinel_cli.producer.parts import Batch, Part
from sql.errors import UsageError

_SOURCE = "sentinel produce"


@dataclass(frozen=True)
class Synthetic:
    """An endless run of laps of the generator."""

    events: int
    customers: int
    mode: Mode
    seed: int
    clock: Clock

    def parts(self, newest: int | None, size: int, say: Callable[[str], None]) -> Iterator[Part]:
        """
        Lap after lap, behind the newest event (epoch ms) of the topic, in batches of `size`.

        A simulated lap begins a week and a day later, so that no rule sees two as one. It is numbered by that day,
        and one by the real clock by its millisecond: no id comes twice. Where a simulated lap would pass the present,
        it and all behind it take the real clock's time: what is dated ahead of its arrival is a dead letter.

        Raises:
            UsageError: an event by the real clock would be late behind what the topic holds.
        """
        reached = newest or 0
        while self.clock is Clock.simulated:
            lap = self._lap_behind(reached)
            end = lap.lap.end + CLOSING
            if end > now():
                say("simulated time has come to the present: from here on events have the real clock's time")
                break
            reached = end
            say(f"simulated time: {shown(lap.lap.start)} to {shown(lap.lap.end)}")
            yield Part(_SOURCE, _batches(lap.transactions, size), lap.heartbeat)
        if reached > now():
            raise UsageError(
                f"The newest event of the topic is of {shown(reached)}, later than now; every new one would be late: "
                "wait until then, or begin with an empty topic."
            )
        while True:
            yield self._live(size)

    def _lap_behind(self, reached: int) -> Stream:
        start = start_after(reached)
        day = (start - START) // 86_400_000
        return generate(self.events, self.customers, self.mode, self.seed, day, start=start)

    def _live(self, size: int) -> Part:
        lap = generate(self.events, self.customers, self.mode, self.seed, now() - START, start=START)
        batches = _stamped(_batches(lap.transactions, size))
        return Part(_SOURCE, batches, lambda partition: heartbeat(partition, now()))


def now() -> int:
    """The wall clock, in epoch milliseconds."""
    return time.time_ns() // 1_000_000


def shown(millis: int) -> str:
    """An instant as a person reads it."""
    return f"{datetime.fromtimestamp(millis / 1000, UTC):%Y-%m-%d %H:%M} UTC"


def _batches(lines: Iterator[bytes], size: int) -> Iterator[Batch]:
    first = 1
    while batch := list(islice(lines, size)):
        yield Batch(batch, range(first, first + len(batch)))
        first += len(batch)


def _stamped(batches: Iterator[Batch]) -> Iterator[Batch]:
    """Each batch with the time at which it is asked for; the generator writes `event_time` last."""
    for batch in batches:
        end = b":%d}" % now()
        yield batch._replace(records=[record[: record.rindex(b":")] + end for record in batch.records])
