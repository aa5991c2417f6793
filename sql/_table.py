"""Tables: a topic, its JSON Schema, and the Flink columns that the platform infers from it."""

import json
import re
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict

from sql._files import read_toml
from sql._parameters import Parameter, interval
from sql.errors import PipelineError


@dataclass(frozen=True)
class Column:
    """A column of a table; `type` is Flink's, without nullability."""

    name: str
    type: str
    nullable: bool


@dataclass(frozen=True)
class Table:
    """One topic and table under one name, `sentinel.<folder>`."""

    name: str
    schema_text: str
    columns: tuple[Column, ...]
    """The columns of the value; the platform adds `key` VARBINARY, the raw key."""
    partitions: int
    retention: timedelta
    parameters: dict[str, Parameter]
    folder: Path

    @property
    def schema(self) -> dict[str, Any]:
        """The value's JSON Schema, draft 7."""
        schema: dict[str, Any] = json.loads(self.schema_text)
        return schema


class _TableFile(BaseModel):
    model_config = ConfigDict(extra="forbid")

    partitions: int
    retention: str
    parameters: dict[str, Parameter] = {}


def load_table(folder: Path) -> Table:
    """
    The table that a folder declares.

    Raises:
        PipelineError: table.toml or value.schema.json is missing, malformed, or has a type the platform cannot infer.
    """
    settings = read_toml(folder / "table.toml", _TableFile)
    path = folder / "value.schema.json"
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, ValueError) as error:
        raise PipelineError(f"{path}: no JSON Schema could be read ({error})") from None
    return Table(
        f"sentinel.{folder.name}",
        text,
        columns_of(text, str(path)),
        settings.partitions,
        parse_retention(settings.retention),
        settings.parameters,
        folder,
    )


def columns_of(schema_text: str, where: str) -> tuple[Column, ...]:
    """
    The columns that the platform infers from the JSON Schema of a topic's values; `where` names it in messages.

    Raises:
        PipelineError: the text is no JSON Schema of an object, or has a type the platform cannot infer.
    """
    try:
        schema = json.loads(schema_text)
        required = frozenset(schema.get("required", ()))
        return tuple(
            Column(name, _flink_type(declared, f"{where}: {name}"), name not in required)
            for name, declared in schema["properties"].items()
        )
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise PipelineError(f"{where}: no JSON Schema could be read ({error})") from None


def parse_retention(text: str) -> timedelta:
    """
    A length of time such as `30 days`, which may be longer than an interval of SQL.

    Raises:
        ValueError: the text is no such length.
    """
    days = re.fullmatch(r"([0-9]{1,9}) days?", text)
    return timedelta(days=int(days[1])) if days else interval(text)


def _flink_type(declared: dict[str, Any], where: str) -> str:
    """The type that Confluent Cloud infers for a JSON Schema property: its annotations first, then its bare type."""
    title = str(declared.get("title", "")).rpartition(".")[2]
    match declared.get("type"), title, declared.get("connect.type"):
        case "number", "Timestamp", "int64":
            return f"TIMESTAMP_LTZ({declared.get('flink.precision', 3)})"
        case "number", "Decimal", "bytes":
            scale = declared["connect.parameters"]
            return f"DECIMAL({scale['connect.decimal.precision']}, {scale['scale']})"
        case "array", _, _:
            return f"ARRAY<{_flink_type(declared['items'], where)}>"
        case bare, "", None if bare in _BARE:
            return _BARE[bare]
    raise PipelineError(f"{where}: no Flink type is known for this property; known are {', '.join(_BARE)}, array")


_BARE = {"string": "STRING", "number": "DOUBLE", "integer": "BIGINT", "boolean": "BOOLEAN"}
