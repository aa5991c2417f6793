"""Reads a record back as the row it was written from: the frame, the JSON, the types of the table's columns."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any

import jsonschema_rs
import orjson

from sentinel_cli.kafka.wire import FrameError, unframe
from sentinel_cli.scoring import epoch_ms
from sql import Column, Table

if TYPE_CHECKING:
    from sentinel_cli.kafka.registry import Registry

Row = dict[str, Any]
"""A value for every column of a table, None where the record has none; money as Decimal, times as naive UTC."""
_EPOCH = datetime(1970, 1, 1)
_CENT, _BEYOND = Decimal("0.01"), Decimal(10) ** 16


class UnreadableError(ValueError):
    """A record that is not what its topic promises; says why."""


class RowContract:
    """What a table's schema asks of a record, as JSON Schema."""

    def __init__(self, table: Table) -> None:
        self.table = table
        # A newer writer may have added a column, which does not concern this reader.
        self._schema = jsonschema_rs.validator_for({**table.schema, "additionalProperties": True})

    def row(self, fields: Mapping[str, Any]) -> Row:
        """
        The row of a JSON object.

        Raises:
            UnreadableError: it breaks the table's schema.
        """
        record = {name: field for name, field in fields.items() if field is not None}
        try:
            self._schema.validate(record)
            return {column.name: _typed(column, record.get(column.name)) for column in self.table.columns}
        except jsonschema_rs.ValidationError as error:
            where = ".".join(map(str, error.instance_path)) or "the record"
            raise UnreadableError(f"{where}: {error.message[:200]}") from None
        except (OverflowError, InvalidOperation):
            raise UnreadableError("a number is out of range") from None

    def read(self, record: bytes) -> Row:
        """
        The row of a record's own bytes.

        Raises:
            UnreadableError: they are no JSON object, or it breaks the table's schema.
        """
        try:
            found = orjson.loads(record)
        except ValueError:
            raise UnreadableError("not JSON") from None
        if not isinstance(found, dict):
            raise UnreadableError("no JSON object")
        return self.row(found)


class RowReader:
    """Reads the records of one table."""

    def __init__(self, table: Table, registry: "Registry") -> None:
        self.table, self.registry = table, registry
        self._contract = RowContract(table)

    def row(self, value: bytes | None) -> Row:
        """
        The row of a record.

        Raises:
            UnreadableError: the record is not in Confluent's wire format, no JSON, or breaks the table's schema.
            ServiceError: the registry, asked for a schema that is not known yet, does not answer or refuses.
        """
        return self._contract.read(self._record(value))

    def _record(self, value: bytes | None) -> bytes:
        try:
            schema_id, record = unframe(value)
        except FrameError as error:
            raise UnreadableError(str(error)) from None
        schema = self.registry.by_id(schema_id)
        if schema is None:
            raise UnreadableError(f"the registry knows no schema {schema_id}")
        if schema.type != "JSON":
            raise UnreadableError(f"schema {schema_id} is {schema.type} and no JSON Schema")
        return record


def plain(row: Row) -> Row:
    """A row with its times as the engine takes them, epoch milliseconds."""
    return {name: epoch_ms(value) if isinstance(value, datetime) else value for name, value in row.items()}


def alert_id_of(value: bytes | None) -> bytes | None:
    """The id in a record of an alert or of a disposition, None where it is no such record; nothing else is read."""
    try:
        return bytes.fromhex(orjson.loads(unframe(value)[1])["alert_id"])
    except (FrameError, ValueError, KeyError, TypeError):
        return None


def _typed(column: Column, value: Any) -> Any:
    if value is None:
        return None
    if column.type.startswith("TIMESTAMP"):
        return _EPOCH + timedelta(milliseconds=int(value))
    if column.type.startswith("DECIMAL"):
        amount = Decimal(str(value)).quantize(_CENT)
        if abs(amount) >= _BEYOND:
            raise OverflowError
        return amount
    if column.type == "BIGINT":
        if not -(1 << 63) <= value < 1 << 63:
            raise OverflowError
        return int(value)
    return value
