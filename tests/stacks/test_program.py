"""The whole program, as the engine hears of it: both stacks, both providers of the model, preview and up."""

import json
import re
from collections import Counter
from functools import cache
from pathlib import Path
from typing import Any

import pytest

import sql
from sql.outputs import SECRET_OUTPUTS, Output
from tests.stacks.recorder import SECRET, SIGNATURE, UNKNOWN, Recording, Registered, record
from tests.stacks.stack_configs import BEDROCK, SECRETS, config_of

ROLES = Path(__file__).with_name("roles.json")
"""Role and resource by account, for a person to read."""
COMPONENTS = {
    "sentinel:stacks:Access",
    "sentinel:stacks:LlmConnection",
    "sentinel:stacks:Pipeline",
    "sentinel:stacks:Platform",
    "sentinel:stacks:Statement",
    "sentinel:stacks:Topic",
}
"""State refers to resources by these: a changed one needs an alias."""
RUNS = [
    (stack, provider, dry_run)
    for stack in ("dev", "prod")
    for provider in ("azureopenai", "bedrock")
    for dry_run in (True, False)
]


@cache
def run(stack: str, provider: str = "azureopenai", dry_run: bool = False) -> Recording:
    changes: dict[str, Any] = {} if provider == "azureopenai" else {"llm": BEDROCK}
    recording = record(config_of(stack, **changes), SECRETS[provider], stack=stack, dry_run=dry_run)
    assert recording.error == ""
    return recording


def statements(recording: Recording) -> dict[str, Registered]:
    return {one.inputs["statementName"]: one for one in recording.of_type(":FlinkStatement")}


def in_clear(value: Any) -> list[str]:
    """Every text of a value that no secret wraps."""
    if isinstance(value, dict):
        if value.get(SIGNATURE) == SECRET:
            return []
        return [text for each in value.values() for text in in_clear(each)]
    if isinstance(value, list):
        return [text for each in value for text in in_clear(each)]
    return [value] if isinstance(value, str) else []


@pytest.mark.parametrize(("stack", "provider", "dry_run"), RUNS)
def test_every_component_is_there_and_every_child_is_named_after_its_own(
    stack: str, provider: str, dry_run: bool
) -> None:
    recording = run(stack, provider, dry_run)
    assert {one.type for one in recording.resources if one.type.startswith("sentinel:")} == COMPONENTS
    for one in recording.resources:
        parent = one.request.parent.rpartition("::")[2]
        if one.type != "pulumi:pulumi:Stack" and not parent.endswith(stack):
            assert one.name.startswith(f"{parent}-"), one.name


@pytest.mark.parametrize(("stack", "provider", "dry_run"), RUNS)
def test_no_secret_is_registered_in_clear(stack: str, provider: str, dry_run: bool) -> None:
    recording = run(stack, provider, dry_run)
    secrets = {text for name, text in SECRETS[provider].items() if name != "confluentCloudApiKey"}
    secrets.add("made-up-api-secret")
    shown = {text for one in recording.resources for text in in_clear(one.inputs)} | set(in_clear(recording.outputs))
    assert [text for text in shown if any(secret in text for secret in secrets)] == []


@pytest.mark.parametrize(("stack", "provider", "dry_run"), RUNS)
def test_every_resource_has_a_provider_of_its_own_scope(stack: str, provider: str, dry_run: bool) -> None:
    scopes = {
        ":KafkaTopic": r"access-aws-us-east-1-standard-kafka",
        ":Schema": r"access-registry",
        ":SubjectConfig": r"access-registry",
        ":FlinkConnection": r"access-deployer-aws-us-east-1-standard-flink",
        ":FlinkStatement": r"access-(deployer|runner)-aws-us-east-1-standard-flink",
    }
    for one in run(stack, provider, dry_run).resources:
        if one.request.custom and one.type.startswith("confluentcloud:"):
            used = one.request.provider.rpartition("::")[0].rpartition("::")[2]
            expected = next((name for end, name in scopes.items() if one.type.endswith(end)), "cloud")
            assert re.fullmatch(expected, used), f"{one.name} uses {used}"
            assert one.request.version == "2.79.0"


@pytest.mark.parametrize("provider", ["azureopenai", "bedrock"])
def test_a_preview_shows_every_statement_text_although_nothing_exists_yet(provider: str) -> None:
    preview, up = statements(run("prod", provider, True)), statements(run("prod", provider))
    assert {name: one.inputs["statement"] for name, one in preview.items()} == {
        name: one.inputs["statement"] for name, one in up.items()
    }
    assert preview["geo"].inputs["restEndpoint"] != UNKNOWN, "the region is known beforehand"
    assert preview["geo"].inputs["properties"]["sql.current-database"] == UNKNOWN


def test_production_deploys_every_statement_by_itself_in_the_order_of_the_graph() -> None:
    recording = run("prod")
    pipeline = sql.load_pipeline(provider="azureopenai")
    assert set(statements(recording)) == {statement.name for statement in pipeline.statements}
    topics = {f"pipeline-{table.folder.name}" for table in pipeline.tables}
    after = {
        one.name.removeprefix("pipeline-"): {
            urn.rpartition("::")[2].removeprefix("pipeline-")
            for urn in one.request.dependencies
            if urn.rpartition("::")[2].removesuffix("-topic") not in topics
        }
        for one in recording.of_type(":Statement")
    }
    for statement in pipeline.statements:
        writers = {other.name for other in pipeline.statements if other.writes in statement.reads}
        found = {name.removesuffix("-statement") for name in after[statement.name] if name.endswith("-statement")}
        assert found == writers, statement.name
    assert "llm-connection" in after["model"]


def test_development_runs_all_that_reads_transactions_as_one_set() -> None:
    alone, together = statements(run("prod")), statements(run("dev"))
    members = set(alone) - set(together)
    assert set(together) - set(alone) == {"detection"}
    assert {name.replace("-", "_") for name in members} == {rule.id for rule in sql.load_pipeline().rules} | {
        "late",
        "dead_letters",
    }
    text = together["detection"].inputs["statement"]
    assert text.startswith("EXECUTE STATEMENT SET\nBEGIN\n")
    assert text.endswith(";\nEND")
    assert text.count("INSERT INTO") == len(members)
    assert all(alone[name].inputs["statement"].rstrip() in text for name in members)


@pytest.mark.parametrize("stack", ["dev", "prod"])
def test_jobs_are_the_runners_and_everything_else_the_deployers(stack: str) -> None:
    for name, one in statements(run(stack)).items():
        who = "runner" if "INSERT INTO" in one.inputs["statement"] else "deployer"
        assert f"::access-{who}-" in one.request.provider, name
        assert ("stopped" in one.inputs) == (who == "runner"), name


@pytest.mark.parametrize("stack", ["dev", "prod"])
def test_a_statement_is_deleted_before_its_successor_and_replaced_by_a_change_of_properties(stack: str) -> None:
    for name, one in statements(run(stack)).items():
        assert one.request.deleteBeforeReplace, name
        assert set(one.request.replaceOnChanges) == {"properties", "statementName"}
        assert one.inputs["properties"]["sql.local-time-zone"] == "UTC"
        assert len(name) <= 72
        assert re.fullmatch(r"[a-z0-9-]+", name)
        assert not one.request.protect
        has_state = name in {"enrichment", "triage"}
        assert one.inputs["properties"].get("sql.state-ttl") == ("1826 d" if has_state else None)


def test_an_answered_alert_is_remembered_for_as_long_as_it_is_kept() -> None:
    recording = record(config_of("dev", retention={"aml_alerts": "36 hours"}), SECRETS["azureopenai"])
    assert recording.named("pipeline-enrichment-statement").inputs["properties"]["sql.state-ttl"] == "2 d"


def test_the_connection_keeps_its_secrets_and_is_made_beside_its_predecessor() -> None:
    for provider, keys in (("azureopenai", {"apiKey"}), ("bedrock", {"awsAccessKey", "awsSecretKey"})):
        (one,) = run("prod", provider).of_type(":FlinkConnection")
        wrapped = {name for name, value in one.inputs.items() if isinstance(value, dict) and SIGNATURE in value}
        assert wrapped == keys
        assert keys <= set(one.request.additionalSecretOutputs)
        assert set(one.request.replaceOnChanges) == {"displayName", "type", "endpoint"}
        assert not one.request.deleteBeforeReplace
        assert re.fullmatch(r"sentinel_llm_connection_[0-9a-f]{8}", one.inputs["displayName"])
        assert (
            f"'{provider}.connection' = '{one.inputs['displayName']}'"
            in (statements(run("prod", provider))["model"].inputs["statement"])
        )


def test_production_is_protected_and_what_must_be_replaced_is_not() -> None:
    protected = Counter(one.type.rpartition(":")[2] for one in run("prod").resources if one.request.protect)
    tables = len(sql.load_pipeline().tables)
    assert protected == {
        "Environment": 1,
        "KafkaCluster": 1,
        "ServiceAccount": 4,
        "KafkaTopic": tables,
        "Schema": tables,
        "SubjectConfig": tables,
    }
    assert run("prod").of_type(":KafkaCluster")[0].inputs["deletionProtection"] is True
    assert not [one for one in run("dev").resources if one.request.protect]


def test_a_key_waits_for_the_roles_of_its_account() -> None:
    recording = run("prod")
    for key in recording.of_type(":ApiKey"):
        account = key.name.split("-")[1]
        bindings = {one.name for one in recording.of_type(":RoleBinding") if one.name.split("-")[1] == account}
        assert bindings <= {urn.rpartition("::")[2] for urn in key.request.dependencies}, key.name


def test_each_account_has_the_least_it_needs() -> None:
    found: dict[str, set[tuple[str, str]]] = {}
    for one in run("prod").of_type(":RoleBinding"):
        where = one.inputs["crnPattern"].rpartition("/")[2]
        found.setdefault(one.inputs["principal"], set()).add((one.inputs["roleName"], where))
    roles = {
        principal.removeprefix("User:id-access-"): [f"{role} on {where}" for role, where in sorted(granted)]
        for principal, granted in found.items()
    }
    assert roles == json.loads(ROLES.read_text(encoding="utf-8"))


def test_it_exports_every_output_under_the_name_that_sql_gives_it_secrets_as_secrets() -> None:
    outputs = run("prod").outputs
    assert set(outputs) == set(Output)
    for name in Output:
        is_secret = isinstance(outputs[name], dict) and SIGNATURE in outputs[name]
        assert is_secret == (name in SECRET_OUTPUTS), name
    assert outputs[Output.statements] == {s.name: s.kind for s in sql.load_pipeline(provider="bedrock").statements}
    assert run("dev").outputs[Output.statements]["detection"] == "insert"
    assert outputs[Output.kafka_bootstrap_endpoint] == "pkc-1.confluent.example:9092"


def test_the_parameters_of_the_stack_reach_the_sql_and_a_disabled_rule_is_not_deployed() -> None:
    changes = {"parameters": {"structuring.min_total": "25000.00"}, "disabledRules": ["geo"]}
    changed = statements(record(config_of("prod", **changes), SECRETS["azureopenai"], stack="prod"))
    rendered = sql.load_pipeline({"structuring.min_total": "25000.00"}).statement("structuring").sql
    assert changed["structuring"].inputs["statement"].endswith(rendered)
    assert set(statements(run("prod"))) - set(changed) == {"geo"}


def test_stopped_is_written_on_each_job_whose_changes_then_wait() -> None:
    recording = record(config_of("prod", stopped=True), SECRETS["azureopenai"], stack="prod")
    for name, one in statements(recording).items():
        is_job = "INSERT INTO" in one.inputs["statement"]
        assert one.inputs.get("stopped") is (True if is_job else None), name
        assert set(one.request.ignoreChanges) == ({"statement", "properties"} if is_job else set())
    assert recording.outputs[Output.stopped] is True


def test_a_job_is_replaced_with_its_pool_or_principal_and_what_ends_by_itself_is_not() -> None:
    for name, one in statements(run("prod")).items():
        trigger = one.request.replacement_trigger.string_value
        is_job = "INSERT INTO" in one.inputs["statement"]
        pool, principal = "id-platform-aws-us-east-1-standard-pool", "id-access-runner"
        assert trigger == (f"{pool}/{principal}" if is_job else ""), name


def test_a_component_records_what_a_reviewer_needs_to_know_of_its_statement() -> None:
    starts = {"startsAt": {"structuring-rolling": "2026-03-01T00:00:00Z"}}
    recording = record(config_of("prod", **starts), SECRETS["azureopenai"], stack="prod")
    props = recording.named("pipeline-structuring-rolling").inputs
    assert re.fullmatch(r"[0-9a-f]{8}", props.pop("digest"))
    assert props == {
        "kind": "insert",
        "lookBackSeconds": 7200,
        "hasHistory": False,
        "startsAt": "2026-03-01T00:00:00+00:00",
        "readsFrom": "2026-02-27T22:00:00+00:00",
        "reads": ["sentinel.transactions_raw"],
        "writes": ["sentinel.aml_alerts"],
        "stopped": False,
    }
    assert recording.named("pipeline-velocity").inputs["hasHistory"] is True
