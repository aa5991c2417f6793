"""`sentinel produce`, put together: a source, a run and what is said of it."""

import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from sentinel_cli.interrupts import Stop, stop_on_signals
from sentinel_cli.producer.pace import Pace
from sentinel_cli.producer.parts import Part
from sentinel_cli.producer.run import Run
from sentinel_cli.producer.screen import progress, say, show
from sentinel_cli.producer.streams import Synthetic
from sql.errors import ServiceError, UsageError

FAILED = 1


@dataclass(frozen=True)
class Options:
    """How a source is sent."""

    interval: float
    """Seconds between two records."""
    verbose: bool
    """Whether each transaction is printed on stdout."""
    stack: str | None
    delivery_timeout: float
    """Seconds after which a record is given up."""


def produce_synthetic(source: Synthetic, *, loop: bool, options: Options) -> int:
    """Send one lap of a source, or lap after lap until a request to stop; the exit status."""
    if loop and not source.events:
        raise UsageError("--loop with --events 0 would send nothing for ever: give 1 or more.")

    def parts(run: Run, size: int) -> Iterator[Part]:
        laps = source.parts(run.newest(), size, say)
        return laps if loop else islice(laps, 1)

    return _produce(parts, None if loop else source.events, options)


def produce_file(name: str, mapping: Path | None, options: Options) -> int:
    """Send the records of a file; the exit status."""
    # Loads DuckDB, which a synthetic stream does without.
    from sentinel_cli.producer.files import InputFile

    file = InputFile(name, mapping)
    if file.report.filtered:
        say(f"{file.report.filtered} rows were left out by the mapping's where")
    return _produce(lambda _, size: iter([file.part(size)]), file.report.arrived + file.report.undecodable, options)


def _produce(parts: Callable[[Run, int], Iterator[Part]], total: int | None, options: Options) -> int:
    """Run and report; 1 where not all that was taken arrived, else what the signal that ended it stands for, else 0."""
    pace, stop, out = Pace(options.interval), Stop(), sys.stdout.buffer if options.verbose else None
    run = Run(options.stack, options.delivery_timeout, stop, say)
    stream = parts(run, pace.size)
    try:
        with stop_on_signals(stop), progress(total, shown=not options.verbose) as advance:
            run.send(stream, pace, out, advance)
    except BaseException:
        # The reader of stdout has gone, say: what Kafka did not take must not go unsaid.
        if (report := run.report()).sent or not report.complete:
            show(report)
        raise
    report = run.report()
    show(report)
    if report.failure:
        raise ServiceError(f"Nothing more could be sent: {report.failure}.")
    return stop.status if report.complete else FAILED
