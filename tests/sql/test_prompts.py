"""A statement that would tell a model who somebody is does not load."""

from pathlib import Path

import pytest

import sql
from sql.errors import PipelineError

WRONG = {
    "the account": ("enrichment.sql", "CONCAT(:enrichment_prompt, :alert_facts)", "CONCAT(account_id, :alert_facts)"),
    "the customer, by another name": (
        "triage.sql",
        ":evidence_facts AS evidence_facts",
        "customer_id AS evidence_facts",
    ),
    "the event ids": ("enrichment.sql", "p.prompt)", "CONCAT(p.prompt, ARRAY_JOIN(p.evidence, ' ')))"),
    "the alert's id": ("triage.sql", "COALESCE(summary, 'none')", "COALESCE(summary, alert_id)"),
    "the whole detail": ("facts.sql", "JSON_VALUE(detail, '$.min_total')", "detail"),
    "a key of the detail that is not on the list": ("facts.sql", "'$.country_count'", "'$.counterparty'"),
    "the currency, which no list has seen": ("facts.sql", "'in several currencies'", "currency"),
    "the rule": ("facts.sql", "'Typology: '", "rule_id"),
    "the account as session key": ("triage.sql", "a.prompt, a.alert_id", "a.prompt, a.account_id"),
}
COLUMN = {
    "the account": "account_id",
    "the customer, by another name": "customer_id",
    "the event ids": "evidence",
    "the alert's id": "alert_id",
    "the whole detail": "detail",
    "a key of the detail that is not on the list": "detail.counterparty",
    "the currency, which no list has seen": "currency",
    "the rule": "rule_id",
    "the account as session key": "account_id",
}


@pytest.mark.parametrize("what", WRONG)
def test_what_names_somebody_is_an_error_that_names_file_and_column(what: str, root: Path) -> None:
    name, old, new = WRONG[what]
    path = root / "ai" / name
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(PipelineError) as caught:
        sql.load_pipeline(root=root)
    statement = "enrichment" if name == "facts.sql" else name.removesuffix(".sql")
    assert f"ai/{statement}.sql: " in str(caught.value)
    assert f" {COLUMN[what]}. Leave" in str(caught.value) or f" has {COLUMN[what]} as session key" in str(caught.value)
