"""A replay on Apache Flink: the rows go to it as a file, and come back as the embedded engine gives them."""

import tempfile
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb

from sentinel_cli.flink.pipeline import run_stage
from sentinel_cli.flink.referee import Referee
from sql import Pipeline
from sql.topics import ALERTS, ENRICHED, RAW

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def replay_on_flink(
    connection: duckdb.DuckDBPyConnection, pipeline: Pipeline, until: str
) -> dict[str, list[dict[str, Any]]]:
    """
    Run `arrived_transactions` through Flink, stage after stage, up to a table; the rows of each sink.

    Raises:
        EngineError: Flink could not be started, or failed.
    """
    rows: dict[str, list[dict[str, Any]]] = {}
    with tempfile.TemporaryDirectory() as folder, Referee(timeout=3_600, long_runs=True) as referee:
        path = Path(folder, "transactions.jsonl")
        write_epoch_file(connection, path)
        rows |= run_stage(referee, pipeline, RAW, path)
        for source in (ALERTS, ENRICHED):
            if until != ALERTS:
                rows |= run_stage(referee, pipeline, source, rows[source])
    return {table: [_typed(pipeline, table, row) for row in found] for table, found in rows.items()}


def write_epoch_file(connection: duckdb.DuckDBPyConnection, path: Path) -> None:
    """Write `arrived_transactions` as the referee reads a file: times as epoch milliseconds, the key as base64."""
    connection.execute(
        'COPY (SELECT to_base64(encode(account_id)) AS key, * EXCLUDE (__seq, event_time, "$rowtime"), '
        'epoch_ms(event_time) AS event_time_ms, epoch_ms("$rowtime") AS "$rowtime_ms" '
        f"FROM arrived_transactions ORDER BY __seq) TO '{path}' (FORMAT json)"
    )


def _typed(pipeline: Pipeline, table: str, row: dict[str, Any]) -> dict[str, Any]:
    return {c.name: _value(row.get(c.name), c.type) for c in pipeline.table(table).columns}


def _value(value: Any, type_: str) -> Any:
    if value is None:
        return None
    if type_.startswith("TIMESTAMP"):
        return datetime.fromtimestamp(value / 1000, UTC).replace(tzinfo=None)
    return Decimal(value) if type_.startswith("DECIMAL") else value
