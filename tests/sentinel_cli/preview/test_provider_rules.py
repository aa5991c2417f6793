"""What the provider does with a changed input, by its rules."""

import json
from pathlib import Path
from typing import Any

import pytest

import sentinel_cli.preview.provider_rules as judge
from sentinel_cli.preview.digest import UNKNOWN, State, Step
from sentinel_cli.preview.provider_rules import CONDITIONS, EQUAL, Outcome, compare, outcome

RULES = json.loads((Path(judge.__file__).parent / "provider_rules.json").read_text("utf-8"))["resources"]


SRCM_V2, SRCM_V3 = {"apiVersion": "srcm/v2"}, {"apiVersion": "srcm/v3"}


def step(name: str, old: dict[str, Any], new: dict[str, Any], *forced: str) -> Step:
    token = RULES[name]["token"]
    states = State(type=token, inputs=old), State(type=token, inputs=new, replaceOnChanges=list(forced))  # type: ignore[call-arg]
    return Step(op="update", urn=f"urn:pulumi:dev::p::{token}::x", oldState=states[0], newState=states[1])  # type: ignore[call-arg]


def test_every_rule_on_equal_values_is_code() -> None:
    suppressed = {(name, path) for name, rules in RULES.items() for path in rules.get("diff_suppress") or {}}
    assert set(EQUAL) == suppressed
    assert all(key in RULES[name]["update"]["conditional"] for name, key in CONDITIONS)


@pytest.mark.parametrize(
    ("name", "old", "new", "expected"),
    [
        ("KafkaTopic", {"topicName": "a"}, {"topicName": "a"}, Outcome.nothing),
        ("KafkaTopic", {"topicName": "a"}, {"topicName": "b"}, Outcome.replaced),
        ("KafkaTopic", {"kafkaCluster": {"id": "lkc-1"}}, {"kafkaCluster": {"id": UNKNOWN}}, Outcome.replaced),
        ("KafkaTopic", {"partitionsCount": 6}, {"partitionsCount": 12}, Outcome.updated),
        ("KafkaTopic", {"partitionsCount": 6}, {"partitionsCount": 3}, Outcome.replaced),
        ("KafkaTopic", {"config": {"retention.ms": "1"}}, {"config": {"retention.ms": "2"}}, Outcome.updated),
        ("KafkaTopic", {"config": {}}, {"config": {"compression.type": "zstd"}}, Outcome.refused),
        ("KafkaCluster", {"availability": "LOW"}, {"availability": "SINGLE_ZONE"}, Outcome.nothing),
        ("KafkaCluster", {"availability": "LOW"}, {"availability": "HIGH"}, Outcome.replaced),
        ("KafkaCluster", {"displayName": "a"}, {"displayName": "b"}, Outcome.updated),
        ("RoleBinding", {"crnPattern": "crn://a:b"}, {"crnPattern": "crn://a%3Ab"}, Outcome.nothing),
        ("FlinkComputePool", {"cloud": "aws"}, {"cloud": "AWS"}, Outcome.nothing),
        ("ApiKey", {"managedResource": SRCM_V2}, {"managedResource": SRCM_V3}, Outcome.nothing),
        ("FlinkStatement", {"statement": "a"}, {"statement": "b"}, Outcome.replaced),
        ("FlinkStatement", {"properties": {"a": "1"}}, {"properties": {"a": "2"}}, Outcome.refused),
        ("FlinkStatement", {"stopped": True}, {"stopped": False}, Outcome.updated),
        ("FlinkStatement", {"principal": {"id": "sa-1"}}, {"principal": {"id": "sa-2"}}, Outcome.refused),
        (
            "FlinkStatement",
            {"principal": {"id": "sa-1"}, "stopped": True},
            {"principal": {"id": "sa-2"}, "stopped": False},
            Outcome.updated,
        ),
        ("FlinkStatement", {"stopped": False, "statement": "a"}, {"stopped": True, "statement": "b"}, Outcome.replaced),
        ("FlinkConnection", {"endpoint": "a"}, {"endpoint": "b"}, Outcome.refused),
        ("FlinkConnection", {"apiKey": "made-up-1"}, {"apiKey": "made-up-2"}, Outcome.updated),
    ],
)  # fmt: skip
def test_what_becomes_of_a_change(name: str, old: dict[str, Any], new: dict[str, Any], expected: Outcome) -> None:
    assert outcome(compare(step(name, old, new))) == expected


def test_what_the_program_forces_to_replace_is_replaced() -> None:
    changed = step(
        "FlinkStatement", {"properties": {"a": "1"}}, {"properties": {"a": "2"}}, "properties", "statementName"
    )
    assert outcome(compare(changed)) == Outcome.replaced


def test_a_secret_has_no_value() -> None:
    changes = compare(step("FlinkConnection", {"apiKey": "made-up-1"}, {"apiKey": "made-up-2"}))
    assert [(change.path, change.old, change.new) for change in changes] == [("apiKey", "[secret]", "[secret]")]


@pytest.mark.parametrize(("name", "path"), [(n, p) for n, r in RULES.items() for p in r["replace_paths"]])
def test_every_replace_path_replaces(name: str, path: str) -> None:
    def nested(value: str) -> dict[str, Any]:
        inputs: Any = value
        for part in reversed(path.split(".")):
            inputs = {part: inputs}
        return dict(inputs)

    assert outcome(compare(step(name, nested("before"), nested("after")))) == Outcome.replaced
