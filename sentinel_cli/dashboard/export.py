"""Writes what the screen shows to a file that only its owner may read: a disposition may advise a SAR."""

import csv
import io
import json
import os
from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

from sentinel_cli.dashboard.board import Case
from sentinel_cli.outputs import json_line

_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def export(cases: Sequence[Case], kind: str, folder: Path, now: float) -> Path:
    """
    The file, json or csv, newly made in a folder and named by the time, epoch seconds.

    Raises:
        OSError: it cannot be written, or is there already.
    """
    path = folder / f"sentinel-alerts-{datetime.fromtimestamp(now, UTC):%Y%m%dT%H%M%S%f}Z.{kind}"
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:  # noqa: PTH123
        file.write(_json(cases) if kind == "json" else _csv(cases))
    return path


def _json(cases: Sequence[Case]) -> bytes:
    return b"[" + b",".join(b"\n" + json_line(case.row).rstrip() for case in cases) + b"\n]\n"


def _csv(cases: Sequence[Case]) -> bytes:
    """A line a case, lists joined by blanks; what a spreadsheet would take for a formula begins with an apostrophe."""
    rows = [json.loads(json_line(case.row), parse_float=Decimal) for case in cases]
    columns = list(dict.fromkeys(name for row in rows for name in row))
    text = io.StringIO()
    writer = csv.DictWriter(text, columns, restval="")
    writer.writeheader()
    writer.writerows({name: _cell(value) for name, value in row.items()} for row in rows)
    return text.getvalue().encode()


def _cell(value: object) -> object:
    text = " ".join(map(str, value)) if isinstance(value, list) else value
    return f"'{text}" if isinstance(text, str) and text.startswith(_FORMULA) else text
