"""`sentinel run`."""

from pathlib import Path
from typing import Annotated

import typer

from sentinel_cli.options import LedgerFile, ParametersFile, Rules, Set, Stack, group_name, seconds


def run(
    group: Annotated[str, group_name("Beginning of the consumer groups' names.")] = "sentinel",
    state: Annotated[
        Path | None, typer.Option(metavar="FOLDER", help="Locks and snapshots; in the user's state without it.")
    ] = None,
    rules: Rules = None,
    set_: Set = None,
    parameters: ParametersFile = None,
    port: Annotated[
        int | None, typer.Option("--metrics-port", min=1, max=65535, help="Serve /metrics and /health there.")
    ] = None,
    snapshot_interval: Annotated[float, seconds("Each partition's state is written down within it.", least=1)] = 60,
    idle: Annotated[float, seconds("After it an idle partition with open windows is moved on.", least=1)] = 60,
    registry_wait: Annotated[float, seconds("For so long a partition waits for an absent registry.")] = 60,
    threads: Annotated[
        int, typer.Option(min=1, max=64, help="That share the partitions, each with an engine of its own.")
    ] = 1,
    ledger: LedgerFile = None,
    stack: Stack = None,
) -> None:
    """
    Run the whole pipeline as a service: transactions in, alerts, enriched alerts and dispositions out.

    For a broker without Flink. Exactly once: what is read, what is written and the offsets are one Kafka transaction.
    A second instance of the same group takes over partitions. Each decision is in the ledger before it is written; a
    ledger that cannot be written ends the service. Goes on until Ctrl-C or SIGTERM; a second one ends it at once, where
    the broker is away and the first would take a minute. Uses the runner's key.
    """
    from platformdirs import user_state_path

    from sentinel_cli.kafka.connection import Account, connect
    from sentinel_cli.ledger.place import find_ledger
    from sentinel_cli.ledger.recorder import Recorder
    from sentinel_cli.parameters import gather_parameters
    from sentinel_cli.service.job import Job, note
    from sentinel_cli.service.options import Options
    from sentinel_cli.service.service import Service
    from sql import load_pipeline

    values = gather_parameters(parameters, set_ or [])
    pipeline = load_pipeline(values, rules=rules.split(",") if rules else None)
    options = Options(
        group,
        state or user_state_path("sentinel-aml") / "run",
        snapshot_interval=snapshot_interval,
        idle=idle,
        registry_wait=registry_wait,
        threads=threads,
    )
    recorder = Recorder(find_ledger(ledger).make())
    job = Job(connect(Account.runner, stack), pipeline, options, recorder.answering(pipeline, note), recorder)
    Service(job).run(port)
