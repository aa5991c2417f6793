"""`sentinel dashboard`."""

from enum import StrEnum
from typing import Annotated

import typer

from sentinel_cli.options import Committed, Customers, Seed, Stack


class Source(StrEnum):
    """Where the alerts are from."""

    kafka = "kafka"
    local = "local"


def dashboard(
    mode: Annotated[
        Source, typer.Option(help="Alerts of a broker, or of a synthetic stream on this machine.", case_sensitive=False)
    ] = Source.kafka,
    max_alerts: Annotated[
        int, typer.Option(min=1, max=1000, metavar="N", help="Alerts that are shown; the oldest goes first.")
    ] = 50,
    committed: Committed = False,
    customers: Customers = 20,
    seed: Seed = 0,
    stack: Stack = None,
) -> None:
    """
    Show alerts and dispositions live, in this terminal.

    ? shows the keys. It reads outside of any consumer group, begins with the newest alerts, uses the analyst's key, and
    connects again by itself. --mode local needs neither broker nor account; --customers and --seed are for it alone.
    """
    from sentinel_cli.dashboard.launch import launch_kafka, launch_local, need_terminal

    need_terminal()
    if mode is Source.local:
        launch_local(max_alerts, customers, seed)
    else:
        launch_kafka(max_alerts, stack, committed=committed)
