"""`sentinel decide`."""

from typing import Annotated

import typer

from sentinel_cli.analyst.decision import Decision
from sentinel_cli.options import LedgerFile, Stack


def decide(
    alert_id: Annotated[str, typer.Argument(metavar="ALERT_ID", help="The alert's id, 64 hexadecimal digits.")],
    decision: Annotated[Decision, typer.Argument(help="What happens to the case.", case_sensitive=False)],
    reason: Annotated[str, typer.Option(metavar="TEXT", help="Why, in your words.")],
    by: Annotated[str, typer.Option(metavar="NAME", help="Who decides, as the bank knows them.")],
    ledger: LedgerFile = None,
    stack: Stack = None,
) -> None:
    """
    Record what a person decides on an alert, in the ledger and in sentinel.analyst_decisions.

    The dashboard shows it beside the agent's. Of several decisions on an alert the latest counts; the same one said
    again is no second one. "Recorded" is said when the broker has confirmed. Uses the analyst's key.
    """
    from sentinel_cli.analyst.decide import decide as record
    from sentinel_cli.analyst.decision import checked
    from sentinel_cli.ledger.place import find_ledger

    decided = checked(alert_id, decision, reason, by)
    record(decided, stack, find_ledger(ledger))
    print(f"recorded: {decided.decision} on {decided.alert_id} by {decided.decided_by}")
