"""Writes results: alerts and dispositions as JSON Lines or Parquet, and the rows that could not be read.

Times are epoch milliseconds, money is a JSON number with two decimals. A file is written aside and renamed, so that a
run that fails leaves no half file, and what stood there before.
"""

import os
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import orjson

from sql.errors import InputError

if TYPE_CHECKING:
    import duckdb

_TYPES = {bool: "BOOLEAN", int: "BIGINT", float: "DOUBLE", Decimal: "DECIMAL(18, 2)", datetime: "BIGINT"}


def write_rows(
    rows: Iterable[Mapping[str, object]], path: str | None, *, columns: Mapping[str, str] | None = None
) -> int:
    """Write rows to a file, as Parquet if it ends in .parquet, else as JSON Lines; to stdout if None. Return how many.

    A naive datetime is UTC. `columns` gives the DuckDB types of a Parquet file's columns; without it they follow from
    the values: Decimal DECIMAL(18, 2), int and datetime BIGINT, list VARCHAR[], other VARCHAR. Only columns and no rows
    make a Parquet file without rows, so callers who may have no rows give them.
    Raises InputError when the file cannot be written.
    """
    if path is None:
        count = _write_json_lines(rows, sys.stdout.buffer)
        sys.stdout.buffer.flush()
        return count
    with written_aside(path) as aside:
        if Path(path).suffix == ".parquet":
            return _write_parquet(list(rows), columns, aside)
        with aside.open("wb") as file:
            return _write_json_lines(rows, file)


def write_rejected(connection: "duckdb.DuckDBPyConnection", path: str) -> int:
    """Write the table `undecodable` to `<path>.rejected.jsonl` as {reason, source, line, record}; return how many.

    With no such row there is no such file: one of an earlier run is removed.
    Raises InputError when the file cannot be written.
    """
    rejected = f"{path}.rejected.jsonl"
    cursor = connection.execute("SELECT reason, source, line, original FROM undecodable")
    first = cursor.fetchmany(1000)
    if not first:
        Path(rejected).unlink(missing_ok=True)
        return 0
    with written_aside(rejected) as aside, aside.open("wb") as file:
        return _write_json_lines(_rejected_rows(first, cursor), file)


@contextmanager
def written_aside(path: str) -> Iterator[Path]:
    """A path beside `path` to write to, renamed to it at the end, removed if that is never reached.

    Devices and pipes are written in place. Raises InputError when that cannot be done.
    """
    target = Path(path).resolve()
    in_place = target.exists() and not target.is_file()
    aside = target if in_place else target.with_name(f".{target.name}.{os.getpid()}.part")
    try:
        yield aside
        if not in_place:
            aside.replace(target)
    except OSError as error:
        raise InputError(f"{path} cannot be written: {error.strerror or error}.") from error
    finally:
        if not in_place:
            aside.unlink(missing_ok=True)


def _rejected_rows(first: list[tuple[object, ...]], cursor: "duckdb.DuckDBPyConnection") -> Iterator[dict[str, object]]:
    rows = first
    while rows:
        yield from ({"reason": why, "source": source, "line": line, "record": it} for why, source, line, it in rows)
        rows = cursor.fetchmany(1000)


def _write_json_lines(
    rows: Iterable[Mapping[str, object]], file: BinaryIO, value: Callable[[object], object] | None = None
) -> int:
    count = 0
    for count, row in enumerate(rows, start=1):  # noqa: B007
        file.write(orjson.dumps(row, default=value or _json_value, option=orjson.OPT_PASSTHROUGH_DATETIME) + b"\n")
    return count


def _json_value(value: object) -> object:
    if isinstance(value, Decimal):
        return orjson.Fragment(f"{value:.2f}".encode())
    if isinstance(value, datetime):
        return round(value.replace(tzinfo=value.tzinfo or UTC).timestamp() * 1000)
    raise TypeError(f"{type(value).__name__} has no place in a result")


def _text_value(value: object) -> object:
    # DuckDB reads a JSON number as a DOUBLE on its way to a DECIMAL, text exactly.
    return f"{value:.2f}" if isinstance(value, Decimal) else _json_value(value)


def _write_parquet(rows: list[Mapping[str, object]], columns: Mapping[str, str] | None, path: Path) -> int:
    import duckdb  # the dashboard, which writes no Parquet, opens a fifth of a second sooner without it

    types = dict(columns or _types(rows))
    if not types:
        raise InputError("A Parquet file needs columns, and there are neither rows nor columns given: write .jsonl.")
    lines = path.with_suffix(".jsonl")
    try:
        with lines.open("wb") as file:
            count = _write_json_lines(rows, file, _text_value)
        with duckdb.connect() as connection:
            connection.read_json(str(lines), columns=types, format="newline_delimited").write_parquet(str(path))
    finally:
        lines.unlink(missing_ok=True)
    return count


def _types(rows: list[Mapping[str, object]]) -> dict[str, str]:
    """DuckDB types by the first value of each column that is not None."""
    types: dict[str, str] = {}
    for row in rows:
        for column, value in row.items():
            if value is not None and column not in types:
                types[column] = "VARCHAR[]" if isinstance(value, list) else _TYPES.get(type(value), "VARCHAR")
    return {column: types.get(column, "VARCHAR") for column in rows[0]} if rows else {}


def json_line(row: Mapping[str, object]) -> bytes:
    """A row as one line of JSON."""
    return orjson.dumps(row, default=_json_value, option=orjson.OPT_PASSTHROUGH_DATETIME) + b"\n"


def json_record(row: Mapping[str, object]) -> bytes:
    """A row as the JSON value of a record: what is NULL is left out, as the schemas want it."""
    present = {name: value for name, value in row.items() if value is not None}
    return orjson.dumps(present, default=_json_value, option=orjson.OPT_PASSTHROUGH_DATETIME)
