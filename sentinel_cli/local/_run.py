"""
Runs a plan on DuckDB: each step takes new rows up to a watermark and gives what Flink would emit for them.

A replay is one step that ends with the last watermark; it keeps no state. Both ways run the same segments.
"""

import functools
import itertools
from collections.abc import Callable, Sequence
from typing import Any

import duckdb

from sentinel_cli.local._candidates import Candidates, with_due
from sentinel_cli.local._lateness import admit
from sentinel_cli.local._model import Model
from sentinel_cli.local._plan import Plan, Segment, chain
from sentinel_cli.local._range_state import RangeState, in_epochs
from sentinel_cli.local._step import Step
from sentinel_cli.local._tumble_state import TumbleState, windows

Answers = list[list[tuple[str | None, ...]]]
Managed = Callable[[Sequence[tuple[str, ...]]], Answers]
"""
A managed table function over a batch: for each tuple of arguments, the rows that it yields.

A row may end with one value more than the SQL reads: the name of who answered, which then stands in the column `model`
in place of the name that the SQL asked for.
"""


class StatementRun:
    """One statement and the state that it keeps between steps."""

    def __init__(
        self,
        plan: Plan,
        connection: duckdb.DuckDBPyConnection,
        managed: dict[str, Managed],
        candidates: Candidates | None = None,
    ) -> None:
        self.plan, self.connection, self.managed, self.candidates = plan, connection, managed, candidates
        """`candidates` are what its windows are over where it runs step by step."""
        self.prefix = f"__{plan.statement.name.replace('-', '_')}"
        self.survivors = f"{self.prefix}_survivors"
        self.over: RangeState | None = None
        self.tumbling: TumbleState | None = None
        self.models: dict[str, Model] = {}
        for number, segment in enumerate(plan.segments):
            name = f"{self.prefix}_{number}"
            if segment.kind == "model":
                self.models[name] = Model(connection, segment, name)
            elif segment.kind == "range" and candidates:
                self.over = RangeState(connection, name, segment, candidates)
            elif segment.kind == "tumble" and candidates:
                self.tumbling = TumbleState(segment, candidates)
        self.admitted: Callable[[str], str] = str
        self.answered_by = ""
        """The table of who answered, by `__seq`, where the statement calls a managed function."""
        self.asked = ""
        """A query of what a managed function was asked in the last step: alert and text; none if it was not called."""

    def step(self, step: Step) -> str | None:
        """Take the rows of a step; the table of what the statement emits, with the sink's column names, if anything."""
        return self.emit(step) if self.survive(step) else None

    def survive(self, step: Step) -> int:
        """Take the rows of a step, and count those that the statement's filter leaves; they stand in a table."""
        if self.plan.only_late and not step.has_late:
            return 0
        relation, where = step.source, self.plan.where
        for number, segment in enumerate(self.plan.segments):
            relation = getattr(self, f"_{segment.kind}")(f"{self.prefix}_{number}", segment, relation, step)
            if segment.kind == "tumble" and not step.is_replay and not step.closes(segment.size_ms):
                return 0
        if any(segment.kind == "range" for segment in self.plan.segments):
            where = f"({where}) AND {step.passed('__due')}"
        relation = self._narrowed(relation, where)
        alive = self._filtered(relation, where) if relation else 0
        for number, segment in enumerate(self.plan.segments):
            if alive and segment.bounds:
                alive = self._filtered(self._filled(number, segment.bounds, step), where)
        if not alive:
            self._forget(step)
        return alive

    def _narrowed(self, relation: str, where: str) -> str:
        """The relation, of the keys of which rows come out, where its rows are those of an OVER; empty if none do."""
        if self.over is None:
            return relation
        near = self.over.narrow(relation, where) if self.over.oldest else ""
        return near and self.plan.segments[-1].over(near)

    def _filtered(self, relation: str, where: str) -> int:
        return self._create(self.survivors, f"SELECT * FROM {relation} WHERE {where}")

    def wanted(self) -> list[tuple[str, str]]:
        """Columns of the source, and a table with the only values of them in rows that `emit` computes in full."""
        segments = [segment for segment in self.plan.segments if segment.deferred and segment.keys_of_source]
        return [(", ".join(segment.keys), self.survivors) for segment in segments]

    def emit(self, step: Step) -> str:
        """
        The table of what the statement emits for the rows that survived, with the sink's column names.

        Its first column, `__at`, puts what several statements emit into the order in which steps of one row would.
        """
        projection, relation, emitted = dict(self.plan.projection), self.survivors, f"{self.prefix}_emitted"
        for number, segment in enumerate(self.plan.segments):
            if segment.deferred:
                relation = self._filled(number, segment.deferred, step)
        if self.answered_by and "model" in projection:
            relation = f"(SELECT * FROM {relation} LEFT JOIN {self.answered_by} USING (__seq))"
            projection["model"] = f"coalesce(__by, {projection['model']})"
        columns = ", ".join(f'{expression} AS "{target}"' for target, expression in projection.items())
        self._create(emitted, f"SELECT {self._at(projection)} AS __at, {columns} FROM {relation}")
        self._forget(step)
        return emitted

    def _at(self, projection: dict[str, str]) -> str:
        """When a window emits a row, which of a tumbling one is its last instant; without windows, as rows arrive."""
        window = self.plan.windowed
        if window is None:
            return "__seq"
        return "__due" if window.kind == "range" else projection["detected_at"]

    def waits(self, partition: int, watermark: int) -> bool:
        """Whether some row of a partition is in an open window, or has not been judged."""
        window = self.over or self.tumbling
        return window is not None and window.waits(partition, watermark)

    def recall(self, step: Step) -> None:
        """Take rows of which nothing comes out: those that come later are compared with them."""
        kinds = [segment.kind for segment in self.plan.segments]
        last, relation = kinds.index("compare") if "compare" in kinds else -1, step.source
        for number, segment in enumerate(self.plan.segments[: last + 1]):
            relation = getattr(self, f"_{segment.kind}")(f"{self.prefix}_{number}", segment, relation, step)
        self.forget_seen()

    def forget_seen(self) -> None:
        """Let rows come out that came before; with what they are compared is not forgotten."""
        for number, segment in enumerate(self.plan.segments):
            if segment.kind == "first":
                self.connection.execute(f"DROP TABLE IF EXISTS {self.prefix}_{number}_seen")

    def _rows(self, _name: str, segment: Segment, relation: str, _step: Step) -> str:
        return segment.over(relation)

    def _tumble(self, _name: str, segment: Segment, relation: str, step: Step) -> str:
        """Windows: of a step those that close, of a replay all."""
        if self.tumbling:
            return segment.over(self.tumbling.rows(step, self.tumbling.candidates.named(segment.sql)))
        self.admitted = functools.partial(windows, segment)
        return segment.over(self.admitted(relation))

    def _range(self, name: str, segment: Segment, relation: str, step: Step) -> str:
        """Of a step those rows are judged whose time has come, with their keys' others; of a replay all."""
        if self.over:
            self.over.take(step)
            return segment.over(self.over.needed(self.over.candidates.named(segment.sql + self.plan.where)))
        self.admitted = self._admission(name, segment, relation, step)
        return segment.over(self.admitted(relation))

    def _admission(self, name: str, segment: Segment, relation: str, step: Step) -> Callable[[str], str]:
        """From rows to those that the OVER of a replay accepts, with `__due` and `__epoch`."""
        if not step.has_late:
            return lambda rows: in_epochs(with_due(segment.time, rows), "")
        table, keys = f"{name}_admitted", ", ".join(segment.keys)
        late = f"SELECT ({keys}) FROM {relation} WHERE __behind IS NOT NULL"
        rows = self.connection.execute(
            f"SELECT r.__seq, {keys}, epoch_ms(r.{segment.time}), w.__wm FROM {relation} AS r "
            f"JOIN {step.watermarks} AS w USING (__seq) WHERE ({keys}) IN ({late}) ORDER BY r.__seq"
        ).fetchall()
        judged_rows = ((row[0], row[1:-2], row[-2], row[-1]) for row in rows)
        epochs = admit(judged_rows, segment.size_ms, {})
        self._load(table, {"__seq": "BIGINT", "__epoch": "BIGINT"}, [[row[0] for row in rows], epochs])
        return lambda rows: in_epochs(with_due(segment.time, rows), table)

    def _model(self, name: str, segment: Segment, relation: str, step: Step) -> str:
        """Each new row is judged on the history of its key."""
        kept = self.plan.where if segment is self.plan.segments[-1] else "TRUE"
        return self.models[name].judge(relation, kept, is_replay=step.is_replay)

    def _first(self, name: str, segment: Segment, relation: str, _step: Step) -> str:
        keys = ", ".join(segment.keys)
        seen, new = f"{name}_seen", f"{name}_new"
        self.connection.execute(f"CREATE TEMP TABLE IF NOT EXISTS {seen} AS SELECT {keys} FROM {relation} LIMIT 0")
        unseen = f"(SELECT * FROM {relation} WHERE ({keys}) NOT IN (SELECT ({keys}) FROM {seen}))"
        self._create(new, f"SELECT * FROM {segment.over(unseen)}")
        self.connection.execute(f"INSERT INTO {seen} SELECT {keys} FROM {new}")
        return new

    def _compare(self, name: str, segment: Segment, relation: str, _step: Step) -> str:
        """Put the first of its keys beside each row; it may be the row itself."""
        keys, firsts = ", ".join(segment.keys), f"{name}_firsts"
        rows = f"SELECT {', '.join([*segment.keys, *segment.compared])} FROM {relation}"
        self.connection.execute(f"CREATE TEMP TABLE IF NOT EXISTS {firsts} AS {rows} LIMIT 0")
        unknown = f"WHERE ({keys}) NOT IN (SELECT ({keys}) FROM {firsts})"
        earliest = f"QUALIFY row_number() OVER (PARTITION BY {keys} ORDER BY __seq) = 1"
        self.connection.execute(f"INSERT INTO {firsts} {rows} {unknown} {earliest}")
        return segment.over(relation, __firsts=firsts)

    def _call(self, name: str, segment: Segment, relation: str, _step: Step) -> str:
        """Ask the managed function once for each row; a row without an answer stays."""
        asked = f"{name}_asked"
        self._create(asked, f"SELECT *, row_number() OVER (ORDER BY __seq) AS __row FROM {relation}")
        alias = segment.alias
        arguments = ", ".join(segment.arguments)
        batch = self.connection.execute(f"SELECT {arguments} FROM {asked} AS {alias} ORDER BY __row").fetchall()
        answers = self.managed[segment.function](batch)
        # The model or agent is the first argument, the text the second.
        self.asked = f"SELECT {alias}.alert_id, {segment.arguments[1]} FROM {asked} AS {alias} ORDER BY __row"
        columns = {"__row": "BIGINT"} | dict.fromkeys(segment.answer_columns, "VARCHAR")
        given = [(n, *row) for n, rows in enumerate(answers, 1) for row in rows]
        self._load(f"{name}_answers", columns, [[row[i] for row in given] for i in range(len(columns))])
        width = len(segment.answer_columns)
        self._name(name, {n: row[width] for n, rows in enumerate(answers, 1) for row in rows if len(row) > width})
        return segment.over(asked, __answers=f"{name}_answers")

    def _name(self, name: str, by: dict[int, str | None]) -> None:
        """Note who answered the rows of a call."""
        self.answered_by = f"{name}_answered_by"
        self._load("__named", {"__row": "BIGINT", "__by": "VARCHAR"}, [list(by), list(by.values())])
        self._create(self.answered_by, f"SELECT __seq, __by FROM {name}_asked JOIN __named USING (__row)")

    def _filled(self, number: int, columns: dict[str, str], step: Step) -> str:
        """The rows that survived with aggregates of the window at a segment, computed for them alone."""
        segment, before, survivors = self.plan.segments[number], self.plan.segments[:number], self.survivors
        if self.over:
            rows = self.over.near
        elif self.tumbling:
            rows = self.tumbling.rows(step, "*")
        else:
            rows = self.admitted(chain(before, self._chosen(before, segment, step)))
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
        every = self.admitted(chain(before, step.source))
        matching = f"SELECT c.__seq FROM {every} AS c JOIN {self.survivors} AS s ON {_match(segment)}"
        return step.view(f"(SELECT * FROM {step.rows} WHERE __seq IN ({matching}))")

    def _forget(self, step: Step) -> None:
        """Forget what no later row can need."""
        if self.over:
            self.over.forget(step)

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


def candidates_of(runs: Sequence[StatementRun]) -> dict[Candidates, StatementRun]:
    """What the windows of statements are over, each with one of the statements."""
    return {run.candidates: run for run in runs if run.candidates}


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


def _match(segment: Segment) -> str:
    """How a row of a window's input, `c`, belongs to a surviving row, `s`."""
    on = [f"c.{key} = s.{key}" for key in segment.keys]
    if segment.kind == "tumble":
        return " AND ".join([*on, "c.window_start = s.window_start"])
    first = f"s.{segment.time} - INTERVAL '{segment.size_ms}' MILLISECOND"
    return " AND ".join([*on, "c.__epoch = s.__epoch", f"c.{segment.time} BETWEEN {first} AND s.{segment.time}"])
