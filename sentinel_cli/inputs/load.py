"""Loads the inputs of a replay into DuckDB, in order of arrival, without losing a row."""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

import duckdb

from sentinel_cli.inputs.contract import COLUMNS, name, text
from sentinel_cli.inputs.judge import Part, judge
from sentinel_cli.inputs.mapping import Mapping
from sentinel_cli.inputs.sources import open_source
from sentinel_cli.inputs.spool import spool_file
from sql.errors import UsageError


@dataclass(frozen=True, kw_only=True)
class InputReport:
    """What was read; rows_read = arrived + undecodable + filtered."""

    rows_read: int
    undecodable: int
    filtered: int  # by the mapping's `where`
    files: int
    seconds: float

    @property
    def arrived(self) -> int:
        """How many rows stand in arrived_transactions."""
        return self.rows_read - self.undecodable - self.filtered


def load_transactions(
    connection: duckdb.DuckDBPyConnection,
    inputs: Sequence[str],
    *,
    mapping: Mapping | None = None,
    sort: bool = False,
    arrived: datetime | None = None,
) -> InputReport:
    """Create the view `arrived_transactions` and the table `undecodable` from the inputs, in the order given.

    arrived_transactions: `__seq` BIGINT (order of arrival from 0, with gaps), the contract's columns (amount DOUBLE,
    event_time TIMESTAMP in UTC with milliseconds) and `$rowtime` TIMESTAMP: the record's own where it has one, else
    `arrived` (NULL without it; a naive datetime is UTC). With `sort`, `__seq` follows event_time, ties as they arrived.
    undecodable: source, line (from 1, NULL where unknown), reason, original.
    `mapping` applies to every input. Spooled rows live in temporary files until the process ends.
    Raises InputError when an input cannot be read at all, UsageError when there is none.
    """
    if not inputs:
        raise UsageError("No INPUT given: name files of transactions, or - for standard input.")
    started = time.perf_counter()
    with _in_order(connection):
        parts = [judge(connection, open_source(argument), mapping, _instant(arrived)) for argument in inputs]
        _create_undecodable(connection, parts)
        _create_arrived(connection, parts, sort)
    return InputReport(
        rows_read=sum(part.rows_read for part in parts),
        undecodable=sum(part.undecodable for part in parts),
        filtered=sum(part.filtered for part in parts),
        files=len(inputs),
        seconds=time.perf_counter() - started,
    )


@contextmanager
def _in_order(connection: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """Rows keep the order of their file, whatever the caller's setting."""
    setting = "preserve_insertion_order"
    (before,) = connection.execute(f"SELECT current_setting('{setting}')").fetchall()[0]
    connection.execute(f"SET {setting} = true")
    try:
        yield
    finally:
        connection.execute(f"SET {setting} = {before}")


def _instant(arrived: datetime | None) -> str:
    if arrived is None:
        return "NULL::TIMESTAMP"
    return f"epoch_ms({int(arrived.replace(tzinfo=arrived.tzinfo or UTC).timestamp() * 1000)})"


def _create_undecodable(connection: duckdb.DuckDBPyConnection, parts: list[Part]) -> None:
    connection.execute(
        "CREATE OR REPLACE TABLE undecodable (source VARCHAR, line BIGINT, reason VARCHAR, original VARCHAR)"
    )
    for part in parts:
        source = text(part.source)
        if part.fates.get("undecodable"):
            connection.execute(
                f"INSERT INTO undecodable SELECT {source}, number, reason, original "
                f"FROM {part.relation} WHERE original IS NOT NULL"
            )
        if part.unreadable:
            columns = "{line: 'BIGINT', reason: 'VARCHAR', original: 'VARCHAR'}"
            connection.execute(
                f"INSERT INTO undecodable SELECT {source}, * FROM read_json({text(str(part.unreadable))}, "
                f"columns = {columns}, format = 'newline_delimited', maximum_object_size = {1 << 28})"
            )


def _create_arrived(connection: duckdb.DuckDBPyConnection, parts: list[Part], sort: bool) -> None:
    columns, offset, selects = ", ".join(map(name, COLUMNS)), 0, list[str]()
    for part in parts:
        only_arrived = "" if part.fates.keys() <= {"arrived"} else " WHERE reason IS NULL"
        selects.append(f"SELECT {offset} + place AS __seq, {columns} FROM {part.relation}{only_arrived}")
        offset += sum(part.fates.values())
    union = " UNION ALL ".join(selects)
    if sort:
        spool = text(str(spool_file(".parquet")))
        connection.execute(
            f"COPY (SELECT {columns} FROM ({union}) ORDER BY event_time, __seq) TO {spool} (FORMAT parquet)"
        )
        union = f"SELECT file_row_number AS __seq, {columns} FROM read_parquet({spool}, file_row_number = true)"
    connection.execute(f"CREATE OR REPLACE VIEW arrived_transactions AS {union}")
