"""
Runs a plan on DuckDB: each step takes new rows up to a watermark and gives what Flink would emit for them.

A replay is one step that ends with the last watermark; it keeps no state. Both ways run the same segments.
"""

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import duckdb

from sentinel_cli.local._lateness import KeyState, admit
from sentinel_cli.local._plan import INPUT, Plan, Segment

if TYPE_CHECKING:
    from sentinel_cli.local._model import Model

_SMALL = 1_000
"""Rows of a table of state that are not worth cutting."""
Answers = list[list[tuple[str | None, ...]]]
Managed = Callable[[Sequence[tuple[str, ...]]], Answers]
"""A managed table function over a batch: for each tuple of arguments, the rows that it yields."""


@dataclass(frozen=True)
class Step:
    """One step: rows arrive from `source`, and the watermark moves from `low` to `high` (epoch milliseconds)."""

    rows: str
    """Relation of the new rows, with `__seq` and `__behind`."""
    watermarks: str
    """Relation of `__seq` and `__wm`, the watermark before each new row in epoch milliseconds; rows that arrived late
    are always in it, and all rows where there is one."""
    has_late: bool
    low: int | None
    high: int | None
    """None closes every window."""
    is_replay: bool
    view: Callable[[str], str] = str
    """From rows to what the statement reads of them."""
    chosen: str = ""
    """Those of the rows that can belong to a survivor, where they have been chosen for all statements at once."""

    @property
    def source(self) -> str:
        """Relation of what the statement reads."""
        return self.view(self.rows)


class StatementRun:
    """One statement and the state that it keeps between steps."""

    def __init__(self, plan: Plan, connection: duckdb.DuckDBPyConnection, managed: dict[str, Managed]) -> None:
        self.plan, self.connection, self.managed = plan, connection, managed
        self.prefix = f"__{plan.statement.name.replace('-', '_')}"
        self.survivors = f"{self.prefix}_survivors"
        self.keys: dict[object, KeyState] = {}
        self.settled: dict[str, int] = {}
        """Tables of state, with the rows that each held when it was last cut."""
        self.models: dict[str, Model] = {}
        self.admitted: Callable[[str], str] = str

    def step(self, step: Step) -> str | None:
        """Take the rows of a step; the table of what the statement emits, with the sink's column names, if anything."""
        return self.emit(step) if self.survive(step) else None

    def survive(self, step: Step) -> int:
        """Take the rows of a step, and count those that the statement's filter leaves; they stand in a table."""
        relation = step.source
        for number, segment in enumerate(self.plan.segments):
            relation = getattr(self, f"_{segment.kind}")(f"{self.prefix}_{number}", segment, relation, step)
        where = self.plan.where
        if any(segment.kind == "range" for segment in self.plan.segments):
            where = f"({where}) AND {_between('__due', step)}"
        alive = self._create(self.survivors, f"SELECT * FROM {relation} WHERE {where}")
        for number, segment in enumerate(self.plan.segments):
            if alive and segment.bounds:
                alive = self._create(
                    self.survivors, f"SELECT * FROM {self._filled(number, segment.bounds, step)} WHERE {where}"
                )
        if not alive:
            self._prune(step)
        return alive

    def wanted(self) -> list[tuple[str, str]]:
        """Columns of the source, and a table with the only values of them in rows that `emit` computes in full."""
        segments = [segment for segment in self.plan.segments if segment.deferred and segment.keys_of_source]
        return [(", ".join(segment.keys), self.survivors) for segment in segments]

    def emit(self, step: Step) -> str:
        """The table of what the statement emits for the rows that survived, with the sink's column names."""
        columns = ", ".join(f'{expression} AS "{target}"' for target, expression in self.plan.projection)
        relation, emitted = self.survivors, f"{self.prefix}_emitted"
        for number, segment in enumerate(self.plan.segments):
            if segment.deferred:
                relation = self._filled(number, segment.deferred, step)
        self._create(emitted, f"SELECT {columns} FROM {relation}")
        self._prune(step)
        return emitted

    def _rows(self, _name: str, segment: Segment, relation: str, _step: Step) -> str:
        return _query(segment, relation)

    def _tumble(self, name: str, segment: Segment, relation: str, step: Step) -> str:
        """Rows of open windows are kept; a row is dropped if its window has closed before it arrived."""
        size = f"INTERVAL '{segment.size_ms}' MILLISECOND"
        start = f"time_bucket({size}, {segment.time}, TIMESTAMP '1970-01-01')"
        last = f"INTERVAL '{segment.size_ms - 1}' MILLISECOND"

        def admitted(rows: str) -> str:
            on_time = f"__behind IS NULL OR {start} + {last} > __behind"
            return f"(SELECT *, {start} AS window_start FROM {rows} WHERE {on_time})"

        if step.is_replay:
            self.admitted = admitted
            return _query(segment, admitted(relation))
        self._keep(name, admitted(relation))
        closed = _between(f"window_start + {last}", step)
        return _query(segment, f"(SELECT * FROM {name} WHERE {closed})")

    def _range(self, name: str, segment: Segment, relation: str, step: Step) -> str:
        """Rows are kept as far as windows look back; those whose time has come are judged, with their keys' others."""
        admitted = self._admission(name, segment, relation, step)
        if step.is_replay:
            self.admitted = admitted
            return _query(segment, admitted(relation))
        self._keep(name, admitted(relation))
        keys = ", ".join(segment.keys)
        due = f"(SELECT {keys}, {segment.time} FROM {name} WHERE {_between('__due', step)})"
        reach = f"INTERVAL '{segment.reach_ms}' MILLISECOND"
        needed = (
            f"(SELECT * FROM {name} WHERE {segment.time} >= (SELECT min({segment.time}) FROM {due}) - {reach} "
            f"AND ({keys}) IN (SELECT ({keys}) FROM {due}))"
        )
        return _query(segment, needed)

    def _admission(self, name: str, segment: Segment, relation: str, step: Step) -> Callable[[str], str]:
        """From rows to those that the OVER accepts, with `__due` and `__epoch`."""
        due = f"greatest({segment.time}, __behind + INTERVAL '1' MILLISECOND)"
        if step.is_replay and not step.has_late:
            return lambda rows: f"(SELECT *, {due} AS __due, 0 AS __epoch FROM {rows})"
        table = f"{name}_admitted"
        keys = ", ".join(segment.keys)
        late = f"SELECT ({keys}) FROM {relation} WHERE __behind IS NOT NULL"
        judged = f"({keys}) IN ({late})" if step.is_replay else "TRUE"
        rows = self.connection.execute(
            f"SELECT r.__seq, {keys}, epoch_ms(r.{segment.time}), w.__wm FROM {relation} AS r "
            f"JOIN {step.watermarks} AS w USING (__seq) WHERE {judged} ORDER BY r.__seq"
        ).fetchall()
        judged_rows = ((row[0], row[1:-2], row[-2], row[-1]) for row in rows)
        epochs = admit(judged_rows, segment.size_ms, self.keys)
        self._load(table, {"__seq": "BIGINT", "__epoch": "BIGINT"}, [[row[0] for row in rows], epochs])
        return lambda rows: (
            f"(SELECT r.*, {due} AS __due, coalesce(a.__epoch, 0) AS __epoch FROM {rows} AS r "
            f"LEFT JOIN {table} AS a ON r.__seq = a.__seq WHERE a.__seq IS NULL OR a.__epoch IS NOT NULL)"
        )

    def _model(self, name: str, segment: Segment, relation: str, step: Step) -> str:
        """Each new row is judged on the history of its key."""
        # NumPy, slow to import, only where it is needed
        from sentinel_cli.local._model import Model

        model = self.models.setdefault(name, Model(self.connection, segment, name))
        kept = self.plan.where if segment is self.plan.segments[-1] else "TRUE"
        return model.judge(relation, kept, is_replay=step.is_replay)

    def _first(self, name: str, segment: Segment, relation: str, _step: Step) -> str:
        keys = ", ".join(segment.keys)
        seen, new = f"{name}_seen", f"{name}_new"
        self.connection.execute(f"CREATE TEMP TABLE IF NOT EXISTS {seen} AS SELECT {keys} FROM {relation} LIMIT 0")
        unseen = f"(SELECT * FROM {relation} WHERE ({keys}) NOT IN (SELECT ({keys}) FROM {seen}))"
        self._create(new, f"SELECT * FROM {_query(segment, unseen)}")
        self.connection.execute(f"INSERT INTO {seen} SELECT {keys} FROM {new}")
        return new

    def _call(self, name: str, segment: Segment, relation: str, _step: Step) -> str:
        """Ask the managed function once for each row; a row without an answer stays."""
        asked = f"{name}_asked"
        self._create(asked, f"SELECT *, row_number() OVER (ORDER BY __seq) AS __row FROM {relation}")
        alias = segment.alias
        arguments = ", ".join(segment.arguments)
        batch = self.connection.execute(f"SELECT {arguments} FROM {asked} AS {alias} ORDER BY __row").fetchall()
        answers = self.managed[segment.function](batch)
        columns = {"__row": "BIGINT"} | dict.fromkeys(segment.answer_columns, "VARCHAR")
        given = [(n, *row) for n, rows in enumerate(answers, 1) for row in rows]
        self._load(f"{name}_answers", columns, [[row[i] for row in given] for i in range(len(columns))])
        return _query(segment, asked, answers=f"{name}_answers")

    def _filled(self, number: int, columns: dict[str, str], step: Step) -> str:
        """The rows that survived with aggregates of the window at a segment, computed for them alone."""
        segment, before, survivors = self.plan.segments[number], self.plan.segments[:number], self.survivors
        if step.is_replay:
            rows = self.admitted(_chain(before, self._chosen(before, segment, step)))
        else:
            rows = f"{self.prefix}_{number}"
        values = ", ".join(f"{expression} AS {column}" for column, expression in columns.items())
        keys = [*segment.keys, "window_start"] if segment.kind == "tumble" else ["__seq"]
        identity = ", ".join(f"s.{key}" for key in keys)
        filled = f"SELECT {identity}, {values} FROM {survivors} AS s JOIN {rows} AS c ON {_match(segment)} GROUP BY ALL"
        others = f"SELECT COLUMNS(lambda name: NOT list_contains({list(columns)}, name)) FROM {survivors}"
        return f"(SELECT * FROM ({others}) JOIN ({filled}) USING ({', '.join(keys)}))"

    def _chosen(self, before: list[Segment], segment: Segment, step: Step) -> str:
        """What the statement reads of those rows that can belong to a survivor: only they are computed in full."""
        if segment.keys_of_source:
            keys = ", ".join(segment.keys)
            return step.view(f"(SELECT * FROM {step.chosen or step.rows} WHERE {_among(keys, self.survivors)})")
        every = self.admitted(_chain(before, step.source))
        matching = f"SELECT c.__seq FROM {every} AS c JOIN {self.survivors} AS s ON {_match(segment)}"
        return step.view(f"(SELECT * FROM {step.rows} WHERE __seq IN ({matching}))")

    def _keep(self, table: str, rows: str) -> None:
        if table in self.settled:
            self.connection.execute(f"INSERT INTO {table} SELECT * FROM {rows}")
        else:
            self.settled[table] = self._create(table, f"SELECT * FROM {rows}")

    def _prune(self, step: Step) -> None:
        """Forget what no later row can need."""
        if step.is_replay or step.high is None:
            return
        for number, segment in enumerate(self.plan.segments):
            table = f"{self.prefix}_{number}"
            if segment.kind == "tumble":
                needed = f"window_start > {_timestamp(step.high - segment.size_ms + 1)}"
            elif segment.kind == "range":
                oldest = step.high - segment.reach_ms - segment.size_ms * 3 // 2 - 1
                needed = f"{segment.time} >= {_timestamp(oldest)} OR __due > {_timestamp(step.high)}"
            else:
                continue
            self._rewrite(table, f"SELECT * FROM {table} WHERE {needed}")

    def _rewrite(self, table: str, needed: str) -> None:
        """Cut a table of state to what is needed once it has doubled, so that a step's cost stays flat."""
        (total,) = self._one(f"SELECT count(*) FROM {table}")
        if total > 2 * max(self.settled[table], _SMALL):
            self.settled[table] = self._create(f"{table}_needed", needed)
            self.connection.execute(f"DROP TABLE {table}; ALTER TABLE {table}_needed RENAME TO {table}")

    def _create(self, table: str, query: str) -> int:
        """A table of a query's rows; how many there are."""
        return self._one(f"CREATE OR REPLACE TEMP TABLE {table} AS {query}")[0]

    def _load(self, table: str, columns: dict[str, str], values: list[list[Any]]) -> None:
        """A table of Python lists, one per column."""
        cells = ", ".join(f"unnest(?::{type_}[]) AS {column}" for column, type_ in columns.items())
        self.connection.execute(f"CREATE OR REPLACE TEMP TABLE {table} AS SELECT {cells}", values)

    def _one(self, query: str) -> tuple[int, ...]:
        row: tuple[int, ...] = self.connection.execute(query).fetchall()[0]
        return row


def choose(runs: Sequence[StatementRun], step: Step, connection: duckdb.DuckDBPyConnection) -> str:
    """The table of those rows that the survivors of several statements are computed from: one reading of the batch."""
    tables: dict[str, list[str]] = {}
    for keys, survivors in itertools.chain.from_iterable(run.wanted() for run in runs):
        tables.setdefault(keys, []).append(f"SELECT {keys} FROM {survivors}")
    among = [_among(keys, f"({' UNION ALL '.join(selects)})") for keys, selects in tables.items()]
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE __chosen AS SELECT * FROM {step.rows} WHERE {' OR '.join(among) or 'FALSE'}"
    )
    return "__chosen"


def _among(keys: str, table: str) -> str:
    return f"({keys}) IN (SELECT ({keys}) FROM {table})"


def _query(segment: Segment, relation: str, answers: str | None = None) -> str:
    extra = f", __answers AS (SELECT * FROM {answers})" if answers else ""
    return f"(WITH {INPUT} AS (SELECT * FROM {relation}){extra}, {segment.sql.removeprefix('WITH ')})"


def _chain(segments: list[Segment], relation: str) -> str:
    for segment in segments:
        relation = _query(segment, relation)
    return relation


def _match(segment: Segment) -> str:
    """How a row of a window's input, `c`, belongs to a surviving row, `s`."""
    on = [f"c.{key} = s.{key}" for key in segment.keys]
    if segment.kind == "tumble":
        return " AND ".join([*on, "c.window_start = s.window_start"])
    first = f"s.{segment.time} - INTERVAL '{segment.size_ms}' MILLISECOND"
    return " AND ".join([*on, "c.__epoch = s.__epoch", f"c.{segment.time} BETWEEN {first} AND s.{segment.time}"])


def _timestamp(milliseconds: int) -> str:
    return f"make_timestamp_ms({milliseconds})"


def _between(column: str, step: Step) -> str:
    """Whether an instant lies between the last watermark and this one."""
    above = "TRUE" if step.low is None else f"{column} > {_timestamp(step.low)}"
    return above if step.high is None else f"({above} AND {column} <= {_timestamp(step.high)})"
