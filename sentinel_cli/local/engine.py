"""The embedded engine: a pipeline on one DuckDB connection, as one replay or step by step."""

import weakref
from collections import Counter
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Any

import duckdb

from sentinel_cli.local._arrival import arrive, arrive_all, judge
from sentinel_cli.local._candidates import Candidates
from sentinel_cli.local._capture import Capture
from sentinel_cli.local._expressions import to_duckdb
from sentinel_cli.local._functions import register_functions
from sentinel_cli.local._keys import Keys
from sentinel_cli.local._plan import INPUT, Plan
from sentinel_cli.local._planner import make_plan
from sentinel_cli.local._run import Managed, StatementRun, candidates_of, choose
from sentinel_cli.local._saved import Saved
from sentinel_cli.local._step import Step
from sentinel_cli.local.stand_ins import STAND_INS
from sql import Column, Pipeline, Statement, Table
from sql.dialect import parse
from sql.topics import ALERTS, RAW

_TYPES = {
    "STRING": "VARCHAR",
    "DOUBLE": "DOUBLE",
    "BIGINT": "BIGINT",
    "BOOLEAN": "BOOLEAN",
    "ARRAY<STRING>": "VARCHAR[]",
}


class Engine:
    """
    Runs every INSERT of a pipeline, on one replay or, if it is `incremental`, in steps.

    A batch is a relation with the columns of transactions_raw, `$rowtime` and `__seq`, ascending in order of arrival.
    In steps it may have a `__partition` too, and need be in order within each: a partition has a watermark, a state and
    a lateness of its own, so that its results are a function of its rows alone. What a statement writes is appended to
    the DuckDB table of the sink's name, with a `__seq` of its own. `after` a table of alerts there are only enrichment
    and triage, for `decide`.
    """

    def __init__(
        self,
        pipeline: Pipeline,
        *,
        after: str = RAW,
        until: str = "sentinel.alert_dispositions",
        incremental: bool = False,
        managed: Mapping[str, Managed] = STAND_INS,
    ) -> None:
        self.connection = duckdb.connect()
        self.connection.execute("SET TimeZone = 'UTC'")
        # At 16 MB, the default, what is in memory is compressed with every other step, for as long as the step takes.
        self.connection.execute("SET checkpoint_threshold = '256MB'")
        register_functions(self.connection)
        # A connection with functions that is still open when the interpreter ends makes DuckDB complain at length.
        weakref.finalize(self, self.connection.close)
        self.watermarks: dict[int, int] = {}
        """By partition, in epoch milliseconds; rows without one are in partition 0."""
        self.pipeline = pipeline
        plans = [make_plan(s, numbered=incremental and RAW in s.reads) for s in _needed(pipeline, after, until)]
        self.view = _shared_view(plans)
        kept = _gather(plans, self.connection) if incremental else {}
        self.runs = [StatementRun(p, self.connection, dict(managed), kept.get(p.statement.name)) for p in plans]
        self.candidates = candidates_of(self.runs)
        self.keys = Keys(self.connection)
        self.written: Counter[str] = Counter()
        """Rows that each sink holds."""
        self.taken: dict[str, int] = {}
        for table in pipeline.tables:
            self._create_sink(table)
        expression = to_duckdb(parse(pipeline.watermarks[RAW], "watermark.sql"), "watermark.sql")
        self._mark = expression.sql(dialect="duckdb")

    def __enter__(self) -> "Engine":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.connection.close()

    def replay(self, batch: str) -> None:
        """Run everything at once; the end of the batch closes every window."""
        arrived = arrive_all(self.connection, batch, self._mark)
        steps = self._steps(arrived)
        alive = [run for run, step in steps.items() if run.survive(step)]
        chosen = choose(alive, arrived, self.connection) if alive else ""
        self._emit({run: run.emit(replace(steps[run], chosen=chosen)) for run in alive})
        self.decide()

    def step(self, batch: str, *, is_last: bool = False, has_partitions: bool = False) -> None:
        """Take a batch and emit what its watermarks complete; the last one closes every window."""
        rows = batch if has_partitions else f"(SELECT *, 0 AS __partition FROM {batch})"
        numbered = self.keys.beside(rows, "__batch_keys")
        self.connection.execute(f"CREATE OR REPLACE TEMP VIEW __batch AS SELECT * FROM {numbered}")
        arrived = arrive(self.connection, "__batch", self._mark, self.watermarks, is_last=is_last)
        steps = self._steps(arrived)
        for candidates, run in self.candidates.items():
            candidates.take(steps[run])
        self._emit({run: emitted for run, step in steps.items() if (emitted := run.step(step))})
        self.decide()
        for candidates in self.candidates:
            candidates.forget(arrived)
        self.watermarks |= arrived.highs

    def capture(self, partition: int) -> Capture:
        """What is kept of a partition, its watermark aside, to be written into a folder while the engine goes on."""
        return Capture(self.connection, self.keys, partition, self._detectors())

    def load(self, partition: int, folder: Path, watermark: int) -> None:
        """Take up what another run kept of a partition, and the watermark that it had."""
        self._saved(partition, folder).read(self._detectors(), watermark)
        self.watermarks[partition] = watermark

    def forget(self, partition: int) -> None:
        """Forget a partition altogether."""
        self._saved(partition, Path()).forget(self._detectors())
        self.watermarks.pop(partition, None)

    def waits(self, partition: int) -> bool:
        """Whether some row of a partition waits for its watermark to move."""
        mark = self.watermarks.get(partition)
        return mark is not None and any(run.waits(partition, mark) for run in self._detectors())

    def drain(self, table: str) -> list[dict[str, Any]]:
        """The rows of a sink, in the order of emission; the sink is empty after that."""
        if not self.written[table]:
            return []
        rows = self.rows(table)
        self._empty(table)
        self.taken = dict.fromkeys(self.taken, 0)
        return rows

    def fill(self, table: str, column: str, expression: str) -> None:
        """Let statements that write a table fill one column more, by DuckDB SQL over the row that it is made of."""
        for run in self.runs:
            if run.plan.statement.writes == table:
                run.plan.projection.append((column, expression))

    def append(self, table: str, rows: Sequence[Mapping[str, Any]]) -> None:
        """Put rows into a table as if a statement had written them; times as epoch milliseconds."""
        columns = self.pipeline.table(table).columns
        names = ", ".join(f'"{column.name}"' for column in columns)
        cells = ", ".join(_cell(duckdb_type(column)) for column in columns)
        first = self.count(table) + 1
        self.connection.execute(
            f'INSERT INTO "{table}" (__seq, {names}) SELECT unnest(?::BIGINT[]), {cells}',
            [list(range(first, first + len(rows))), *([row.get(column.name) for row in rows] for column in columns)],
        )
        self.written[table] += len(rows)

    def decide(self) -> None:
        """Run enrichment and triage on the alerts that have come since the last time."""
        for run in self.runs:
            if run.plan.source != RAW:
                self._advance(run)

    def enrich(self) -> None:
        """Run enrichment alone on the alerts that have come since the last time."""
        for run in self.runs:
            if run.plan.source == ALERTS:
                self._advance(run)

    def recall(self, table: str, rows: Sequence[Mapping[str, Any]]) -> None:
        """Let the statements that compare the rows of a table with earlier ones know some; every sink is emptied."""
        self.append(table, rows)
        for run in self.runs:
            if run.plan.source == table:
                run.recall(self._since(table, 0))
        self.clear()

    def asked(self, function: str) -> dict[str, str]:
        """The text that a managed function was given in the last step, by alert."""
        runs = [run for run in self.runs if run.asked and any(s.function == function for s in run.plan.segments)]
        return {alert: text for run in runs for alert, text in self.connection.execute(run.asked).fetchall()}

    def clear(self) -> None:
        """Empty every sink, and forget which alerts have been decided; with those that come next they are compared."""
        for table in self.pipeline.tables:
            self._empty(table.name)
        self.taken.clear()
        for run in self.runs:
            run.forget_seen()

    def rows(self, table: str, after: int = 0) -> list[dict[str, Any]]:
        """The rows of a sink with `__seq` above `after`, in the order of emission; times as naive UTC datetimes."""
        columns = [column.name for column in self.pipeline.table(table).columns]
        names = ", ".join(f'"{name}"' for name in columns)
        query = f'SELECT {names} FROM "{table}" WHERE __seq > {after} ORDER BY __seq'
        return [dict(zip(columns, row, strict=True)) for row in self.connection.execute(query).fetchall()]

    def _saved(self, partition: int, folder: Path) -> Saved:
        return Saved(self.connection, self.keys, partition, folder)

    def _detectors(self) -> list[StatementRun]:
        return [run for run in self.runs if run.plan.source == RAW]

    def _steps(self, arrived: Step) -> dict[StatementRun, Step]:
        """The step as each statement on transactions sees it: what most of them begin with is done once."""
        judged = judge(self.connection, arrived, self.view) if self.view else arrived
        return {run: judged if run.plan.view == self.view else arrived for run in self._detectors()}

    def _advance(self, run: StatementRun) -> None:
        """Give a statement what others wrote to the table that it reads, since it last looked."""
        table, name, run.asked = run.plan.source, run.plan.statement.name, ""
        taken, self.taken[name] = self.taken.get(name, 0), self.count(table)
        if self.taken[name] == taken:
            return
        if emitted := run.step(self._since(table, taken)):
            self._emit({run: emitted})

    def _since(self, table: str, taken: int) -> Step:
        """The rows that were written to a table after so many."""
        new = f'(SELECT *, CAST(NULL AS TIMESTAMP) AS __behind FROM "{table}" WHERE __seq > {taken})'
        return Step(new, "", has_late=False)

    def _emit(self, emitted: Mapping[StatementRun, str]) -> None:
        """Write what statements emit in a step; what several write to one sink, in one order, as if by itself."""
        sinks: dict[str, list[str]] = {}
        for run, relation in emitted.items():
            sinks.setdefault(run.plan.statement.writes, []).append(f"FROM {relation}")
        for sink, relations in sinks.items():
            rows = f"FROM ({' UNION ALL BY NAME '.join(relations)}) ORDER BY ALL"
            numbered = f"SELECT {self.count(sink)} + row_number() OVER () AS __seq, * EXCLUDE (__at) FROM ({rows})"
            inserted = self.connection.execute(f'INSERT INTO "{sink}" BY NAME {numbered}')
            self.written[sink] += inserted.fetchall()[0][0]

    def count(self, table: str) -> int:
        """How many rows a sink holds."""
        return self.written[table]

    def _empty(self, table: str) -> None:
        if self.written.pop(table, 0):
            self._create_sink(self.pipeline.table(table))

    def _create_sink(self, table: Table) -> None:
        """Make it, or make it anew: of a temporary table DuckDB keeps rows that are deleted as long as it lives."""
        columns = ", ".join(f'"{column.name}" {duckdb_type(column)}' for column in table.columns)
        self.connection.execute(f'CREATE OR REPLACE TEMP TABLE "{table.name}" (__seq BIGINT, {columns})')


def join_cases(rows: Mapping[str, list[dict[str, Any]]]) -> list[dict[str, Any]]:
    """Each disposition with its alert and summary, one object per case; who summarised stands under `summary_...`."""
    alerts = {row["alert_id"]: row for row in rows["sentinel.aml_alerts_enriched"]}
    return [{**_summarised(alerts[row["alert_id"]]), **row} for row in rows["sentinel.alert_dispositions"]]


def _summarised(alert: dict[str, Any]) -> dict[str, Any]:
    return {f"summary_{name}" if name in _BY_MODEL else name: value for name, value in alert.items()}


_BY_MODEL = {"model", "prompt_version", "status"}


def duckdb_type(column: Column) -> str:
    """The DuckDB type of a Flink column; every time is a TIMESTAMP in UTC."""
    if column.type.startswith("TIMESTAMP_LTZ"):
        return "TIMESTAMP"
    return column.type if column.type.startswith("DECIMAL") else _TYPES[column.type]


def _cell(type_: str) -> str:
    """A list of a parameter as a column; a sum is a Decimal, and a time epoch milliseconds."""
    if type_ == "TIMESTAMP":
        return "make_timestamp_ms(unnest(?::BIGINT[]))"
    return f"unnest(?::{type_}[])"


def _shared_view(plans: list[Plan]) -> tuple[str, str] | None:
    """The view that most statements on transactions begin with, taken out of their plans."""
    views = Counter(plan.view for plan in plans if plan.source == RAW and plan.view)
    shared = views.most_common(1)[0][0] if views else None
    for plan in plans:
        if shared is not None and plan.view == shared:
            plan.segments[0].ctes[0] = (shared[0], f"SELECT * FROM {INPUT}")
    return shared


def _gather(plans: list[Plan], connection: duckdb.DuckDBPyConnection) -> dict[str, Candidates]:
    """By statement with windows, what these are over: the same for those that select the same rows by the same key."""
    known: dict[Hashable, Candidates] = {}
    found = {}
    for plan in plans:
        if plan.source == RAW and (window := plan.windowed):
            what = (plan.view, *(segment.sql for segment in plan.selection), window.keys, window.time)
            name = f"__candidates_{len(known)}"
            candidates = known.setdefault(what, Candidates(connection, name, plan.selection, window))
            candidates.serve(window)
            found[plan.statement.name] = candidates
    return found


def _needed(pipeline: Pipeline, after: str, until: str) -> list[Statement]:
    """The INSERTs from one table up to another: those that write what it is made of, and the routes."""
    inserts = [s for s in pipeline.statements if s.kind == "insert" and (after == RAW or RAW not in s.reads)]
    tables = {until}
    while added := {t for s in inserts if s.writes in tables for t in s.reads} - tables:
        tables |= added
    return [s for s in inserts if s.writes in tables or RAW in s.reads]
