"""What a run of `sentinel produce` says: a bar while it sends at a terminal, and at its end how all ended."""

import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from sentinel_cli.producer.run import Report

_MOST = 5
"""Reasons that are told; the file and the dead letters have all."""


def say(text: str) -> None:
    """Comment on stderr."""
    print(f"sentinel: {text}", file=sys.stderr, flush=True)


@contextmanager
def progress(total: int | None, *, shown: bool) -> Iterator[Callable[[int], None]]:
    """A function to call with how many more were taken; where `shown`, it moves a bar if stderr is a terminal."""
    console = Console(stderr=True)
    columns = (TextColumn("sending"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True, disable=not (shown and console.is_terminal)) as bar:
        task = bar.add_task("sending", total=total)
        yield lambda taken: bar.advance(task, taken)


def show(report: Report) -> None:
    """Say how the run ended."""
    rejected, undelivered = report.rejected.total(), report.undelivered.total()
    rate = f", {report.sent / report.seconds:,.0f} a second" if report.seconds else ""
    say(f"sent {report.sent}, rejected {rejected}, undelivered {undelivered} in {report.seconds:.1f} s{rate}")
    for kind, reasons in (("rejected", report.rejected), ("undelivered", report.undelivered)):
        if reasons:
            say(f"{kind}: {_listed(reasons)}")
    if report.lost_heartbeats:
        say(f"{report.lost_heartbeats} heartbeats undelivered: the last windows stay open until later events")
    file = report.file
    if file.lines:
        say(f"{file.lines} records that Kafka did not take were added to {file.path}")
    if file.lost:
        say(f"{file.lost} records that Kafka did not take could not be added to {file.path}: {file.problem}")


def _listed(reasons: Counter[str]) -> str:
    told = [f"{reason} ({count})" for reason, count in reasons.most_common(_MOST)]
    return ", ".join(told) + (f" and {len(reasons) - _MOST} more reasons" if len(reasons) > _MOST else "")
