"""How a terminal shows a case: an alert, its summary and what was decided."""

from datetime import datetime
from decimal import Decimal
from typing import Any

from rich.table import Table
from rich.text import Text

DECISION_STYLES = {"ESCALATE": "bold red", "REVIEW": "yellow", "DISMISS": "green"}
SEVERITY_STYLES = {"CRITICAL": "bold red", "HIGH": "red", "MEDIUM": "yellow", "LOW": "green"}


def plain(text: object) -> str:
    """A text of someone else's, without what would move the cursor or the direction of writing."""
    return "".join(c if c.isprintable() else "�" for c in str(text))


def amount(total: Decimal | None, currency: str | None) -> str:
    """A sum with its currency; several currencies have no sum."""
    return "several currencies" if total is None else f"{total:,.2f} {plain(currency or '')}".rstrip()


def case_table(case: dict[str, Any]) -> Table:
    """One alert: when, what and how bad; its summary; what was decided."""
    table = Table.grid(padding=(0, 2), expand=True)
    table.add_column(width=16, no_wrap=True)
    table.add_column(ratio=1)
    table.add_column(width=14)
    what = Text.assemble(
        (f"{plain(case['rule_id'])} ", "bold"),
        (f"{case['severity']} ", SEVERITY_STYLES[case["severity"]]),
        f"{plain(case['account_id'])}  {case['transaction_count']} transactions, ",
        f"{amount(case['total_amount'], case['currency'])}\n",
        (plain(case["summary"] or "no summary"), "dim"),
    )
    decided = Text.assemble(
        (case["decision"], DECISION_STYLES[case["decision"]]),
        f"\npriority {case['priority']}",
        "\nSAR advised" if case["sar_recommended"] else "",
    )
    at: datetime = case["detected_at"]
    table.add_row(f"{at:%Y-%m-%d %H:%M}", what, decided)
    return table
