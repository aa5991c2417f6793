"""Each component by itself, as a program of somebody else uses it."""

import ast
from functools import cache
from importlib import import_module
from pathlib import Path

import pytest

import stacks
from stacks.llm_connection import connection_name, endpoint
from tests.stacks.recorder import SECRET, SIGNATURE, Recording, record

PROGRAM = Path(__file__).with_name("other_program.py")


@cache
def run(dry_run: bool = False) -> Recording:
    recording = record({}, {}, file=PROGRAM, dry_run=dry_run)
    assert recording.error == ""
    return recording


def test_what_is_offered_is_what_is_imported() -> None:
    tree = ast.parse(Path(stacks.__file__).read_text(encoding="utf-8"))
    homes = {
        alias.name: node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) for alias in node.names
    }
    assert stacks.__all__ == sorted(homes)
    assert all(getattr(import_module(str(home)), name).__doc__ for name, home in homes.items())


@pytest.mark.parametrize("dry_run", [True, False])
def test_a_platform_is_an_environment_a_cluster_of_the_type_and_a_pool(dry_run: bool) -> None:
    recording = run(dry_run)
    cluster = recording.named("orders-gcp-europe-west1-dedicated-cluster").inputs
    assert cluster["dedicated"] == {"cku": 2}
    assert "standard" not in cluster
    assert cluster["availability"] == "MULTI_ZONE"
    assert recording.named("orders-environment").inputs["streamGovernance"] == {"package": "ADVANCED"}
    assert recording.named("orders-gcp-europe-west1-dedicated-pool").inputs["maxCfu"] == 5


@pytest.mark.parametrize("dry_run", [True, False])
def test_a_topic_has_a_schema_that_stays_readable(dry_run: bool) -> None:
    recording = run(dry_run)
    topic = recording.named("orders-topic-topic")
    assert topic.inputs["config"] == {"cleanup.policy": "delete", "retention.ms": "86400000"}
    assert topic.inputs["partitionsCount"] == 3
    assert topic.request.protect
    assert recording.named("orders-topic-schema").inputs["subjectName"] == "orders-value"
    assert recording.named("orders-topic-compatibility").inputs["compatibilityLevel"] == "BACKWARD_TRANSITIVE"


@pytest.mark.parametrize("dry_run", [True, False])
def test_a_connection_wraps_what_it_is_given_in_clear(dry_run: bool) -> None:
    inputs = run(dry_run).named("model-connection").inputs
    assert inputs["type"] == "BEDROCK"
    assert inputs["awsSecretKey"] == {SIGNATURE: SECRET, "value": "made-up-aws-secret"}
    assert "apiKey" not in inputs


@pytest.mark.parametrize("dry_run", [True, False])
def test_a_statement_needs_nothing_of_this_project(dry_run: bool) -> None:
    recording = run(dry_run)
    statement = recording.named("totals-statement")
    assert statement.inputs["statement"] == "INSERT INTO totals SELECT id FROM orders"
    assert statement.inputs["properties"]["sql.state-ttl"] == "3 d"
    assert statement.inputs["stopped"] is False
    waits_for = recording.named("totals").request.dependencies
    assert any(urn.endswith("::orders-topic-topic") for urn in waits_for)


AZURE = stacks.AzureOpenAi.model_validate(
    {
        "provider": "azureopenai",
        "endpoint": "https://bank.openai.azure.com/",
        "deployment": "gpt-5-mini",
        "apiVersion": "2024-08-01-preview",
    }
)
BEDROCK = stacks.Bedrock(provider="bedrock", region="us-east-1", model="us.anthropic.claude-v1:0")


def test_the_endpoint_is_the_one_that_answers_a_prompt() -> None:
    deployment = "https://bank.openai.azure.com/openai/deployments/gpt-5-mini/chat/completions"
    assert endpoint(AZURE) == f"{deployment}?api-version=2024-08-01-preview"
    assert endpoint(BEDROCK) == "https://bedrock-runtime.us-east-1.amazonaws.com/model/us.anthropic.claude-v1:0/invoke"


def test_a_connection_is_named_by_type_endpoint_and_region() -> None:
    names = {
        connection_name(AZURE, "aws.us-east-1"),
        connection_name(AZURE, "aws.us-west-2"),
        connection_name(BEDROCK, "aws.us-east-1"),
        connection_name(AZURE.model_copy(update={"deployment": "other"}), "aws.us-east-1"),
    }
    assert len(names) == 4
    assert connection_name(AZURE, "aws.us-east-1") == connection_name(AZURE, "aws.us-east-1")
