"""The columns of the table: what stands in them, how wide they are, and what they are sorted by."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from rich.text import Text

from sentinel_cli.case_view import DECISION_STYLES, SEVERITY_STYLES, plain
from sentinel_cli.dashboard.board import Case, agrees

SEVERITIES = ("CRITICAL", "HIGH", "MEDIUM", "LOW")
DECISIONS = ("ESCALATE", "REVIEW", "DISMISS")


@dataclass(frozen=True)
class Column:
    """One column of the table of alerts."""

    name: str
    width: int
    cell: Callable[[Case, float], Text]
    """What it shows of a case at a moment, epoch seconds."""
    order: Callable[[Case], Any]
    """What it is sorted by, smallest first."""


def age(seconds: float) -> str:
    """A length of time in its largest unit, at most four characters up to 27 years."""
    for unit, size in (("d", 86_400), ("h", 3_600), ("m", 60)):
        if seconds >= size:
            return f"{int(seconds // size)}{unit}"
    return f"{max(0, int(seconds))}s"


def _severity(case: Case, _: float) -> Text:
    severity = case.row["severity"]
    return Text(severity, SEVERITY_STYLES[severity])


def _amount(case: Case, _: float) -> Text:
    total, currency = case.row["total_amount"], case.row["currency"]
    return Text("mixed" if total is None else f"{total:,.2f} {plain(currency or '')}".rstrip(), justify="right")


def _decision(case: Case, _: float) -> Text:
    decision = case.row.get("decision")
    return Text(decision, DECISION_STYLES[decision]) if decision else Text("-", "dim")


def _priority(case: Case, _: float) -> Text:
    """How soon a person should look; once one has decided, whether as the agent said."""
    same = agrees(case.row)
    return Text(str(case.row.get("priority") or "-")) if same is None else Text("=" if same else "≠", "bold")


COLUMNS = (
    Column("severity", 8, _severity, lambda case: SEVERITIES.index(case.row["severity"])),
    Column("rule", 20, lambda case, _: Text(plain(case.row["rule_id"])), lambda case: case.row["rule_id"]),
    Column("account", 11, lambda case, _: Text(plain(case.row["account_id"])), lambda case: case.row["account_id"]),
    Column("amount", 14, _amount, lambda case: -(case.row["total_amount"] or 0)),
    Column("age", 4, lambda case, now: Text(age(now - case.written), justify="right"), lambda case: -case.written),
    Column("decision", 8, _decision, lambda case: (*DECISIONS, None).index(case.row.get("decision"))),
    Column("P", 1, _priority, lambda case: case.row.get("priority", 6)),
)
