"""JSON_VALUE with Apache Flink's results, where DuckDB's own raises or differs."""

import json
import re
from typing import Any

_PATH = re.compile(r"\$(?:\.[A-Za-z_][A-Za-z0-9_]*)+")


def json_value(text: str | None, path: str) -> str | None:
    """
    The scalar at a path such as `$.decision`, as STRING; NULL where there is none or the text is no JSON.

    As in Flink, of a key given twice the last counts, and what follows the first value is ignored.
    """
    if text is None or not _PATH.fullmatch(path):
        return None
    try:
        value, _ = _DECODER.raw_decode(text.lstrip(" \t\r\n"))
    except (ValueError, RecursionError):
        return None
    for name in path.split(".")[1:]:
        value = value.get(name) if isinstance(value, dict) else None
    return _as_string(value)


def _as_string(value: Any) -> str | None:
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, int | float) else None


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is no JSON")


_DECODER = json.JSONDecoder(parse_constant=_refuse)
