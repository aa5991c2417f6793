"""Replays files through the pipeline: what was read, what came out, and what was set aside."""

import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb

from sentinel_cli.inputs import InputReport, load_transactions, read_mapping
from sentinel_cli.kafka.partitioner import partition_of
from sentinel_cli.ledger.recorder import Recorder, find_recorder, recording
from sentinel_cli.llm.functions import find_answering
from sentinel_cli.local._run import Managed
from sentinel_cli.local.engine import Engine, duckdb_type, join_cases
from sentinel_cli.local.stand_ins import STAND_INS
from sql import Pipeline, load_pipeline
from sql.topics import ALERTS, DEAD_LETTERS, DISPOSITIONS, ENRICHED, LATE, RAW

Rows = dict[str, list[dict[str, Any]]]
"""The rows of each sink."""
STEP_ROWS = 50_000
"""Rows of a step of an incremental run."""


@dataclass(frozen=True)
class Request:
    """What to replay, and how."""

    inputs: list[str]
    mapping: Path | None = None
    sort: bool = False
    until: str = "alerts"
    incremental: bool = False
    partitions: int | None = None
    """Into which rows are placed by account, each with a watermark of its own; one for all without it."""
    threads: int | None = None
    engine: str = "duckdb"
    rules: list[str] | None = None
    parameters: dict[str, object] = field(default_factory=dict)
    out: Path | None = None
    labels: Path | None = None
    json: bool = False
    ledger: Path | None = None
    """Where every decision is recorded; without it those of a model alone, in the usual ledger."""


@dataclass
class Summary:
    """The figures of a replay."""

    rows_read: int
    filtered: int
    undecodable: int
    rejected: int = 0
    """Rows that were decoded but break the contract."""
    late: int = 0
    repeated_event_ids: int = 0
    unmonitored_currencies: dict[str, int] = field(default_factory=dict)
    """Decoded transactions in a currency that no money threshold speaks of; some may break the contract."""
    alerts: dict[str, int] = field(default_factory=dict)
    """By rule."""
    seconds: float = 0.0
    """Reading and running, without writing."""
    events_per_second: int = 0


@dataclass(frozen=True)
class Outcome:
    """The rows that a replay gives, and its figures."""

    rows: list[dict[str, Any]]
    alerts: list[dict[str, Any]]
    summary: Summary
    connection: duckdb.DuckDBPyConnection
    """Holds the table `undecodable`: every row that was set aside, with the reason."""
    parquet_columns: dict[str, str]


@contextmanager
def replay(request: Request) -> Iterator[Outcome]:
    """
    Run the inputs through the pipeline; the end of the input closes every window.

    Raises:
        PipelineError: a parameter or rule is unknown or out of bounds.
        InputError: an input cannot be read.
        EngineError: the engine could not run.
        LedgerError: what was decided cannot be recorded.
    """
    pipeline, recorder = load_pipeline(request.parameters, rules=request.rules), _recorder(request)
    until = ALERTS if request.until == "alerts" else DISPOSITIONS
    with (
        _managed(pipeline, request, recorder) as managed,
        Engine(pipeline, until=until, incremental=_in_steps(request), managed=managed) as engine,
    ):
        connection = engine.connection
        if request.threads:
            connection.execute(f"SET threads = {request.threads}")
        started = time.perf_counter()
        mapping = read_mapping(request.mapping) if request.mapping else None
        report = load_transactions(
            connection, request.inputs, mapping=mapping, sort=request.sort, arrived=datetime.now(UTC)
        )
        if request.engine == "flink":
            from sentinel_cli.flink.replay import replay_on_flink

            rows = replay_on_flink(connection, pipeline, until)
        else:
            rows = _replay_embedded(engine, request, recorder)
        seconds = time.perf_counter() - started
        summary = _summarise(connection, pipeline, report, rows)
        summary.seconds, summary.events_per_second = round(seconds, 3), round(report.rows_read / seconds)
        _set_aside(connection, rows[DEAD_LETTERS])
        cases = rows[ALERTS] if until == ALERTS else join_cases(rows)
        yield Outcome(cases, rows[ALERTS], summary, connection, _parquet_columns(pipeline, until))


def _decides(request: Request) -> bool:
    """Whether the managed functions are called here: on Apache Flink stand-ins of its own answer."""
    return request.until != "alerts" and request.engine != "flink"


def _recorder(request: Request) -> Recorder | None:
    return find_recorder(request.ledger) if _decides(request) else None


def _managed(
    pipeline: Pipeline, request: Request, recorder: Recorder | None
) -> AbstractContextManager[Mapping[str, Managed]]:
    if not _decides(request):
        return nullcontext(STAND_INS)
    return (recorder.answering(pipeline) if recorder else find_answering(pipeline)).functions()


def _replay_embedded(engine: Engine, request: Request, recorder: Recorder | None) -> Rows:
    for batch, is_last in _batches(engine.connection, request):
        with recording(recorder, engine):
            if _in_steps(request):
                engine.step(batch, is_last=is_last, has_partitions=bool(request.partitions))
            else:
                engine.replay(batch)
    return {table.name: engine.rows(table.name) for table in engine.pipeline.tables if table.name != RAW}


def _set_aside(connection: duckdb.DuckDBPyConnection, dead_letters: list[dict[str, Any]]) -> None:
    """Put the rows that break the contract beside those that could not be decoded."""
    for row in dead_letters:
        values = [row["source"], f"breaks the contract: {row['reason']}", row["record"]]
        connection.execute("INSERT INTO undecodable VALUES (?, NULL, ?, ?)", values)


def _parquet_columns(pipeline: Pipeline, until: str) -> dict[str, str]:
    """The columns of the rows, as DuckDB types; times are epoch milliseconds."""
    empty = {name: [dict.fromkeys(c.name for c in pipeline.table(name).columns)] for name in (ENRICHED, DISPOSITIONS)}
    names = join_cases(empty)[0] if until == DISPOSITIONS else [c.name for c in pipeline.table(ALERTS).columns]
    types = {c.name: duckdb_type(c) for name in (ENRICHED, DISPOSITIONS) for c in pipeline.table(name).columns}
    return {name: types.get(name, "VARCHAR").replace("TIMESTAMP", "BIGINT") for name in names}


def _summarise(connection: duckdb.DuckDBPyConnection, pipeline: Pipeline, report: InputReport, rows: Rows) -> Summary:
    monitored = {str(rule.values["currency"]) for rule in pipeline.rules if "currency" in rule.values}
    currencies = connection.execute(
        "SELECT currency, count(*) FROM arrived_transactions WHERE transaction_type <> 'HEARTBEAT' "
        "GROUP BY currency ORDER BY currency"
    ).fetchall()
    repeated = connection.execute(
        "SELECT count(*) - count(DISTINCT hash(event_id)) FROM arrived_transactions"
    ).fetchall()[0][0]
    return Summary(
        rows_read=report.rows_read,
        filtered=report.filtered,
        undecodable=report.undecodable,
        rejected=len(rows[DEAD_LETTERS]),
        late=len(rows[LATE]),
        repeated_event_ids=repeated,
        unmonitored_currencies={c: n for c, n in currencies if monitored and c not in monitored},
        alerts=dict(sorted(Counter(alert["rule_id"] for alert in rows[ALERTS]).items())),
    )


def _in_steps(request: Request) -> bool:
    return request.incremental or bool(request.partitions)


def _place(connection: duckdb.DuckDBPyConnection, partitions: int) -> str:
    """Relation of the arrived rows with the partition of each, as Kafka's producers choose it by the account."""
    accounts = [row[0] for row in connection.execute("SELECT DISTINCT account_id FROM arrived_transactions").fetchall()]
    placed = {"account_id": accounts, "__partition": [partition_of(a.encode(), partitions) for a in accounts]}
    columns = "unnest(?::VARCHAR[]) AS account_id, unnest(?::INTEGER[]) AS __partition"
    connection.execute(f"CREATE TEMP TABLE __placed AS SELECT {columns}", list(placed.values()))
    return "(SELECT * FROM arrived_transactions JOIN __placed USING (account_id))"


def _batches(connection: duckdb.DuckDBPyConnection, request: Request) -> Iterator[tuple[str, bool]]:
    """Relations of the arrived rows, and whether each is the last."""
    if not _in_steps(request):
        yield "arrived_transactions", True
        return
    (end,) = connection.execute("SELECT coalesce(max(__seq), -1) + 1 FROM arrived_transactions").fetchall()[0]
    rows = _place(connection, request.partitions) if request.partitions else "arrived_transactions"
    for start in range(0, max(end, 1), STEP_ROWS):
        part = f"SELECT * FROM {rows} WHERE __seq >= {start} AND __seq < {start + STEP_ROWS} ORDER BY __seq"
        # A table, because a join keeps no order, and the engine reads a batch more than once.
        connection.execute(f"CREATE OR REPLACE TEMP TABLE __part AS {part}")
        yield "__part", start + STEP_ROWS >= end
