"""`sentinel produce`."""

from typing import Annotated

import typer

from sentinel_cli.generator.mode import Mode
from sentinel_cli.options import (
    ClockOption,
    Customers,
    Delay,
    DeliveryTimeout,
    Events,
    InputFileOption,
    MappingFile,
    ModeOption,
    Rate,
    Seed,
    Stack,
)
from sentinel_cli.producer.clock import Clock


def produce(
    context: typer.Context,
    events: Events = 200,
    customers: Customers = 20,
    mode: ModeOption = Mode.mixed,
    seed: Seed = 0,
    clock: ClockOption = Clock.simulated,
    loop: Annotated[bool, typer.Option("--loop", help="Lap after lap, until Ctrl-C.")] = False,
    input_: InputFileOption = None,
    mapping: MappingFile = None,
    delay: Delay = None,
    rate: Rate = None,
    verbose: Annotated[
        bool, typer.Option("--verbose", help="Print each transaction on stdout, as JSON lines.")
    ] = False,
    delivery_timeout: DeliveryTimeout = 120,
    stack: Stack = None,
) -> None:
    """
    Stream transactions to Kafka, each validated against the registry's JSON Schema before it leaves.

    Synthetic ones, or with --input those of a file in its order, in its own times. A record that breaks the schema
    goes to sentinel.dead_letters with its reason. What the broker does not take within --delivery-timeout, or within
    10 s of Ctrl-C or SIGTERM, goes to sentinel.undelivered.jsonl; a second Ctrl-C ends at once.

    The simulated clock goes on a week and a day behind the newest event of the topic, so that no run is late behind
    another, and a closing heartbeat to each partition lets the last windows close. It never passes the present: from
    there on events have the real clock's time, as with --clock now.

    Exit codes: 0 all arrived, 1 something was rejected or undelivered, 130 ended by Ctrl-C and 143 by SIGTERM with
    all delivered that was taken.
    """
    from sentinel_cli.producer.produce import Options, produce_file, produce_synthetic
    from sentinel_cli.producer.streams import Synthetic
    from sql.errors import UsageError

    if delay is not None and rate is not None:
        raise UsageError("--delay and --rate both say how fast: give one of them.")
    if mapping and not input_:
        raise UsageError("--mapping tells how to read a file: give that with --input.")
    pause = (0 if input_ else 100) if delay is None else delay
    options = Options(1 / rate if rate else pause / 1000, verbose, stack, delivery_timeout)
    if input_:
        _refuse_generator_options(context)
        status = produce_file(input_, mapping, options)
    else:
        status = produce_synthetic(Synthetic(events, customers, mode, seed, clock), loop=loop, options=options)
    raise typer.Exit(status)


def _refuse_generator_options(context: typer.Context) -> None:
    from sql.errors import UsageError

    names = ("events", "customers", "mode", "seed", "clock", "loop")
    given = [name for name in names if str(context.get_parameter_source(name)).endswith("COMMANDLINE")]
    if given:
        raise UsageError(f"--{given[0]} is about synthetic transactions, --input about a file: give one of them.")
