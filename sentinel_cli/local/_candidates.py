"""
The rows that windows are over, kept once for all statements that select them alike.

    geo          TUMBLE                |
    velocity     TUMBLE                |   the same rows of the same key: one chain of chunks
    geo_rolling  OVER ... RANGE        |
"""

from collections.abc import Sequence
from typing import NamedTuple

import duckdb
import numpy as np

from sentinel_cli.local._chunks import Chunks
from sentinel_cli.local._numbers import Numbers
from sentinel_cli.local._plan import Segment, chain
from sentinel_cli.local._step import Step
from sentinel_cli.local.anomalies import Flags, Integers


class Arrived(NamedTuple):
    """Rows, a column each; epoch milliseconds."""

    key: Integers
    partition: Integers
    time: Integers
    due: Integers
    """When an OVER emits the row."""
    sequence: Integers

    def chosen(self, which: Flags | Integers) -> "Arrived":
        """Some of the rows, or all in another order."""
        return Arrived(*(column[which] for column in self))

    def joined(self, others: "Arrived") -> "Arrived":
        """These rows and others."""
        return Arrived(*(np.concatenate(columns) for columns in zip(self, others, strict=True)))


NO_ROWS = Arrived(*(np.zeros(0, dtype=np.int64) for _ in Arrived._fields))


class Candidates:
    """What a statement's first window is over, with `__due`, as long as a window of some statement needs it."""

    def __init__(
        self, connection: duckdb.DuckDBPyConnection, name: str, selection: Sequence[Segment], window: Segment
    ) -> None:
        self.connection, self.name, self.selection = connection, name, selection
        self.keys, self.time = window.keys, window.time
        self.rows = Chunks(connection, name, "__due")
        is_numbered = self.keys == ("__key",)
        self.numbers = None if is_numbered else Numbers(connection, f"{name}_numbers", self.keys, "__number")
        """Of the keys, where they are not the record's own, which every row has a number for."""
        self.number = "__key" if is_numbered else "__number"
        self.keeps_ms = 0
        self.arrived = NO_ROWS
        """The rows of the last step, in order of arrival."""
        self._columns: list[str] = []

    def serve(self, segment: Segment) -> None:
        """Keep rows as long as a segment needs them."""
        self.keeps_ms = max(self.keeps_ms, segment.keeps_ms)

    def take(self, step: Step) -> None:
        """Keep what a step brings."""
        rows = with_due(self.time, self._numbered(chain(self.selection, step.source)))
        arrived = _arrived(self.rows.add_and_look(rows, self._looked_at))
        self.arrived = arrived.chosen(np.argsort(arrived.sequence))

    def add(self, relation: str) -> None:
        """Take up rows that another run kept."""
        self.rows.add(self._numbered(relation))

    def forget(self, step: Step) -> None:
        """Forget what no later row can need."""
        self.rows.forget({partition: watermark - self.keeps_ms for partition, watermark in step.highs.items()})

    def look(self, relation: str) -> Arrived:
        """Rows that were kept."""
        return _arrived(self.connection.execute(f"SELECT {self._looked_at} FROM {relation}").fetchnumpy())

    def named(self, text: str) -> str:
        """The columns that some SQL names, with those that tell rows, keys and times apart."""
        if not self._columns:
            self._columns = [row[0] for row in self.connection.execute(f"DESCRIBE {self.name}").fetchall()]
        always = {*self.keys, self.number, self.time, "__due", "__behind", "__partition", "__seq"}
        return ", ".join(f'"{name}"' for name in self._columns if name in always or name in text)

    @property
    def _looked_at(self) -> str:
        return (
            f"{self.number} AS key, __partition AS partition, epoch_ms({self.time}) AS time, "
            "epoch_ms(__due) AS due, __seq AS sequence"
        )

    def _numbered(self, relation: str) -> str:
        if self.numbers is None:
            return relation
        self.numbers.add(relation)
        return self.numbers.joined(relation)


def with_due(time: str, rows: str) -> str:
    """Rows with the instant at which an OVER emits each: its time, or at once where that lies behind the watermark."""
    return f"(SELECT *, greatest({time}, __behind + INTERVAL '1' MILLISECOND) AS __due FROM {rows})"


def _arrived(found: dict[str, np.ndarray]) -> Arrived:
    return Arrived(*(np.asarray(found[name]) for name in Arrived._fields))
