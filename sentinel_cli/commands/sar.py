"""`sentinel sar`."""

from pathlib import Path
from typing import Annotated

import typer

from sentinel_cli.options import LedgerFile, MappingFile, Stack


def draft(
    alert_id: Annotated[str, typer.Argument(metavar="ALERT_ID", help="The alert's id, 64 hexadecimal digits.")],
    alerts: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Take the alert from this file, JSON Lines of a replay, and not from Kafka."),
    ] = None,
    inputs: Annotated[
        list[str] | None,
        typer.Option("--input", metavar="FILE", help="Transactions, to name those of the evidence; repeatable."),
    ] = None,
    mapping: MappingFile = None,
    out: Annotated[Path, typer.Option(metavar="FOLDER", help="Where both files go.", show_default=True)] = Path(),
    ledger: LedgerFile = None,
    stack: Stack = None,
) -> None:
    """
    Draft a suspicious activity report of an alert: Markdown and FinCEN SAR XML, for a human, never filed.

    Who, what, when, where, why and how from the facts of alert, evidence and disposition; no model writes it. Beside
    the disposition stands what an analyst decided last: from its topic, or with --alerts from the ledger, where there
    is one. Stdout gets the paths of both files, which only you may read; stderr what is left for you to fill, and
    whether the alert was dismissed. Uses the analyst's key.
    """
    from sentinel_cli.ledger.place import existing_ledger
    from sentinel_cli.sar.draft import Request
    from sentinel_cli.sar.screen import run
    from sql.errors import UsageError

    if ledger and not alerts:
        raise UsageError("--ledger goes with --alerts: of an alert from Kafka, the analyst's decision is in its topic.")
    if mapping and not inputs:
        raise UsageError("--mapping goes with --input: it says how those files are laid out.")
    kept = existing_ledger(ledger) if alerts else None
    run(Request(alert_id, alerts, inputs or [], mapping, out, stack, kept))
