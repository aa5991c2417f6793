"""A mapping of a foreign layout to the contract's columns, as a TOML file.

    where = "type <> 'FEE'"               # optional: only these rows
    [columns]
    account_id = "src"                    # a DuckDB SQL expression over the columns of the file
    event_time = "booked_on || 'T12:00:00Z'"
    ...

Columns of CSV and JSON Lines are all text, a JSON object or array in a field its JSON text; Parquet's have their types.
"""

import tomllib
from dataclasses import dataclass
from pathlib import Path

from sentinel_cli.inputs.contract import COLUMNS, REQUIRED
from sql.errors import InputError


@dataclass(frozen=True, kw_only=True)
class Mapping:
    """An SQL expression for each contract column, and which rows are meant (None: all)."""

    name: str  # the file it came from, for messages
    columns: dict[str, str]
    where: str | None = None


def read_mapping(path: Path) -> Mapping:
    """Read and check a mapping file; its SQL is checked later, against the file it is applied to.

    Raises InputError when it is no TOML, has a key or column that is unknown, or lacks a column that is required.
    """
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}.") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InputError(f"{path} is no TOML file: {error}.") from error
    mapping = _validated(str(path), content)
    _check_columns(mapping)
    return mapping


def _validated(name: str, content: dict[str, object]) -> Mapping:
    # Imported here because it takes 0.2 s, and most replays have no mapping.
    from pydantic import TypeAdapter, ValidationError

    if unknown := sorted(content.keys() - {"columns", "where"}):
        raise InputError(f"{name}: unknown key {', '.join(unknown)}; a mapping has [columns] and an optional where.")
    try:
        return TypeAdapter(Mapping).validate_python({**content, "name": name})
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(map(str, first["loc"]))
        raise InputError(f"{name}: {key}: {first['msg']}; a mapping has [columns] and an optional where.") from error


def _check_columns(mapping: Mapping) -> None:
    known = ", ".join(COLUMNS)
    if unknown := [column for column in mapping.columns if column not in COLUMNS]:
        raise InputError(
            f"{mapping.name}: [columns] names {', '.join(unknown)}, which no transaction has; known: {known}."
        )
    if missing := [column for column in REQUIRED if column not in mapping.columns]:
        raise InputError(f"{mapping.name}: [columns] lacks {', '.join(missing)}; give an SQL expression for each.")
