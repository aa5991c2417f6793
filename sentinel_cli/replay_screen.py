"""What a replay writes: rows, rejected rows, and the summary."""

import sys
from contextlib import nullcontext
from dataclasses import asdict
from typing import Any

import orjson
from rich.console import Console
from rich.table import Table

from sentinel_cli.outputs import write_rejected, write_rows
from sentinel_cli.replay import Outcome, Request, Summary, replay
from sentinel_cli.scoring import Count, read_labels, score
from sql.errors import UsageError


def run(request: Request) -> None:
    """
    Replay, write the rows where they are wanted and the summary beside them.

    Raises:
        SentinelError: the request, an input or an output is wrong.
    """
    if request.out and not request.out.resolve().parent.is_dir():
        raise UsageError(f"--out {request.out}: there is no folder {request.out.parent}")
    labels = read_labels(request.labels) if request.labels else None
    console = Console(stderr=True, highlight=False)
    waiting = console.status(f"replaying {', '.join(request.inputs)}") if console.is_terminal else nullcontext()
    with waiting, replay(request) as outcome:
        columns = outcome.parquet_columns
        write_rows(outcome.rows, str(request.out) if request.out else None, columns=columns)
        rejected = str(request.out or "sentinel")
        if not write_rejected(outcome.connection, rejected):
            rejected = ""
    scores = _scores(score(labels, outcome.alerts)) if labels is not None else None
    if request.json:
        figures = {"summary": {**asdict(outcome.summary), **({"scores": scores} if scores is not None else {})}}
        sys.stdout.buffer.write(orjson.dumps(figures) + b"\n")
        sys.stdout.flush()
        return
    console.print(_figures(outcome.summary, rejected))
    if scores is not None:
        console.print(_score_table(scores))


def _figures(summary: Summary, rejected: str) -> Table:
    table = Table.grid(padding=(0, 2))
    table.add_row("rows read", f"{summary.rows_read:,}")
    if summary.filtered:
        table.add_row("filtered by mapping", f"{summary.filtered:,}")
    set_aside = f"  -> {rejected}.rejected.jsonl" if rejected else ""
    table.add_row("rejected", f"{summary.rejected + summary.undecodable:,}{set_aside}")
    table.add_row("late", f"{summary.late:,}")
    table.add_row("repeated event ids", f"{summary.repeated_event_ids:,}")
    for currency, count in summary.unmonitored_currencies.items():
        table.add_row(f"in {currency}", f"{count:,} not monitored by the money thresholds")
    for rule, count in summary.alerts.items():
        table.add_row(f"alerts {rule}", f"{count:,}")
    if not summary.alerts:
        table.add_row("alerts", "0")
    table.add_row("time", f"{summary.seconds:.2f} s, {summary.events_per_second:,} events/s")
    return table


def _scores(scores: list[Any]) -> dict[str, dict[str, dict[str, float | int | None] | None]]:
    return {
        s.typology: {"accounts": _count(s.accounts), "episodes": _count(s.episodes) if s.episodes else None}
        for s in scores
    }


def _count(count: Count) -> dict[str, float | int | None]:
    return {**asdict(count), "precision": count.precision, "recall": count.recall}


def _score_table(scores: dict[str, dict[str, Any]]) -> Table:
    table = Table(box=None, padding=(0, 2))
    for heading in ("typology", "by", "labelled", "found", "precision", "recall"):
        table.add_column(heading, justify="left" if heading in {"typology", "by"} else "right")
    for typology, parts in scores.items():
        for by, part in parts.items():
            if part:
                shares = ["-" if part[name] is None else f"{part[name]:.3f}" for name in ("precision", "recall")]
                table.add_row(typology, by, str(part["labelled"]), str(part["found"]), *shares)
    return table


__all__ = ["Outcome", "run"]
