"""Names and versions carry the hash of what they stand for, so that nothing changes under an old name."""

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

import sql

PROVIDERS: list[sql.Provider] = ["azureopenai", "bedrock"]


def versions(pipeline: sql.Pipeline) -> dict[str, str]:
    return {rule.id: rule.version for rule in pipeline.rules}


def changed(before: dict[str, str], after: dict[str, str]) -> set[str]:
    return {name for name in before if before[name] != after[name]}


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def test_a_rule_version_is_eight_hex_digits_and_stands_in_the_sql() -> None:
    pipeline = sql.load_pipeline()
    for rule in pipeline.rules:
        assert re.fullmatch("[0-9a-f]{8}", rule.version)
        assert f"'{rule.version}' AS rule_version" in pipeline.statement(rule.id.replace("_", "-")).sql
    assert len(set(versions(pipeline).values())) == len(pipeline.rules)


@pytest.mark.parametrize(
    ("parameter", "value", "rules"),
    [
        ("structuring.min_total", "30000.01", {"structuring"}),
        ("geo.window", "31 minutes", {"geo"}),
        ("velocity.confidence_percentage", "99.9", {"velocity"}),
        ("ai.max_completion_tokens", 2001, set()),
    ],
)
def test_a_rule_version_changes_with_a_parameter_of_the_rule(parameter: str, value: object, rules: set[str]) -> None:
    assert changed(versions(sql.load_pipeline()), versions(sql.load_pipeline({parameter: value}))) == rules


def test_a_rule_version_changes_with_the_view_that_all_rules_read() -> None:
    before = versions(sql.load_pipeline())
    assert changed(before, versions(sql.load_pipeline({"transactions_raw.max_ahead": "2 days"}))) == set(before)


def test_a_rule_version_changes_with_the_sql_of_the_rule(root: Path) -> None:
    before = versions(sql.load_pipeline(root=root))
    edit(root / "rules" / "geo" / "rule.sql", "'HIGH'", "'MEDIUM'")
    assert changed(before, versions(sql.load_pipeline(root=root))) == {"geo"}


def test_a_rule_version_does_not_change_with_starts_at() -> None:
    given = sql.load_pipeline(starts_at={"structuring": datetime(2026, 1, 1, tzinfo=UTC)})
    assert versions(given) == versions(sql.load_pipeline())


def made(provider: sql.Provider, root: Path, **parameters: object) -> dict[str, str]:
    """The names of the model and the agent, and the hash of each prompt as dispositions carry it."""
    given = {name.replace("__", "."): value for name, value in parameters.items()}
    pipeline = sql.load_pipeline(given, provider=provider, root=root)
    prompts = {
        name: re.search(r"'([0-9a-f]{8})' AS prompt_version", pipeline.statement(name).sql)
        for name in ("enrichment", "triage")
    }
    names = {name: pipeline.statement(name).writes for name in ("model", "agent")}
    assert names["model"] in pipeline.statement("enrichment").reads & pipeline.statement("agent").reads
    assert names["agent"] in pipeline.statement("triage").reads
    return names | {name: found[1] for name, found in prompts.items() if found}


@pytest.mark.parametrize("provider", PROVIDERS)
def test_model_and_agent_are_named_by_what_they_are(provider: sql.Provider, root: Path) -> None:
    before = made(provider, root)
    assert re.fullmatch("sentinel_llm_[0-9a-f]{8}", before["model"])
    assert re.fullmatch("sentinel_triage_agent_[0-9a-f]{8}", before["agent"])
    assert made(provider, root, structuring__min_total="1.00") == before
    assert changed(before, made(provider, root, ai__max_completion_tokens=3000)) == {"model", "agent"}
    assert changed(before, made(provider, root, ai__connection="another")) == {"model", "agent"}
    edit(root / "ai" / "agent.sql", "'max_iterations' = '3'", "'max_iterations' = '4'")
    options = made(provider, root)
    assert changed(before, options) == {"agent"}
    edit(root / "ai" / "prompts" / "triage.txt", "REVIEW", "review")
    prompt = made(provider, root)
    assert changed(options, prompt) == {"agent", "triage"}
    edit(root / "ai" / "prompts" / "enrichment.txt", "analyst", "ANALYST")
    other = made(provider, root)
    assert changed(prompt, other) == {"enrichment"}
    edit(root / "ai" / "triage.sql", "THEN 'TOTAL'", "THEN 'SUM'")
    assert made(provider, root) == other
    edit(root / "ai" / "triage.sql", "'Summary: '", "'In short: '")
    told = made(provider, root)
    assert changed(other, told) == {"triage"}
    edit(root / "ai" / "facts.sql", "'Typology: '", "'Pattern: '")
    assert changed(told, made(provider, root)) == {"enrichment", "triage"}


def test_the_two_providers_have_models_of_different_names(root: Path) -> None:
    assert changed(made("bedrock", root), made("azureopenai", root)) == {"model", "agent"}
