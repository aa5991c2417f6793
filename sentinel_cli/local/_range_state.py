"""The state of an OVER in a step-by-step run: rows as far as it looks back, and what decides on late ones."""

from collections.abc import Mapping
from typing import NamedTuple

import duckdb
import numpy as np

from sentinel_cli.local._admission import Admission, Arrivals
from sentinel_cli.local._chunks import Chunks
from sentinel_cli.local._lateness import NEVER
from sentinel_cli.local._numbers import Numbers
from sentinel_cli.local._plan import Segment
from sentinel_cli.local._step import NOTHING, Before, Step, timestamp
from sentinel_cli.local.anomalies import Flags, Integers


class RangeState:
    """
    Rows of one segment, by key.

    A step judges those whose time has come, each with the earlier ones of its key:

        kept     x . x x . . x x . x x
        due                      | x x |      between the last watermark and this one
        needed   . . x x . . x x . x x        rows of the keys of those, as far as they look back
    """

    def __init__(self, connection: duckdb.DuckDBPyConnection, name: str, segment: Segment) -> None:
        self.connection, self.name, self.segment = connection, name, segment
        self.rows = Chunks(connection, name, f"greatest({segment.time}, __due)")
        is_numbered = segment.keys == ("__key",)
        self.numbers = None if is_numbered else Numbers(connection, f"{name}_numbers", segment.keys, "__number")
        """Of the keys, where they are not the record's own, which every row has a number for."""
        self.number = "__key" if is_numbered else "__number"
        self.admission = Admission(segment.size_ms)
        self.columns: list[str] = []
        self.waiting = Waiting(*(np.zeros(0, dtype=np.int64) for _ in Waiting._fields))
        self.before: Before = NOTHING
        """Of the last step."""
        self.oldest: dict[int, int] = {}
        """By partition, the earliest time that rows look back on whose time came in the last step."""

    def take(self, relation: str, step: Step) -> None:
        """Keep what arrived, and look for rows whose time has come."""
        waiting = self.waiting.joined(self._arrived(relation, step))
        came = waiting.due <= step.reached(waiting.partition)
        self.waiting, due = waiting.chosen(~came), waiting.chosen(came)
        self._judge(np.unique(due.key))
        oldest = int(due.time.min(initial=-NEVER)) - self.segment.reach_ms
        self.oldest = dict.fromkeys(step.moves, oldest) if len(due.key) else {}

    def wait(self, partition: int, watermark: int) -> None:
        """Let those rows of a partition wait that have not been judged, once they have been read back."""
        found = self.connection.execute(
            f"SELECT {self._waiting} FROM {self.name} WHERE __partition = {partition} "
            f"AND __due > {timestamp(watermark)}"
        ).fetchnumpy()
        self.waiting = self.waiting.joined(_waiting(found))

    def leave(self, partition: int) -> None:
        """Forget the rows of a partition."""
        self.rows.remove(partition)
        self.waiting = self.waiting.chosen(self.waiting.partition != partition)

    def named(self, text: str) -> str:
        """The columns that some SQL names, with those that decide which rows are judged."""
        if not self.columns:
            self.columns = [row[0] for row in self.connection.execute(f"DESCRIBE {self.name}").fetchall()]
        always = {*self.segment.keys, self.number, self.segment.time, "__due", "__partition"}
        return ", ".join(f'"{name}"' for name in self.columns if name in always or name in text)

    def needed(self, columns: str = "*") -> str:
        """Some columns of the rows that are judged, and of those that they look back on."""
        if not self.oldest:
            return f"(SELECT {columns} FROM {self.name} LIMIT 0)"
        reach = timestamp(min(self.oldest.values()))
        among = f"{self.number} IN (SELECT number FROM {self.name}_due)"
        return (
            f"(SELECT * FROM {self.rows.since(self.oldest, columns)} WHERE {self.segment.time} >= {reach} AND {among})"
        )

    def narrow(self, relation: str, where: str) -> str:
        """
        The rows that are needed for the keys of which some row fulfils a condition; empty where there are none.

        The other columns, texts among them, are then read of these keys alone.
        """
        least, near = self.segment.least, f"{self.name}_near"
        if least and not self._judge_among(f"{self.needed(self.named(least))} GROUP BY {self.number} HAVING {least}"):
            return ""
        if not self._judge_among(f"{relation} WHERE {where}"):
            return ""
        self.connection.execute(f"CREATE OR REPLACE TEMP TABLE {near} AS SELECT * FROM {self.needed()}")
        return near

    def _judge_among(self, rows: str) -> bool:
        """Judge only keys that some rows have, if any do."""
        found = self.connection.execute(f"SELECT DISTINCT {self.number} AS number FROM {rows}").fetchnumpy()["number"]
        self._judge(np.asarray(found))
        return len(found) > 0

    def _judge(self, keys: Integers) -> None:
        self.connection.register(f"{self.name}_due", {"number": keys})

    def forget(self, watermarks: Mapping[int, int]) -> None:
        """Forget what no later row can need: rows that look back, and late ones on a state not yet cleaned up."""
        reach = self.segment.reach_ms + self.segment.size_ms * 3 // 2 + 1
        self.rows.forget({partition: watermark - reach for partition, watermark in watermarks.items()})

    def numbered(self, relation: str) -> str:
        """The rows of a relation with the number of each one's key."""
        if self.numbers is None:
            return relation
        self.numbers.add(relation)
        return self.numbers.joined(relation)

    @property
    def _waiting(self) -> str:
        return (
            f"{self.number} AS key, __partition AS partition, epoch_ms({self.segment.time}) AS time, "
            "epoch_ms(__due) AS due, __seq AS sequence"
        )

    def _arrived(self, relation: str, step: Step) -> "Waiting":
        """Keep the rows that the OVER accepts, each in the life of its key."""
        self.before = step.before
        due = f"greatest({self.segment.time}, __behind + INTERVAL '1' MILLISECOND) AS __due"
        rows = f"(SELECT *, {due}, 0::BIGINT AS __epoch FROM {self.numbered(relation)})"
        arrived = _waiting(self.rows.add_and_look(rows, self._waiting))
        arrived = arrived.chosen(np.argsort(arrived.sequence))
        before = step.before.watermark[np.searchsorted(step.before.sequence, arrived.sequence)]
        in_order = Arrivals(arrived.sequence, arrived.key, arrived.partition, arrived.time, before)
        places, epochs = self.admission.judge(in_order, self._adopt)
        return arrived.chosen(self._revised(arrived.sequence, places, epochs)) if len(places) else arrived

    def _revised(self, sequence: Integers, places: Integers, epochs: list[int | None]) -> Flags:
        """Give rows their epochs, and drop those that have none; which rows stay."""
        stays = np.ones(len(sequence), dtype=bool)
        stays[places] = [epoch is not None for epoch in epochs]
        newest, known = self.rows.newest, [(n, e) for n, e in zip(sequence[places].tolist(), epochs, strict=True) if e]
        cells = "SELECT unnest(?::BIGINT[]) AS number, unnest(?::BIGINT[]) AS epoch"
        self.connection.execute(
            f"UPDATE {newest} SET __epoch = e.epoch FROM ({cells}) AS e WHERE __seq = e.number",
            [[number for number, _ in known], [epoch for _, epoch in known]],
        )
        self.connection.execute(
            f"DELETE FROM {newest} WHERE __seq IN (SELECT unnest(?::BIGINT[]))", [sequence[~stays].tolist()]
        )
        return stays

    def _adopt(self, number: int, epoch: int) -> list[int]:
        sequence, partition, _ = self.before
        first = sequence[partition == self.admission.partition[number]][0]
        life = f"{self.number} = {number} AND __seq >= {epoch} AND __seq < {first}"
        self.rows.update(f"__epoch = {epoch} WHERE {life}")
        found = self.connection.execute(f"SELECT epoch_ms({self.segment.time}) FROM {self.name} WHERE {life}")
        return [time for (time,) in found.fetchall()]


class Waiting(NamedTuple):
    """Rows whose time has not come; epoch milliseconds."""

    key: Integers
    partition: Integers
    time: Integers
    due: Integers
    sequence: Integers

    def chosen(self, which: Flags | Integers) -> "Waiting":
        """Some of the rows, or all in another order."""
        return Waiting(*(column[which] for column in self))

    def joined(self, others: "Waiting") -> "Waiting":
        """These rows and others."""
        return Waiting(*(np.concatenate(columns) for columns in zip(self, others, strict=True)))


def _waiting(found: dict[str, np.ndarray]) -> Waiting:
    return Waiting(*(np.asarray(found[name]) for name in Waiting._fields))
