"""Functions and casts give what Apache Flink gave: the golden table of the referee, entry by entry."""

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest

from sentinel_cli.local._expressions import to_duckdb
from sentinel_cli.local._functions import register_functions
from sql.dialect import parse
from sql.errors import PipelineError

GOLDEN = json.loads((Path(__file__).parents[1] / "flink" / "golden_functions.json").read_text(encoding="utf-8"))
TYPES = {
    "STRING": "VARCHAR", "DOUBLE": "DOUBLE", "BIGINT": "BIGINT", "BOOLEAN": "BOOLEAN", "ARRAY<STRING>": "VARCHAR[]",
    "TIMESTAMP_LTZ(3)": "TIMESTAMP", "BYTES": "BLOB",
}  # fmt: skip
UNKNOWN = {
    "ARRAY_DISTINCT", "REPEAT", "ROUND", "SUBSTRING", "TRY_CAST", "/", "MOD(", "CAST(x AS INT)", "$',",
    "CAST(x AS TIMESTAMP(3))", "CAST(x AS DECIMAL(18, 1))", "ABSENT ON NULL", "'a' VALUE 1, 'a'", "REGEXP('abc', x)",
    "REGEXP(x, '')", "(b)?", "y', 2)", "(.)y')", "VALUE JSON_OBJECT",
}  # fmt: skip
"""What the embedded engine refuses by name, by a part of the SQL."""


def _known() -> list[dict[str, Any]]:
    return [e for e in GOLDEN if not any(part in e["sql"] for part in UNKNOWN) and "surrogate" not in _about(e)]


def _about(entry: dict[str, Any]) -> str:
    """A lone surrogate cannot stand in UTF-8: Flink keeps it inside, the embedded engine writes a question mark."""
    return "surrogate" if entry["flink"] == "\ud83d" else ""


@pytest.fixture(scope="module")
def connection() -> Any:
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        register_functions(connection)
        yield connection


def _evaluate(connection: duckdb.DuckDBPyConnection, entry: dict[str, Any]) -> Any:
    tree = parse(f"SELECT {entry['sql']} AS v FROM given", "golden")
    query = to_duckdb(tree, "golden").sql(dialect="duckdb")
    type_ = TYPES.get(entry["type"], entry["type"])
    cell = "make_timestamp_ms(?)" if type_ == "TIMESTAMP" else f"?::{type_}"
    rows = connection.execute(f"WITH given AS (SELECT {cell} AS x) {query}", [entry["x"]]).fetchall()
    value = rows[0][0]
    if isinstance(value, bytes):
        return value.decode()
    return f"{value:f}" if isinstance(value, Decimal) else value


def test_most_of_the_table_is_known() -> None:
    assert len(_known()) > len(GOLDEN) * 3 // 4


@pytest.mark.parametrize("entry", _known(), ids=lambda e: f"{e['sql']} of {e['type']} {str(e['x'])[:20]!r}")
def test_the_result_is_flinks(connection: duckdb.DuckDBPyConnection, entry: dict[str, Any]) -> None:
    expected = entry["flink"]
    if isinstance(expected, dict):
        with pytest.raises(duckdb.Error):
            _evaluate(connection, entry)
    elif "JSON_OBJECT" in entry["sql"]:
        assert json.loads(_evaluate(connection, entry)) == json.loads(expected)
    else:
        assert _evaluate(connection, entry) == expected


@pytest.mark.parametrize("part", sorted(UNKNOWN))
def test_what_is_not_known_is_an_error_that_names_it(part: str) -> None:
    refused = [entry for entry in GOLDEN if part in entry["sql"]]
    assert refused
    for entry in refused:
        with pytest.raises(PipelineError, match="the embedded engine does not know"):
            to_duckdb(parse(f"SELECT {entry['sql']} AS v FROM given", "golden"), "golden")
