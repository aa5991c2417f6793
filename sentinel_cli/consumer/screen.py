"""What `sentinel consume` writes: cases on stdout, commentary on stderr."""

import sys
from collections.abc import Callable, Sequence

from sentinel_cli.consumer.consume import Consumption, Counts
from sentinel_cli.consumer.request import Request
from sentinel_cli.kafka.reading import Row
from sentinel_cli.outputs import json_line
from sql.topics import ALERTS


def run(request: Request, *, json: bool) -> None:
    """Print alerts as they come, as JSON Lines where a program reads; ServiceError where broker or registry refuses."""
    is_screen = sys.stdout.isatty() and not json
    consumption = Consumption(request, _screen_writer() if is_screen else _write_lines, _say)
    _say(f"reading {ALERTS} as group {request.group}")
    try:
        consumption.run()
    finally:
        _say(_summary(consumption.counts, consumption.decided.unreadable))


def _write_lines(cases: Sequence[Row]) -> None:
    sys.stdout.buffer.write(b"".join(map(json_line, cases)))
    sys.stdout.buffer.flush()


def _screen_writer() -> Callable[[Sequence[Row]], None]:
    from rich.console import Console

    from sentinel_cli.case_view import case_table

    console = Console(highlight=False)

    def write(cases: Sequence[Row]) -> None:
        for case in cases:
            console.print(case_table(case))

    return write


def _say(text: str) -> None:
    print(f"sentinel: {text}", file=sys.stderr, flush=True)


def _summary(counts: Counts, undecided: int) -> str:
    parts = [f"{counts.printed} alerts printed", f"{counts.repeats} repeats dropped"]
    parts += [f"{counts.unreadable} records could not be read"] if counts.unreadable else []
    parts += [f"{undecided} summaries or dispositions could not be read"] if undecided else []
    return ", ".join(parts)
