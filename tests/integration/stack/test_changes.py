"""What a change replaces, and what it leaves alone."""

from pathlib import Path
from typing import Any

import pytest

import sql
from tests.integration.stack.sentinel import AZURE, BEDROCK, reviewed, statement_changes, use_sql
from tests.integration.stack_runner import RunFailedError, StackRunner

RULES = {rule.id.replace("_", "-") for rule in sql.load_pipeline().rules}
QUICK = "--refresh=false"
"""Nobody but these tests changes the cloud."""
OVER_TRANSACTIONS = RULES | {"late", "dead-letters"}


def up(runner: StackRunner) -> dict[str, str]:
    """Deploy, check that nothing is left to do, and tell what happened to statements."""
    changes = statement_changes(runner.up(QUICK).changes)
    assert runner.preview(QUICK).changes == {}
    return changes


def test_a_rules_parameter_replaces_exactly_its_statement(prod: StackRunner) -> None:
    prod.configure({"parameters": {"structuring.min_total": "25000.00"}})
    reviewed(prod, "rule-parameter-changed")
    run = prod.up(QUICK)
    assert run.changes == {"pipeline-structuring": "update", "pipeline-structuring-statement": "replace"}
    (text,) = [one["text"] for key, one in prod.cloud.read()["statements"].items() if key.endswith("/structuring")]
    assert "total_amount >= 25000.00" in text


def test_with_a_start_it_begins_there_and_a_second_up_has_no_change(prod: StackRunner) -> None:
    starts = {"startsAt": {"structuring": "2026-03-01T00:00:00Z"}}
    prod.configure({"parameters": {"structuring.min_total": "25000.00"}, **starts})
    reviewed(prod, "rule-parameter-changed-with-starts-at")
    assert up(prod) == {"structuring": "replace"}
    assert prod.resources()["pipeline-structuring"]["inputs"]["startsAt"] == "2026-03-01T00:00:00+00:00"


def test_a_prompt_makes_its_agent_first_and_replaces_triage_alone(
    prod: StackRunner, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    prompt = use_sql(tmp_path, monkeypatch) / "ai" / "prompts" / "triage.txt"
    prompt.write_text(prompt.read_text("utf-8").replace("When in doubt, REVIEW.", "Where any doubt is left, REVIEW."))
    reviewed(prod, "prompt-changed")
    before = prod.cloud.read()["agents"]
    assert up(prod) == {"agent": "replace", "triage": "replace"}
    calls = [(one["call"], one["name"]) for one in prod.cloud.calls() if one["call"] in {"create", "delete"}]
    assert calls[-4:] == [
        ("delete", "pipeline-agent-statement"),
        ("create", "pipeline-agent-statement"),
        ("delete", "pipeline-triage-statement"),
        ("create", "pipeline-triage-statement"),
    ]
    after = prod.cloud.read()["agents"]
    assert set(before) < set(after), "the old agent is dropped by nobody"


def test_the_llms_endpoint_makes_all_anew_that_names_it_and_the_old_goes_last(prod: StackRunner) -> None:
    prod.configure({"llm": AZURE})
    reviewed(prod, "llm-endpoint-changed")
    run = prod.up(QUICK)
    changed = dict.fromkeys(("model", "agent", "enrichment", "triage"), "replace")
    assert statement_changes(run.changes) == changed
    assert run.operations[-1] == ("delete-replaced", "pipeline-llm-connection")
    assert len(prod.cloud.read()["connections"]) == 1


def test_another_provider_of_the_llm_does_the_same(prod: StackRunner) -> None:
    prod.configure({"llm": BEDROCK})
    reviewed(prod, "llm-provider-switched")
    assert up(prod) == dict.fromkeys(("model", "agent", "enrichment", "triage"), "replace")
    (connection,) = prod.cloud.read()["connections"].values()
    assert connection["type"] == "BEDROCK"


def test_a_new_key_of_the_llm_changes_the_connection_in_place(prod: StackRunner) -> None:
    prod.configure({}, {"azureOpenAiKey": "another-made-up-azure-key"})
    assert prod.up(QUICK).changes == {"pipeline-llm-connection": "update"}


def test_a_watermark_reaches_every_job_that_reads_the_table(prod: StackRunner) -> None:
    prod.configure({"parameters": {"transactions_raw.watermark_delay": "20 seconds"}})
    reviewed(prod, "watermark-changed")
    expected = dict.fromkeys({*OVER_TRANSACTIONS, "transactions-raw-watermark"}, "replace")
    assert up(prod) == expected


def test_a_tables_options_reach_the_job_that_reads_it(
    prod: StackRunner, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    options = use_sql(tmp_path, monkeypatch) / "tables" / "aml_alerts" / "options.sql"
    options.write_text(options.read_text("utf-8").replace("read-uncommitted", "read-committed"))
    assert up(prod) == {"aml-alerts-options": "replace", "enrichment": "replace"}


def test_a_compatible_schema_is_a_new_version_and_nothing_more(
    prod: StackRunner, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    schema = use_sql(tmp_path, monkeypatch) / "tables" / "dead_letters" / "value.schema.json"
    noted = '"properties": {"note": {"type": "string"},'
    schema.write_text(schema.read_text("utf-8").replace('"properties": {', noted, 1))
    assert prod.up(QUICK).changes == {"pipeline-dead_letters-schema": "update"}


def test_a_rule_is_disabled_enabled_and_the_others_run_on(prod: StackRunner) -> None:
    prod.configure({"disabledRules": ["geo"]})
    reviewed(prod, "rule-removed")
    assert up(prod) == {"geo": "delete"}
    prod.configure({"disabledRules": []})
    reviewed(prod, "rule-added")
    assert up(prod) == {"geo": "create"}


def test_a_rule_that_is_a_new_folder_is_deployed_and_nothing_else_changes(
    prod: StackRunner, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    rules = use_sql(tmp_path, monkeypatch) / "rules"
    (rules / "geo").rename(rules / "geo_hourly")
    (rules / "geo").mkdir()
    for name in ("rule.sql", "rule.toml"):
        (rules / "geo" / name).write_text((rules / "geo_hourly" / name).read_text("utf-8"))
    assert up(prod) == {"geo-hourly": "create"}


def test_stopped_jobs_keep_their_text_until_they_are_resumed(prod: StackRunner) -> None:
    jobs = {*OVER_TRANSACTIONS, "enrichment", "triage"}
    prod.configure({"stopped": True})
    reviewed(prod, "stopped")
    assert up(prod) == dict.fromkeys(jobs, "update")
    assert phases(prod, jobs) == {"STOPPED"}

    prod.configure({"parameters": {"structuring.min_total": "25000.00"}})
    reviewed(prod, "changed-while-stopped")
    assert statement_changes(prod.up(QUICK).changes) == {}
    assert phases(prod, jobs) == {"STOPPED"}

    prod.configure({"stopped": False})
    reviewed(prod, "resumed")
    changes = up(prod)
    assert changes == {**dict.fromkeys(jobs, "update"), "structuring": "replace"}
    assert phases(prod, jobs) == {"RUNNING"}


def phases(runner: StackRunner, jobs: set[str]) -> set[str]:
    found = runner.cloud.read()["statements"].items()
    return {one["phase"] for key, one in found if key.rpartition("/")[2] in jobs}


def test_single_statements_become_a_set_and_single_again(prod: StackRunner) -> None:
    prod.configure({"statements": "set"})
    reviewed(prod, "single-to-set")
    assert up(prod) == {**dict.fromkeys(OVER_TRANSACTIONS, "delete"), "detection": "create"}
    prod.configure({"statements": "single"})
    reviewed(prod, "set-to-single")
    assert up(prod) == {**dict.fromkeys(OVER_TRANSACTIONS, "create"), "detection": "delete"}


def test_another_region_is_another_cluster_with_every_topic_of_it(dev: StackRunner) -> None:
    dev.configure({"region": "us-west-2"})
    reviewed(dev, "region-changed")
    changes = dev.up(QUICK).changes
    assert changes["platform-aws-us-west-2-standard-cluster"] == "create"
    assert changes["platform-aws-us-east-1-standard-cluster"] == "delete"
    topics = {name: what for name, what in changes.items() if name.endswith("-topic")}
    assert set(topics.values()) == {"replace"}
    assert len(topics) == len(sql.load_pipeline().tables)
    assert dev.preview(QUICK).changes == {}
    cloud = dev.cloud.read()
    assert {one["region"] for one in cloud["clusters"].values()} == {"us-west-2"}
    assert all("/us-west-2/" in key for key in cloud["statements"])


def test_another_type_of_cluster_is_another_cluster_too(dev: StackRunner) -> None:
    dev.configure({"cluster": {"type": "dedicated", "cku": 1}})
    dev.up(QUICK)
    assert {one["kind"] for one in dev.cloud.read()["clusters"].values()} == {"dedicated"}
    assert dev.preview(QUICK).changes == {}


def test_production_stays_where_it_is(prod: StackRunner) -> None:
    before = prod.cloud.read()
    prod.configure({"region": "us-west-2"})
    with pytest.raises(RunFailedError, match="protected"):
        prod.preview()
    assert prod.cloud.read() == before


def test_fewer_partitions_are_refused_and_nothing_is_lost(dev: StackRunner) -> None:
    dev.configure({"partitions": {"dead_letters": 3}})
    with pytest.raises(RunFailedError, match="already exists"):
        dev.up(QUICK)
    dev.configure({"partitions": {}})
    assert statement_changes(dev.up(QUICK).changes) == {}
    assert {topic["partitions"] for topic in dev.cloud.read()["topics"].values()} == {6}


def test_more_partitions_and_another_retention_change_a_topic_in_place(prod: StackRunner) -> None:
    prod.configure({"partitions": {"dead_letters": 12}, "retention": {"transactions_raw": "60 days"}})
    changes: dict[str, Any] = prod.up(QUICK).changes
    topics = {name: what for name, what in changes.items() if name.endswith("-topic")}
    assert topics == {"pipeline-dead_letters-topic": "update", "pipeline-transactions_raw-topic": "update"}
    assert statement_changes(changes) == {}


def test_a_renamed_component_is_an_alias_and_nothing_is_lost(prod: StackRunner) -> None:
    import pulumi

    import stacks

    main, name = prod.program, "pipeline-geo"
    made = stacks.Statement.__init__

    def renamed(self: stacks.Statement, given: str, args: stacks.StatementArgs, opts: pulumi.ResourceOptions) -> None:
        if given == name:
            alias = pulumi.ResourceOptions(aliases=[pulumi.Alias(name=name)])
            made(self, "pipeline-geography", args, pulumi.ResourceOptions.merge(opts, alias))
        else:
            made(self, given, args, opts)

    def program() -> None:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(stacks.Statement, "__init__", renamed)
            main()

    prod.program = program
    assert statement_changes(prod.up(QUICK).changes) == {}
    assert "pipeline-geography-statement" in prod.resources()
