"""`sentinel topics`."""

from typing import Annotated

import typer

from sentinel_cli.options import Partitions, Stack


def create(
    partitions: Partitions = None,
    replication: Annotated[
        int | None, typer.Option(min=1, help="Copies of each topic; the broker's default without it.")
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Make them; without it nothing is made.")] = False,
    stack: Stack = None,
) -> None:
    """
    Make the topics and schemas of the pipeline on a broker that no stack has made.

    Shows what is there, what is missing and what differs; changes nothing without --yes. What differs and cannot be
    changed without loss (fewer or more partitions, a schema by which old records could not be read) is refused as a
    whole. Uses the runner's key.
    """
    import sys

    from sentinel_cli.topics.screen import show

    if not show(partitions, replication, stack, make=yes):
        print("sentinel: nothing was changed; add --yes to make them", file=sys.stderr)
