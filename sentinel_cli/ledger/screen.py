"""Shows records: as tables, or as JSON lines."""

import json
import sys
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from sentinel_cli.case_view import DECISION_STYLES, plain
from sentinel_cli.ledger.record import Record, canonical
from sentinel_cli.ledger.replay import Judgement

_SHORT = 8
"""Digits of an alert's id by which a table tells it from others."""
_COLUMNS = ("no.", "time", "alert", "stage", "by", "decision", "guard")


def show_list(records: Iterable[tuple[int, Record]], console: Console) -> None:
    """A line a record."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in _COLUMNS:
        table.add_column(column, no_wrap=column != "guard", overflow="fold")
    for number, record in records:
        decision = str(record.result.get("decision") or record.result.get("status") or "")
        table.add_row(
            str(number),
            _moment(record.time, "%Y-%m-%d %H:%M"),
            Text(plain(record.alert_id[:_SHORT])),
            record.stage,
            Text(plain(record.result.get("decided_by") or record.provider)),
            Text(plain(decision), DECISION_STYLES.get(decision, "")),
            Text(plain(record.guard or "")),
        )
    console.print(table)


def show_records(records: Iterable[tuple[int, Record]], console: Console) -> None:
    """Each record in full."""
    for number, record in records:
        console.print(Text(f"{record.stage}, record {number}", "bold"))
        table = Table.grid(padding=(0, 2))
        for name, value in _lines(record):
            table.add_row(name, Text(value))
        console.print(table, "")


def write_json(rows: Iterable[Mapping[str, Any]]) -> None:
    """A JSON line a row, whatever texts a model has answered."""
    for row in rows:
        sys.stdout.buffer.write(canonical(row).encode() + b"\n")
    sys.stdout.flush()


def as_json(records: Iterable[tuple[int, Record]]) -> Iterator[dict[str, Any]]:
    """Records as they are kept, with their numbers."""
    return ({"number": number, **json.loads(record.content())} for number, record in records)


def show_judgements(judgements: Iterable[Judgement], console: Console) -> None:
    """A line for each column of a decision that would be another today."""
    table = Table("no.", "alert", "what", "was", "would be", box=None, pad_edge=False, header_style="bold")
    for judgement in judgements:
        for name, (was, now) in judgement.differs.items():
            shown = (Text(plain(value if value is not None else "-")) for value in (was, now))
            table.add_row(str(judgement.number), judgement.record.alert_id[:_SHORT], name, *shown)
    if table.row_count:
        console.print(table)


def judgement_json(judgement: Judgement) -> dict[str, Any]:
    """What would change of a record."""
    differs = {name: {"was": was, "would_be": now} for name, (was, now) in judgement.differs.items()}
    return {"number": judgement.number, "alert_id": judgement.record.alert_id, "differs": differs}


def _by(record: Record) -> str:
    return str(record.result.get("decided_by") or f"{record.provider} {record.model}")


def _lines(record: Record) -> Iterator[tuple[str, str]]:
    yield "alert", plain(record.alert_id)
    yield "time", f"{_moment(record.time, '%Y-%m-%d %H:%M:%S')} UTC"
    yield "by", plain(_by(record))
    if record.stage != "analyst":
        yield "prompt version", plain(record.prompt_version or "unknown")
        yield "parameters", canonical(record.parameters)
        yield "status", plain(record.status)
        yield from _cost(record)
        yield "prompt", _text(record.prompt)
        yield "answer", _text(record.answer)
    for name, value in record.result.items():
        yield name.replace("_", " "), _text(None if value is None else str(value))
    if record.guard:
        yield "guard", plain(record.guard)


def _cost(record: Record) -> Iterator[tuple[str, str]]:
    if record.latency_ms is not None:
        yield "latency", f"{record.latency_ms} ms"
    if record.input_tokens is not None or record.output_tokens is not None:
        yield "tokens", f"{record.input_tokens or 0} in, {record.output_tokens or 0} out"
    if record.cost is not None:
        yield "cost", f"{plain(record.cost)} USD"


def _text(text: str | None) -> str:
    return "none" if text is None else "\n".join(map(plain, text.splitlines()))


def _moment(time: int, form: str) -> str:
    try:
        return datetime.fromtimestamp(time / 1000, UTC).strftime(form)
    except (ValueError, OverflowError, OSError):
        return "beyond any year"
