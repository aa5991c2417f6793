"""
The plan of a statement: its CTEs cut into segments, each of which keeps one kind of state.

    rows      stateless: projections and filters, row by row
    tumble    a tumbling window: keeps the rows of open windows
    range     OVER (... RANGE :window PRECEDING), one or several behind each other: keeps rows as far as they look back
    model     ML_DETECT_ANOMALIES over all earlier rows: keeps a capped history of its inputs
    first     keep-first by arrival: keeps the keys that it has seen
    compare   rows beside the first of their keys by arrival: keeps those firsts
    call      ML_PREDICT or AI_RUN_AGENT: keeps nothing

A relation is DuckDB SQL that can stand behind FROM. Columns that begin with `__` are the engine's own: `__seq`, the
order of arrival; `__behind`, the watermark of a row that arrived behind it, else NULL; `__due`, when an OVER emits the
row; `__epoch`, which life of the operator's state the row belongs to. Where state is kept, rows also carry
`__partition`, whose watermark counts for them, and `__key`, a small whole number for the account in its partition: an
account that stands in two partitions is two keys, so that what comes out of a partition is a function of its log alone.
"""

import itertools
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal

from sql import Statement

INPUT = "__input"
Kind = Literal["rows", "tumble", "range", "model", "first", "compare", "call"]
RECORD_KEY = ("account_id",)
"""Columns that make up the key of a transaction's record."""


@dataclass
class Segment:
    """A run of CTEs with one kind of state; `sql` reads the relation `__input`."""

    kind: Kind
    ctes: list[tuple[str, str]] = field(default_factory=list)
    keys: tuple[str, ...] = ()
    """Partition columns."""
    time: str = ""
    """The time attribute."""
    size_ms: int = 0
    """Length of the window, of the longest RANGE, or of all behind each other in `reach_ms`."""
    reach_ms: int = 0
    deferred: dict[str, str] = field(default_factory=dict)
    """Aggregates that only the final projection reads, by column: computed for the rows that survive, from rows `c`."""
    bounds: dict[str, str] = field(default_factory=dict)
    """Aggregates that the final filter asks only for reaching a number: what they do not exceed stands in their place
    until rows survive that."""
    least: str = ""
    """What holds of all rows of a key together if some row of it comes out, as a condition on them as a group."""
    keys_of_source: bool = False
    """Whether the keys are columns of the source as they are: rows can then be chosen by key before anything else."""
    options: str = ""
    """The JSON_OBJECT of a model's options, as DuckDB SQL."""
    value: str = ""
    """The value a model judges."""
    column: str = ""
    """The column that holds a model's answer."""
    function: str = ""
    arguments: list[str] = field(default_factory=list)
    """The managed function of a call, and its arguments."""
    alias: str = ""
    compared: tuple[str, ...] = ()
    """Columns of a first row that others are compared with."""
    answer_columns: list[str] = field(default_factory=list)

    @property
    def sql(self) -> str:
        """The segment as one query over `__input`."""
        head, (last, query) = self.ctes[:-1], self.ctes[-1]
        ctes = ", ".join(f'"{name}" AS ({text})' for name, text in [*head, (last, query)])
        return f'WITH {ctes} SELECT * FROM "{last}"'

    def over(self, relation: str, **others: str) -> str:
        """The segment over the rows of a relation, as a relation; other tables that it reads go by their names."""
        extra = "".join(f", {name} AS (SELECT * FROM {table})" for name, table in others.items())
        return f"(WITH {INPUT} AS (SELECT * FROM {relation}){extra}, {self.sql.removeprefix('WITH ')})"

    @property
    def keeps_ms(self) -> int:
        """How long a row is needed behind the watermark: in an open window, or by late rows of a state not cleaned."""
        return self.size_ms - 2 if self.kind == "tumble" else self.reach_ms + self.size_ms * 3 // 2 + 1


def chain(segments: Iterable[Segment], relation: str) -> str:
    """Segments, each over the rows of the one before it, as a relation."""
    for segment in segments:
        relation = segment.over(relation)
    return relation


@dataclass
class Plan:
    """Segments, then a filter and a projection on what the last one gives."""

    statement: Statement
    source: str
    """The table that the statement reads."""
    segments: list[Segment]
    where: str
    projection: list[tuple[str, str]]
    """Target column and expression, the raw key left out."""
    view: tuple[str, str] | None = None
    """The first CTE, where it reads the source row by row: name and query."""
    only_late: bool = False
    """Whether nothing comes of a step in which no row arrives late."""

    @property
    def windowed(self) -> Segment | None:
        """The segment with the first windows, if there are any: what is before it has no state."""
        return next((segment for segment in self.segments if segment.kind in {"tumble", "range"}), None)

    @property
    def selection(self) -> list[Segment]:
        """The segments before the first windows."""
        return list(itertools.takewhile(lambda segment: segment is not self.windowed, self.segments))
