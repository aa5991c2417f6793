"""The loop: read alerts, find or make their cases, print, and only then commit."""

import time
from collections import OrderedDict, deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import islice

from sentinel_cli.consumer.decided import Decided
from sentinel_cli.consumer.desk import Desk
from sentinel_cli.consumer.feed import AlertFeed, Entry
from sentinel_cli.consumer.request import Request
from sentinel_cli.interrupts import interrupt_waits
from sentinel_cli.kafka.connection import Account, connect
from sentinel_cli.kafka.preflight import check_broker
from sentinel_cli.kafka.reading import Row, RowReader
from sentinel_cli.kafka.registry import Registry
from sql import load_pipeline
from sql.topics import ALERTS

_SEEN = 1_000_000
"""Alerts whose repeats are known: about 200 MB."""
_PENDING = 1_000
"""Alerts that may wait for their disposition before reading stops."""
_BATCH = 500
_JOINING = 30.0
"""Seconds in which a group gives partitions to a new member, if it has any to give."""


@dataclass
class Counts:
    """What has happened so far."""

    printed: int = 0
    repeats: int = 0
    unreadable: int = 0


class Consumption:
    """One run of `sentinel consume`; `write` prints cases and returns when they are out, `say` is for commentary."""

    def __init__(self, request: Request, write: Callable[[Sequence[Row]], None], say: Callable[[str], None]) -> None:
        pipeline = load_pipeline(request.parameters)
        connection = connect(Account.analyst, request.stack)
        check_broker(connection)
        registry = Registry(connection)
        self.request, self.write, self.counts = request, write, Counts()
        self.say = say
        self.desk = Desk(pipeline, request.ledger.make(), say)
        self.decided = Decided(connection, registry, pipeline)
        self.feed = AlertFeed(connection, RowReader(pipeline.table(ALERTS), registry), request, self)
        self._pending: deque[Entry] = deque()
        self._seen: OrderedDict[str, None] = OrderedDict()
        self._started = time.monotonic()
        self._last_new: float | None = None

    def run(self) -> None:
        """
        Go on until enough was printed, nothing new comes, or the user ends it.

        Raises:
            ServiceError: broker or registry refuses for good; what was printed is committed.
            LedgerError: what is decided here cannot be recorded, and is not printed.
        """
        try:
            while not self._is_done():
                self._read()
                self._print(self._ready())
                self.feed.commit()
        finally:
            self.decided.close()
            self.desk.close()
            self.feed.close()

    def _is_done(self) -> bool:
        if self.request.most is not None and self.counts.printed >= self.request.most:
            return True
        if self.request.timeout is None or self._pending:
            return False
        idle_from = self._last_new or self.feed.assigned_at or self._started + _JOINING
        return time.monotonic() - idle_from >= self.request.timeout

    def _read(self) -> None:
        new: list[Entry] = []
        if len(self._pending) < _PENDING:
            new = self.feed.read(_BATCH, 0.02 if self._pending else 0.2)
        for entry in new:
            self._admit(entry)
        if any(entry.alert for entry in new):
            self._last_new = time.monotonic()
            self.decided.cover(min(entry.written for entry in new if entry.alert))
        if self._pending:
            self._look_up()

    def _look_up(self) -> None:
        """Read decisions on as far as the first of the alerts that wait needs it; those ahead of it need room."""
        first = self._pending[0]
        if first.alert is None or self._is_decided(first):
            return
        if self.decided.tail.at_end and self.decided.let_go and not first.is_looked_up:
            for entry in self._pending:
                entry.is_looked_up = True
            self.decided.read_again(min(entry.written for entry in self._pending))
        self.decided.read(0.1, {entry.alert["alert_id"] for entry in self._pending if entry.alert})

    def _admit(self, entry: Entry) -> None:
        """Put a record behind those that wait: a repeat, too, whose offset must not be committed before theirs."""
        if entry.alert is not None:
            alert_id = entry.alert["alert_id"]
            if alert_id in self._seen:
                self.counts.repeats += 1
                entry.alert = None
            else:
                self._seen[alert_id] = None
                if len(self._seen) > _SEEN:
                    self._seen.popitem(last=False)
        self._pending.append(entry)

    def _ready(self) -> list[Entry]:
        """What may be printed, in order of arrival: decided, or waited for long enough."""
        ready = []
        # A model takes seconds: the group must hear of this member, and the reader of its alerts, more often.
        batch = min(_BATCH, self.desk.batch or _BATCH)
        alerts_left = batch if self.request.most is None else min(batch, self.request.most - self.counts.printed)
        for entry in islice(self._pending, _BATCH):
            if entry.alert is not None:
                if alerts_left <= 0 or not (self._is_decided(entry) or self._is_late(entry)):
                    break
                alerts_left -= 1
            ready.append(entry)
        for _ in ready:
            self._pending.popleft()
        return ready

    def _is_decided(self, entry: Entry) -> bool:
        return entry.alert is not None and self.decided.complete(entry.alert["alert_id"])

    def _is_late(self, entry: Entry) -> bool:
        if not self.decided.tail.at_end or (self.decided.let_go and not entry.is_looked_up):
            return False
        return time.time() * 1000 - entry.written >= self.request.wait * 1000

    def _print(self, ready: Sequence[Entry]) -> None:
        if not ready:
            return
        alerts = [entry.alert for entry in ready if entry.alert is not None]
        cases = self.desk.cases([(alert, *self.decided.take(alert["alert_id"])) for alert in alerts])
        with interrupt_waits():
            if cases:
                self.write(cases)
            self.counts.printed += len(cases)
            self.feed.printed(ready)

    def unreadable(self, partition: int, offset: int, reason: str) -> None:
        """Tell of a record that is not what the topic promises."""
        self.counts.unreadable += 1
        self.say(f"{ALERTS} partition {partition} offset {offset} cannot be read: {reason}")

    def lost(self, partitions: set[int]) -> None:
        """Let go of what was not printed: the member that has the partition now reads it."""
        for entry in self._pending:
            if entry.partition in partitions and entry.alert is not None:
                self._seen.pop(entry.alert["alert_id"], None)
        self._pending = deque(entry for entry in self._pending if entry.partition not in partitions)
