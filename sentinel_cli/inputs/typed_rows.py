"""Rows of named columns (CSV, Parquet, or anything mapped) in the contract's columns."""

from dataclasses import dataclass

import duckdb

from sentinel_cli.inputs.contract import (
    COLUMNS,
    OPTIONAL,
    REQUIRED,
    STRINGS,
    finite,
    instant_in_text,
    instant_of_millis,
    instant_of_timestamp,
    name,
    number_in_text,
    text,
)
from sentinel_cli.inputs.mapping import Mapping
from sql.errors import InputError

_INTEGERS = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT")
_TIMES = ("event_time", "$rowtime")
_EXPECTED = {"amount": "a number"} | dict.fromkeys(_TIMES, "a time or epoch milliseconds")


@dataclass(frozen=True, kw_only=True)
class Rows:
    """A relation with the columns of a file, and beside them `#broken`, `#record` and `#number`.

    `#broken` is why a row is no row at all: NULL for a good one, 'blank' for a blank line. `#number` is its line or row
    from 1, NULL where its place says it. `original` is SQL over `#record` that gives the record as text.
    """

    source: str
    relation: str
    original: str


def judged_rows(connection: duckdb.DuckDBPyConnection, rows: Rows, mapping: Mapping | None, arrived: str) -> str:
    """A SELECT of the contract's columns and of `number`, `reason` and `original`, one row for each row of `rows`.

    `reason` is NULL for a row that arrives; 'blank' or 'filtered', without `original`, for one that is not to.

    `arrived` is the SQL of the instant that stands in for a missing `$rowtime`.
    Raises InputError when the file lacks a column, a column cannot be what it must, or the mapping's SQL is wrong.
    """
    expressions = mapping.columns if mapping else _same_names(connection, rows)
    types = {column: _type_of(connection, rows, mapping, column, sql) for column, sql in expressions.items()}
    where = _where(connection, rows, mapping)
    beside = '"#broken", "#kept", "#record", "#number"'
    # Without a mapping every row is kept, and no CASE hides from DuckDB what the file's statistics say of a column.
    kept = 'CASE WHEN "#kept" THEN ({}\n) END' if mapping else "{}"
    aside = """CASE WHEN "#broken" IS NOT NULL THEN "#broken" WHEN NOT "#kept" THEN 'filtered' END"""
    given = ", ".join(f"{kept.format(sql)} AS {_given(column)}" for column, sql in expressions.items())
    values = ", ".join(f"{_value(rows, column, types.get(column))} AS {name(column)}" for column in COLUMNS)
    reasons = ", ".join([*([aside] if mapping else []), *map(_problem, expressions)])
    return f"""
        SELECT {", ".join(map(name, COLUMNS[:-1]))}, coalesce("$rowtime", {arrived})::TIMESTAMP AS "$rowtime",
               "#number" AS number, "#reason" AS reason,
               CASE WHEN "#reason" NOT IN ('blank', 'filtered') THEN {rows.original} END AS original
        FROM (SELECT *, coalesce({reasons}) AS "#reason"
              FROM (SELECT {beside}, {", ".join(map(_given, expressions))}, {values}
                    FROM (SELECT {beside}, {given}
                          FROM (SELECT *, "#broken" IS NULL AND coalesce(({where}\n), FALSE) AS "#kept"
                                FROM {rows.relation}))))"""


def blame(connection: duckdb.DuckDBPyConnection, rows: Rows, mapping: Mapping, error: duckdb.Error) -> InputError:
    """The InputError for a mapping whose SQL failed on a row: it names the first part that fails by itself."""
    where = mapping.where or "TRUE"
    for part, sql in {"where": where, **mapping.columns}.items():
        kept = "" if part == "where" else f" AND ({where}\n)"
        try:
            values = f'SELECT ({sql}\n) AS value FROM {rows.relation} WHERE "#broken" IS NULL{kept}'
            connection.execute(f"SELECT max(value) FROM ({values})")
        except duckdb.Error as cause:
            return _sql_error(mapping, part, rows, cause)
    return _sql_error(mapping, "its columns together", rows, error)


def _same_names(connection: duckdb.DuckDBPyConnection, rows: Rows) -> dict[str, str]:
    described = connection.execute(f"DESCRIBE SELECT * FROM {rows.relation}").fetchall()
    held = [column for column, *_ in described if not column.startswith("#")]
    if missing := [column for column in REQUIRED if column not in held]:
        raise missing_columns(rows.source, missing, held)
    return {column: name(column) for column in COLUMNS if column in held}


def missing_columns(source: str, missing: list[str], held: list[str]) -> InputError:
    """The InputError for a file in a foreign layout."""
    found = ", ".join(held[:20]) + (", ..." if len(held) > 20 else "")
    return InputError(
        f"{source} lacks {', '.join(missing)} (it has {found}): "
        "if these stand under other names, say which with --mapping FILE.toml."
    )


def _type_of(connection: duckdb.DuckDBPyConnection, rows: Rows, mapping: Mapping | None, column: str, sql: str) -> str:
    """The DuckDB type of a column's expression, bound against the file; this is where a mapping's SQL is checked."""
    try:
        connection.execute(f"DESCRIBE SELECT ({sql}\n) FROM {rows.relation}")
    except duckdb.Error as error:
        if mapping is None:
            raise
        raise _sql_error(mapping, column, rows, error) from error
    return str(connection.fetchall()[0][1]).partition("(")[0]


def _where(connection: duckdb.DuckDBPyConnection, rows: Rows, mapping: Mapping | None) -> str:
    if mapping is None or mapping.where is None:
        return "TRUE"
    if (type_ := _type_of(connection, rows, mapping, "where", mapping.where)) != "BOOLEAN":
        raise InputError(f"{mapping.name}: where is {type_}, not a condition: write it as a comparison.")
    return mapping.where


def _sql_error(mapping: Mapping, column: str, rows: Rows, error: duckdb.Error) -> InputError:
    cause = str(error).partition("\n")[0]
    return InputError(f"{mapping.name}: the SQL of {column} does not work on {rows.source}: {cause}")


def _given(column: str) -> str:
    return name(f"#{column}")


def _value(rows: Rows, column: str, type_: str | None) -> str:
    """The contract's value from the file's; NULL when it cannot be one."""
    if type_ is None:
        return "NULL::TIMESTAMP" if column == "$rowtime" else "NULL::VARCHAR"
    given = _given(column)
    read = _text if column in STRINGS else _instant if column in _TIMES else _number
    value = read(given, type_)
    if value is None:
        expected = _EXPECTED.get(column, "text")
        raise InputError(f"{rows.source}: {column} is {type_}, not {expected}: say how to read it with --mapping.")
    return value


def _text(given: str, type_: str) -> str | None:
    return f"{given}::VARCHAR" if type_ in ("VARCHAR", "ENUM") else None


def _number(given: str, type_: str) -> str | None:
    if type_ == "VARCHAR":
        return number_in_text(given)
    return finite(f"{given}::DOUBLE") if type_ in (*_INTEGERS, "DECIMAL", "DOUBLE", "FLOAT") else None


def _instant(given: str, type_: str) -> str | None:
    if type_ == "VARCHAR":
        return instant_in_text(given)
    if type_ in _INTEGERS:
        return instant_of_millis(f"TRY_CAST({given} AS BIGINT)")
    if type_ == "TIMESTAMP WITH TIME ZONE":
        return instant_of_timestamp(f"{given} AT TIME ZONE 'UTC'")
    return instant_of_timestamp(given) if type_ == "DATE" or type_.startswith("TIMESTAMP") else None


def _problem(column: str) -> str:
    """SQL: what is wrong with one column of a row, NULL when nothing is."""
    given, value = _given(column), name(column)
    missing = "NULL" if column in OPTIONAL else text(f"{column} is missing")
    wrong = f"{column} is not {_EXPECTED.get(column, 'text')}"
    return f"CASE WHEN {given} IS NULL THEN {missing} WHEN {value} IS NULL THEN {text(wrong)} END"
