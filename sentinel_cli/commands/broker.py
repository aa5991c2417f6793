"""`sentinel broker`."""

from pathlib import Path
from typing import Annotated

import typer

from sentinel_cli.options import BrokerFolder, Partitions


def up(
    folder: BrokerFolder = None,
    partitions: Partitions = None,
    bootstrap: Annotated[
        str, typer.Option(metavar="HOST:PORT", help="A broker without keys that is there already: start nothing.")
    ] = "",
    registry: Annotated[str, typer.Option(metavar="URL", help="The schema registry beside --bootstrap.")] = "",
) -> None:
    """
    Start Apache Kafka and a schema registry on this machine, with the pipeline's topics and schemas.

    Stdout gets the settings by which the other commands find them, so `sentinel broker up > credentials.env` is all
    that there is to do. Both live on when the command has ended; a second `up` finds them. What they are run from is
    fetched once, by Maven, into the user's cache. With --bootstrap and --registry only topics and schemas are made,
    where they are missing.
    """
    import sys

    from sentinel_cli.broker.screen import bring_up, make_ready
    from sql.errors import UsageError

    if bool(bootstrap) != bool(registry) or (bootstrap and folder):
        raise UsageError("A broker that is there takes --bootstrap and --registry, and no --folder.")
    ready = make_ready(bootstrap, registry, partitions) if bootstrap else bring_up(_folder(folder), partitions)
    for name, value in ready.items():
        print(f"{name}={value}")
    sys.stdout.flush()


def down(
    folder: BrokerFolder = None,
    delete: Annotated[bool, typer.Option("--delete", help="Remove topics, schemas and logs, too.")] = False,
) -> None:
    """Stop what `sentinel broker up` has started; its data stay, unless --delete is given."""
    import sys

    from sentinel_cli.broker.screen import bring_down

    print(bring_down(_folder(folder), delete=delete), file=sys.stderr)


def _folder(folder: Path | None) -> Path:
    from platformdirs import user_state_path

    return folder or user_state_path("sentinel-aml") / "broker"
