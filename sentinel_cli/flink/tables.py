"""Tables of the referee: their columns, their DDL over a file, and their rows as Flink's JSON format wants them."""

import base64
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import sql

Row = Mapping[str, Any]
"""A row by column: times as epoch milliseconds, DECIMAL and BYTES as text (a Decimal may go in), arrays as lists."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_BYTES = ("BYTES", "BINARY", "VARBINARY")


@dataclass(frozen=True)
class FlinkTable:
    """A table as Flink declares it."""

    name: str
    columns: tuple[tuple[str, str], ...]
    """Name and SQL type of each column, physical all of them."""
    watermark: tuple[str, str] | None = None
    """Time column and watermark expression."""

    def ddl(self, path: Path, epoch_file: bool = False) -> str:
        """
        CREATE TABLE over a file of JSON lines (a source) or a folder of them (a sink).

        With `epoch_file`, the file holds each time column `c` as the epoch milliseconds `c_ms`.
        """
        parts = [part for name, type_ in self.columns for part in _column(name, type_, epoch_file)]
        if self.watermark:
            parts.append(f"WATERMARK FOR `{self.watermark[0]}` AS {self.watermark[1]}")
        return (
            f"CREATE TABLE `{self.name}` ({', '.join(parts)}) WITH ('connector' = 'filesystem', 'format' = 'json', "
            f"'path' = '{path.resolve().as_uri()}', 'json.timestamp-format.standard' = 'ISO-8601', "
            "'json.encode.decimal-as-plain-number' = 'true')"
        )

    def encode(self, rows: Iterable[Row]) -> str:
        """Rows as JSON lines for Flink."""
        types = dict(self.columns)
        return "".join(json.dumps({n: _encoded(v, types[n]) for n, v in row.items()}) + "\n" for row in rows)

    def decode(self, folder: Path) -> list[dict[str, Any]]:
        """
        The rows that Flink wrote into a folder.

        The order is that of emission within one INSERT; that between several INSERTs into one table means nothing.
        """
        types = dict(self.columns)
        return [
            {name: _decoded(value, types[name]) for name, value in json.loads(line, parse_float=Decimal).items()}
            for file in sorted(folder.glob("part-*"))
            for line in file.read_text(encoding="utf-8").split("\n")[:-1]  # splitlines() also splits at U+2028
        ]


def flink_table(table: sql.Table, watermark: str | None = None, metadata: bool = True) -> FlinkTable:
    """
    A table of the pipeline as the platform infers it: the raw key, the columns of the schema, the arrival time.

    `watermark` is an expression over `event_time`. Without `metadata` there are neither `key` nor `$rowtime`.
    """
    columns = tuple((c.name, c.type if c.nullable else f"{c.type} NOT NULL") for c in table.columns)
    if metadata:
        columns = (("key", "VARBINARY(2147483647)"), *columns, ("$rowtime", "TIMESTAMP_LTZ(3)"))
    return FlinkTable(table.name, columns, ("event_time", watermark) if watermark else None)


def _column(name: str, type_: str, epoch_file: bool) -> list[str]:
    if epoch_file and type_.startswith("TIMESTAMP_LTZ"):
        return [f"`{name}_ms` BIGINT", f"`{name}` AS TO_TIMESTAMP_LTZ(`{name}_ms`, 3)"]
    return [f"`{name}` {type_}"]


def _encoded(value: Any, type_: str) -> Any:
    if value is None:
        return None
    if type_.startswith("TIMESTAMP"):
        instant = (_EPOCH + timedelta(milliseconds=value)).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3]
        return f"{instant}Z" if "LTZ" in type_ else instant
    if type_.startswith(_BYTES):
        return base64.b64encode(value.encode()).decode()
    return str(value) if isinstance(value, Decimal) else value


def _decoded(value: Any, type_: str) -> Any:
    if value is None:
        return None
    if type_.startswith("TIMESTAMP"):
        return _epoch_ms(value)
    if type_.startswith(_BYTES):
        return base64.b64decode(value).decode()
    if type_.startswith("DECIMAL"):
        return f"{Decimal(value):f}"
    return _plain(value)


def _plain(value: Any) -> Any:
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return float(value) if isinstance(value, Decimal) else value


def _epoch_ms(text: str) -> int:
    # Flink leaves out seconds and fraction where they are zero, and writes any number of digits.
    seconds, fraction = re.fullmatch(r"([^.Z]+)(?:\.(\d+))?Z?", text.replace(" ", "T")).groups()  # type: ignore[union-attr]
    at = datetime.fromisoformat(seconds).replace(tzinfo=UTC)
    return (at - _EPOCH) // timedelta(milliseconds=1) + int((fraction or "0").ljust(3, "0")[:3])
