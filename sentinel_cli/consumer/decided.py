"""Summaries and dispositions that stand in their topics already, looked up by alert."""

from collections import OrderedDict
from collections.abc import Container

from sentinel_cli.kafka.connection import Connection
from sentinel_cli.kafka.reading import Row, RowReader, UnreadableError
from sentinel_cli.kafka.registry import Registry
from sentinel_cli.kafka.tail import Tail
from sql import Pipeline
from sql.topics import DISPOSITIONS, ENRICHED

_MOST = 100_000
"""
Rows that are kept of each table, for alerts that were not read yet: about 150 MB. More than alerts can wait at once.
"""
_MARGIN = 60_000
"""Milliseconds by which the clocks of those who write alerts and of those who decide them may differ."""


class Decided:
    """
    Both topics, read from a little before the alerts that are asked for.

    Only committed records count: an aborted answer of a model is not repeated word for word.
    """

    def __init__(self, connection: Connection, registry: Registry, pipeline: Pipeline) -> None:
        self.readers = {name: RowReader(pipeline.table(name), registry) for name in (ENRICHED, DISPOSITIONS)}
        self.rows: dict[str, OrderedDict[str, Row]] = {name: OrderedDict() for name in self.readers}
        self.tail = Tail(connection, list(self.readers), committed=True)
        self.since: int | None = None
        """The moment from which on they were read, epoch ms."""
        self.let_go = False
        """Whether rows had to be let go of that alerts may still ask for."""
        self.unreadable = 0

    def cover(self, moment: int) -> None:
        """See to it that what belongs to an alert written at `moment` (epoch ms) is found."""
        if self.since is None or moment < self.since:
            self.since = moment
            self.read_again(moment)

    def read_again(self, moment: int) -> None:
        """Go back to what belongs to an alert written at `moment` (epoch ms)."""
        self.let_go = False
        self.tail.start_at(max(0, moment - _MARGIN))

    def read(self, seconds: float, wanted: Container[str]) -> None:
        """
        Read on for at most so long, and keep what belongs to the alerts that are wanted.

        Raises:
            ServiceError: broker or registry refuses.
        """
        for message in self.tail.read(1000, seconds):
            topic = message.topic() or ""
            try:
                row = self.readers[topic].row(message.value())
            except UnreadableError:
                self.unreadable += 1
                continue
            rows = self.rows[topic]
            # Of two decisions on an alert the first counts, as it does for those who read the topic itself.
            rows.setdefault(row["alert_id"], row)
            self._make_room(rows, wanted)

    def _make_room(self, rows: OrderedDict[str, Row], wanted: Container[str]) -> None:
        while len(rows) > _MOST:
            alert_id, row = rows.popitem(last=False)
            if alert_id not in wanted:
                self.let_go = True
                return
            rows[alert_id] = row

    def complete(self, alert_id: str) -> bool:
        """Whether both the summary and the disposition of an alert are there."""
        return all(alert_id in rows for rows in self.rows.values())

    def take(self, alert_id: str) -> tuple[Row | None, Row | None]:
        """What is there of an alert, summary and disposition; it is not kept any longer."""
        return self.rows[ENRICHED].pop(alert_id, None), self.rows[DISPOSITIONS].pop(alert_id, None)

    def close(self) -> None:
        """Leave the broker."""
        self.tail.close()
