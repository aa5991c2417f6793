"""The records of a file, in its order, as JSON in the contract's columns."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import duckdb
import orjson

from sentinel_cli.inputs import InputReport, load_transactions, read_mapping
from sentinel_cli.inputs.contract import COLUMNS
from sentinel_cli.producer.parts import Batch, Part

_FIELDS = tuple(column for column in COLUMNS if column != "$rowtime")


class InputFile:
    """One input, loaded as `sentinel replay` loads it: JSON Lines, CSV or Parquet, perhaps mapped."""

    def __init__(self, name: str, mapping: Path | None) -> None:
        """Raises InputError where the file or the mapping cannot be read."""
        self.name = "stdin" if name == "-" else name
        self._connection = duckdb.connect()
        self.report: InputReport = load_transactions(
            self._connection, [name], mapping=read_mapping(mapping) if mapping else None
        )

    def part(self, size: int) -> Part:
        """The whole file, in batches of `size`; no heartbeat closes it, since more of it may follow."""
        return Part(self.name, self._batches(size), undecodable=self._undecodable())

    def _batches(self, size: int) -> Iterator[Batch]:
        values = ", ".join("epoch_ms(event_time)" if name == "event_time" else name for name in _FIELDS)
        query = f"SELECT __seq + 1, {values} FROM arrived_transactions ORDER BY __seq"
        rows = self._connection.cursor().execute(query)
        while batch := rows.fetchmany(size):
            yield Batch([_record(row[1:]) for row in batch], [row[0] for row in batch])

    def _undecodable(self) -> Iterator[tuple[str, bytes, str]]:
        rows = self._connection.cursor().execute("SELECT reason, original, line FROM undecodable")
        while batch := rows.fetchmany(1000):
            yield from ((reason, original.encode(), f"line {line}" if line else "") for reason, original, line in batch)


def _record(values: Sequence[object]) -> bytes:
    fields = zip(_FIELDS, values, strict=True)
    return orjson.dumps({name: value for name, value in fields if value is not None})
