"""The chosen alert in full: what was decided and why, the summary, the evidence, and who wrote what."""

import json
from collections.abc import Iterator
from typing import Any

from rich.text import Text

from sentinel_cli.case_view import DECISION_STYLES, SEVERITY_STYLES, amount, plain
from sentinel_cli.dashboard.board import Case, agrees


def pane(case: Case | None) -> Text:
    """The text of a case; none of it is read as markup."""
    if case is None:
        return Text("No alert is shown.", "dim")
    return Text("\n").join(_lines(case.row))


def _lines(row: dict[str, Any]) -> Iterator[Text]:
    yield Text.assemble(
        (plain(row["rule_id"]), "bold"),
        " ",
        (row["severity"], SEVERITY_STYLES[row["severity"]]),
        f" {plain(row['account_id'])} of {plain(row['customer_id'])}",
    )
    yield Text(f"{row['transaction_count']} transactions, {amount(row['total_amount'], row['currency'])}")
    yield Text(f"{row['window_start']:%Y-%m-%d %H:%M:%S} to {row['window_end']:%Y-%m-%d %H:%M:%S} UTC")
    yield from _decision(row)
    yield from _analyst(row)
    yield _named("summary", row.get("summary") or "none yet")
    yield from _evidence(row["detail"])
    yield _named("events", ", ".join(row["evidence"]))
    yield from _authors(row)
    yield _named("rule version", row["rule_version"])
    yield _named("alert", row["alert_id"])


def _decision(row: dict[str, Any]) -> Iterator[Text]:
    decision = row.get("decision")
    if not decision:
        yield Text("no disposition yet", "dim")
        return
    advised = ", SAR advised" if row["sar_recommended"] else ""
    said = row["agent_decision"] or "nothing that counts"
    yield Text.assemble(
        (decision, DECISION_STYLES[decision]), f" priority {row['priority']}{advised}; agent said {said}"
    )
    if row["guard"]:
        yield _named("guard", row["guard"])
    yield _named("rationale", row["rationale"] or "none")
    yield _named("action", row["recommended_action"] or "none")


def _analyst(row: dict[str, Any]) -> Iterator[Text]:
    """What a person decided, beside the agent's decision."""
    if decision := row.get("analyst_decision"):
        style = DECISION_STYLES[decision]
        same = ", other than the agent" if agrees(row) is False else ""
        at = f"{row['analyst_decided_at']:%Y-%m-%d %H:%M} UTC"
        yield Text.assemble(("analyst ", "bold"), (decision, style), f" {plain(row['analyst_decided_by'])}, {at}{same}")
        yield _named("reason", row["analyst_reason"])


def _authors(row: dict[str, Any]) -> Iterator[Text]:
    if row.get("summary_model"):
        yield _named("summary by", f"{row['summary_model']}, prompt {row['summary_prompt_version']}")
    if row.get("decision"):
        yield _named("decided by", f"{row['model']}, prompt {row['prompt_version']}, {row['agent_status']}")


def _evidence(detail: str) -> Iterator[Text]:
    """What the rule found: its figures, and the transactions, one a line, as the SQL wrote them."""
    try:
        figures = dict(json.loads(detail))
    except (ValueError, TypeError, RecursionError):
        yield _named("detail", detail)
        return
    facts = [fact.split(" ") for fact in str(figures.pop("evidence", "")).split("; ") if fact]
    if figures:
        yield _named("figures", ", ".join(f"{name} {value}" for name, value in figures.items()))
    widths = [max(map(len, column)) for column in zip(*facts, strict=False)]
    for fact in facts:
        words = [word.ljust(width) for word, width in zip(fact, widths, strict=False)]
        yield Text(plain("  " + " ".join([*words, *fact[len(widths) :]])).rstrip(), no_wrap=False)


def _named(name: str, value: str) -> Text:
    return Text.assemble((f"{name} ", "bold"), plain(value))
