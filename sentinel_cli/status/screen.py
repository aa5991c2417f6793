"""Shows the verdicts: as a table, or as JSON lines."""

import sys
from dataclasses import asdict

import orjson
from rich.console import Console
from rich.table import Table
from rich.text import Text

from sentinel_cli.status.verdict import JOB, Verdict

_COLUMNS = ("statement", "kind", "expected", "phase", "detail")


def show(verdicts: list[Verdict], console: Console | None = None) -> None:
    """Print a table of the statements, those with something to do first, and below it what to do."""
    console = console or Console(highlight=False)
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in _COLUMNS:
        table.add_column(column, no_wrap=column != "detail", overflow="fold")
    room = _room(verdicts, console)
    for v in verdicts:
        detail = Text(_one_line(v.detail))
        detail.truncate(room, overflow="ellipsis")
        table.add_row(v.name, v.kind, v.expected, Text(v.phase, "green" if v.ok else "bold red"), detail)
    console.print(table)
    for verdict in (verdict for verdict in verdicts if not verdict.ok):
        head = f"{verdict.name} is {verdict.phase}. "
        said = f"It says: {_one_line(verdict.detail)}\n" if verdict.detail else ""
        console.print(Text.assemble("\n", (head, "bold"), said, verdict.advice))
    console.print(f"\n{summary(verdicts)}")


def show_json(verdicts: list[Verdict]) -> None:
    """Write one JSON object a statement, those with something to do first."""
    for verdict in verdicts:
        sys.stdout.buffer.write(orjson.dumps({**asdict(verdict), "ok": verdict.ok}) + b"\n")
    sys.stdout.flush()


def summary(verdicts: list[Verdict]) -> str:
    """How many jobs and other statements there are, and how many are not well."""
    jobs = sum(verdict.kind == JOB for verdict in verdicts)
    wrong = sum(not verdict.ok for verdict in verdicts)
    ending = "all as they should be" if not wrong else f"{wrong} not as {'it' if wrong == 1 else 'they'} should be"
    return f"{jobs} jobs and {len(verdicts) - jobs} other statements: {ending}."


def _room(verdicts: list[Verdict], console: Console) -> int:
    """Characters of a detail: what a terminal's line leaves, since all of it stands below; all of it elsewhere."""
    rows = [_COLUMNS[:4], *((v.name, v.kind, v.expected, v.phase) for v in verdicts)]
    used = sum(max(map(len, column)) + 2 for column in zip(*rows, strict=True))
    if console.is_terminal:
        return max(console.width - used, len(_COLUMNS[-1]))
    return max((len(verdict.detail) for verdict in verdicts), default=0)


def _one_line(detail: str) -> str:
    return " ".join(detail.split())
