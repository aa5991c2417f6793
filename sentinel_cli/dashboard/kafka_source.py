"""The pipeline's topics as a source of the dashboard: read outside of any group, from the newest alerts on."""

import time
from threading import Event

from confluent_kafka import Message

from sentinel_cli.dashboard.board import Board
from sentinel_cli.dashboard.event_count import EventCount
from sentinel_cli.kafka.connection import Connection
from sentinel_cli.kafka.reading import Row, RowReader, UnreadableError
from sentinel_cli.kafka.registry import Registry
from sentinel_cli.kafka.tail import Tail
from sql import load_pipeline
from sql.errors import ServiceError
from sql.topics import ALERTS, ANALYST_DECISIONS, DISPOSITIONS, ENRICHED

_MARGIN = 60.0
"""Seconds by which the clocks of those who write alerts and of those who decide them may differ."""
_FIRST = 3.0
"""Seconds after which the first alerts count as read, though new ones come all the time."""
_EVERY = 1.0
"""Seconds between two questions how many transactions there are."""


class KafkaSource:
    """Follows alerts and what was decided on them; what fails is tried again, for as long as the dashboard runs."""

    def __init__(self, connection: Connection, board: Board, *, committed: bool) -> None:
        self.connection, self.board, self.committed = connection, board, committed
        self.count = EventCount(connection)
        pipeline, registry = load_pipeline(), Registry(connection)
        names = (ALERTS, ENRICHED, DISPOSITIONS, ANALYST_DECISIONS)
        self.readers = {name: RowReader(pipeline.table(name), registry) for name in names}

    def run(self, stop: Event) -> None:
        """Feed the board until `stop` is set."""
        while not stop.is_set():
            try:
                self._follow(stop)
            except ServiceError as error:
                self.board.trouble(str(error))
                stop.wait(_EVERY)

    def _follow(self, stop: Event) -> None:
        alerts = Tail(self.connection, [ALERTS], committed=self.committed)
        decided = Tail(self.connection, [ENRICHED, DISPOSITIONS, ANALYST_DECISIONS], committed=True)
        try:
            # A transaction's end takes an offset as well, so that half of them may hold no alert.
            alerts.start_before_end(2 * self.board.most)
            self._catch_up(alerts, stop)
            oldest = self.board.oldest() or self.board.clock()
            decided.start_at(round((oldest - _MARGIN) * 1000))
            self._go_on(alerts, decided, stop)
        finally:
            alerts.close()
            decided.close()

    def _catch_up(self, alerts: Tail, stop: Event) -> None:
        until = time.monotonic() + _FIRST
        while not (stop.is_set() or alerts.at_end or time.monotonic() > until):
            self._take(alerts, 0.1)

    def _go_on(self, alerts: Tail, decided: Tail, stop: Event) -> None:
        asked = 0.0
        while not stop.is_set():
            self._take(alerts, 0.05)
            self._take(decided, 0.05)
            if time.monotonic() - asked > _EVERY:
                asked = time.monotonic()
                self._count_events()

    def _count_events(self) -> None:
        answer = self.count.ask()
        if answer.is_there:
            self.board.heard()
        if answer.new is not None:
            self.board.events(answer.new)

    def _take(self, tail: Tail, seconds: float) -> None:
        messages = tail.read(1000, seconds)
        for message in messages:
            try:
                row = self.readers[message.topic() or ""].row(message.value())
            except UnreadableError:
                self.board.unreadable()
            else:
                self._put(message, row)
        if messages:
            self.board.heard()

    def _put(self, message: Message, row: Row) -> None:
        if message.topic() == ALERTS:
            self.board.alert(row, min(message.timestamp()[1] / 1000, self.board.clock()))
        elif message.topic() == ENRICHED:
            by = {f"summary_{name}": row[name] for name in ("model", "prompt_version", "status")}
            self.board.found(row["alert_id"], {"summary": row["summary"], **by})
        elif message.topic() == ANALYST_DECISIONS:
            self.board.decided_by_analyst(row)
        else:
            self.board.found(row["alert_id"], row)
