"""Shows the verdicts: as a table, or as JSON lines."""

import sys
from dataclasses import asdict

import orjson
from rich.console import Console
from rich.table import Table
from rich.text import Text

from sentinel_cli.status.verdict import JOB, Verdict

_DETAIL = 80
"""Characters of the service's detail at a terminal; a file gets all of it."""


def show(verdicts: list[Verdict], console: Console | None = None) -> None:
    """Print a table of the statements, those with something to do first, and below it what to do."""
    console = console or Console(highlight=False)
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in ("statement", "kind", "expected", "phase", "detail"):
        table.add_column(column, overflow="fold")
    for v in verdicts:
        detail = _shortened(v.detail) if console.is_terminal else v.detail
        table.add_row(v.name, v.kind, v.expected, Text(v.phase, "green" if v.ok else "bold red"), Text(detail))
    console.print(table)
    for verdict in (verdict for verdict in verdicts if not verdict.ok):
        console.print(Text.assemble("\n", (f"{verdict.name} is {verdict.phase}. ", "bold"), verdict.advice), end="")
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


def _shortened(detail: str) -> str:
    text = " ".join(detail.split())
    return text if len(text) <= _DETAIL else f"{text[: _DETAIL - 1]}…"
