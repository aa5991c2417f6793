"""
Flink's functions where DuckDB's differ or raise, under names of their own; the golden table of the referee checks them.

What depends on the type of an argument is a macro over `typeof`, which DuckDB folds when it plans.
"""

import json
import math
import re
from decimal import Decimal
from typing import Any

import duckdb
from duckdb.func import FunctionNullHandling

_PATH = re.compile(r"\$(?:\.[A-Za-z_][A-Za-z0-9_]*)+")

_MACROS = (
    # Half up on the shortest text of a DOUBLE; the fast way where two decimals hold it. In Flink no number is 0.
    """flink_decimal(x) AS CASE
        WHEN x IS NULL THEN NULL
        WHEN typeof(x) = 'VARCHAR' THEN coalesce(TRY_CAST(x AS DECIMAL(18, 2)), 0.00)
        WHEN typeof(x) <> 'DOUBLE' OR TRY_CAST(TRY_CAST(x AS DECIMAL(18, 2)) AS DOUBLE) = TRY_CAST(x AS DOUBLE)
            THEN TRY_CAST(x AS DECIMAL(18, 2))
        ELSE TRY_CAST(CAST(x AS VARCHAR) AS DECIMAL(18, 2))
    END""",
    # Flink cuts the fraction off where DuckDB rounds, and knows no exponent in a text.
    r"""flink_bigint(x) AS CASE
        WHEN typeof(x) = 'DOUBLE' THEN CAST(trunc(TRY_CAST(x AS DOUBLE)) AS BIGINT)
        WHEN typeof(x) <> 'VARCHAR' OR x IS NULL THEN TRY_CAST(x AS BIGINT)
        WHEN regexp_matches(CAST(x AS VARCHAR), '^\s*[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)\s*\z')
            THEN CAST(trunc(CAST(trim(CAST(x AS VARCHAR)) AS DECIMAL(38, 10))) AS BIGINT)
        ELSE error('no number: ' || CAST(x AS VARCHAR))
    END""",
    """flink_string(x) AS CASE typeof(x)
        WHEN 'BOOLEAN' THEN upper(CAST(x AS VARCHAR))
        WHEN 'TIMESTAMP' THEN strftime(TRY_CAST(x AS TIMESTAMP), '%Y-%m-%d %H:%M:%S.%g')
        WHEN 'DOUBLE' THEN flink_double_text(TRY_CAST(x AS DOUBLE))
        ELSE CAST(x AS VARCHAR)
    END""",
    # Each once, in the order of the first array.
    """flink_array_except(a, b) AS
        list_filter(a, lambda x, i: NOT list_contains(b, x) AND list_position(a, x) = i)""",
    "flink_split_index(x, separator, i) AS CASE WHEN x <> '' THEN list_extract(string_split(x, separator), i + 1) END",
)


def register_functions(connection: duckdb.DuckDBPyConnection) -> None:
    """Make the functions known to a connection; it must be closed, or the interpreter complains at its end."""
    for name, function, arguments in (
        ("flink_json_value", json_value, 2),
        ("flink_upper", str.upper, 1),
        ("flink_lower", str.lower, 1),
    ):
        null = FunctionNullHandling.SPECIAL if arguments == 2 else FunctionNullHandling.DEFAULT
        connection.create_function(name, function, ["VARCHAR"] * arguments, "VARCHAR", null_handling=null)
    connection.create_function("flink_double_text", double_text, ["DOUBLE"], "VARCHAR")
    for macro in _MACROS:
        connection.execute(f"CREATE OR REPLACE TEMP MACRO {macro}")


def json_value(text: str | None, path: str) -> str | None:
    """
    The scalar at a path such as `$.decision`, as STRING; NULL where there is none or the text is no JSON.

    As in Flink, of a key given twice the last counts, and what follows the first value is ignored. A lone surrogate,
    which no UTF-8 text holds, becomes a question mark.
    """
    if text is None or not _PATH.fullmatch(path):
        return None
    try:
        value, _ = _DECODER.raw_decode(text.lstrip(" \t\r\n"))
    except (ValueError, RecursionError):
        return None
    for name in path.split(".")[1:]:
        value = value.get(name) if isinstance(value, dict) else None
    return _scalar_text(value)


def double_text(value: float) -> str:
    """A DOUBLE as Java writes it: 1.0E7 from ten million on and 1.0E-4 below a thousandth."""
    if not math.isfinite(value):
        return {"nan": "NaN", "inf": "Infinity", "-inf": "-Infinity"}[str(value)]
    if value == 0 or 1e-3 <= abs(value) < 1e7:
        return str(float(value))
    digits, exponent = f"{Decimal(repr(value)):E}".split("E")
    digits = digits.rstrip("0").rstrip(".") if "." in digits else digits
    return f"{digits}{'' if '.' in digits else '.0'}E{int(exponent)}"


def _scalar_text(value: Any) -> str | None:
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode("utf-8")
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, int | Decimal) else None


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is no JSON")


_DECODER = json.JSONDecoder(parse_constant=_refuse, parse_float=Decimal)
