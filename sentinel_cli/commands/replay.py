"""`sentinel replay`."""

from enum import StrEnum
from typing import Annotated

import typer

from sentinel_cli.options import (
    Inputs,
    Json,
    LabelsIn,
    MappingFile,
    ModelsLedgerFile,
    Out,
    ParametersFile,
    Rules,
    Set,
    Sort,
    Threads,
)


class Until(StrEnum):
    """How far a replay goes."""

    alerts = "alerts"
    dispositions = "dispositions"


class EngineName(StrEnum):
    """What runs the SQL."""

    duckdb = "duckdb"
    flink = "flink"


def replay(
    inputs: Inputs,
    mapping: MappingFile = None,
    rules: Rules = None,
    set_: Set = None,
    parameters: ParametersFile = None,
    until: Annotated[
        Until, typer.Option(help="Stop at alerts, or go on to summaries and dispositions.")
    ] = Until.alerts,
    engine: Annotated[EngineName, typer.Option(help="The embedded engine, or Apache Flink.")] = EngineName.duckdb,
    incremental: Annotated[
        bool, typer.Option("--incremental", help="In steps, as a service would run; the rows are the same.")
    ] = False,
    partitions: Annotated[
        int | None,
        typer.Option(min=1, help="Place accounts as Kafka does, in so many partitions with a watermark each."),
    ] = None,
    threads: Threads = None,
    sort: Sort = False,
    out: Out = None,
    labels: LabelsIn = None,
    ledger: ModelsLedgerFile = None,
    json: Json = False,
) -> None:
    """
    Run files of transactions through the pipeline; alerts or dispositions go to stdout as JSON lines.

    The order of INPUT is arrival order, and its end closes every window. Rows that break the contract go to
    OUT.rejected.jsonl with the reason, or to sentinel.rejected.jsonl where the rows go to stdout. The summary goes to
    stderr, or with --json to stdout as the last object.

    Where a model is configured, each disposition is in the ledger before it is written; what rules decide in its
    absence is recorded only with --ledger, since a replay is no case work.
    """
    from sentinel_cli.parameters import gather_parameters
    from sentinel_cli.replay import Request
    from sentinel_cli.replay_screen import run
    from sql.errors import UsageError

    if partitions and engine is EngineName.flink:
        raise UsageError("--partitions is the embedded engine's: Apache Flink takes the least of all watermarks.")
    if ledger and (until is Until.alerts or engine is EngineName.flink):
        raise UsageError("--ledger records dispositions of the embedded engine: it goes with --until dispositions.")
    request = Request(
        inputs, mapping, sort, until.value, incremental, partitions, threads, engine.value,
        rules.split(",") if rules else None, gather_parameters(parameters, set_ or []), out, labels, json, ledger,
    )  # fmt: skip
    run(request)
