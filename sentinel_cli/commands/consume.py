"""`sentinel consume`."""

from typing import Annotated

import typer

from sentinel_cli.options import Committed, Json, LedgerFile, ParametersFile, Set, Stack, group_name, seconds


def consume(
    group: Annotated[str, group_name("Consumer group.")] = "sentinel-consume",
    from_: Annotated[
        str | None,
        typer.Option(
            "--from",
            metavar="beginning|latest|TIME",
            help="Where to begin, instead of where the group stopped; TIME is when a record was written, ISO 8601.",
        ),
    ] = None,
    most: Annotated[int | None, typer.Option("--max", min=1, metavar="N", help="End after so many alerts.")] = None,
    timeout: Annotated[float | None, seconds("End after so long without a new alert.")] = None,
    # Within it Kafka may hear nothing of a member, which it allows for up to a day.
    wait: Annotated[float, seconds("How old an alert may get before its disposition is made here.", most=43_200)] = 10,
    committed: Committed = False,
    set_: Set = None,
    parameters: ParametersFile = None,
    ledger: LedgerFile = None,
    stack: Stack = None,
    json: Json = False,
) -> None:
    """
    Print alerts from Kafka as they come, each with its summary and disposition.

    Both are taken from their topics where they come in time, else the pipeline's SQL makes them here; `enriched_by`
    and `decided_by` of a JSON line say which. What is made here is in the ledger before it is printed; the limits of
    its guard are those of --set. Stdout gets JSON lines with --json, and where it is no terminal.

    At least once: a group goes on where it stopped, and commits after a line is out, so that a line may come again
    after a kill, and none is left out. Repeats of an alert within one run are dropped. What cannot be read is told on
    stderr with its partition and offset. Uses the analyst's key.
    """
    from sentinel_cli.consumer.request import Request
    from sentinel_cli.consumer.screen import run
    from sentinel_cli.consumer.start import parse_start
    from sentinel_cli.ledger.place import find_ledger
    from sentinel_cli.parameters import gather_parameters

    start, values = parse_start(from_), gather_parameters(parameters, set_ or [])
    run(Request(group, start, most, timeout, wait, committed, values, stack, find_ledger(ledger)), json=json)
