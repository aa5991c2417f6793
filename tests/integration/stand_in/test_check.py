"""Inputs are judged before anything is planned: refused where they are wrong, filled in where they are missing."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.integration.confluent.cloud import Cloud
from tests.integration.confluent.values import UNKNOWN, Secret, plain
from tests.integration.stand_in.client import CLOUD, Client, RefusedError, connect

CLUSTER = {
    "displayName": "aml",
    "availability": "SINGLE_ZONE",
    "cloud": "AWS",
    "region": "us-east-1",
    "standard": {},
    "environment": {"id": "env-1"},
}
TOPIC = {"topicName": "sentinel.raw", "kafkaCluster": {"id": "lkc-1"}}
KEY = {"owner": {"id": "sa-1", "apiVersion": "iam/v2", "kind": "ServiceAccount"}}


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    cloud = Cloud.create(tmp_path_factory.mktemp("cloud") / "cloud.json", "KEY", "made-up")
    with connect(cloud, CLOUD) as found:
        yield found


@pytest.mark.parametrize(
    ("kind", "inputs", "path", "words"),
    [
        ("KafkaCluster", {**CLUSTER, "cloud": None}, "cloud", 'argument "cloud" is required'),
        ("KafkaCluster", {**CLUSTER, "environment": {}}, "environment.id", "is required"),
        ("KafkaCluster", {**CLUSTER, "zone": "a"}, "zone", 'unknown key "zone"'),
        ("KafkaCluster", {**CLUSTER, "environment": {"id": "env-1", "name": "a"}}, "environment.name", "unknown key"),
        ("KafkaCluster", {**CLUSTER, "cloud": "aws"}, "cloud", "to be one of .*'AWS'.*got aws"),
        ("KafkaCluster", {**CLUSTER, "standard": None}, "basic", "must be specified"),
        ("KafkaCluster", {**CLUSTER, "basic": {}}, "basic", "only one of"),
        (
            "KafkaCluster",
            {**CLUSTER, "standard": None, "dedicated": {"cku": 0}},
            "dedicated.cku",
            r"at least \(1\), got 0",
        ),
        (
            "KafkaCluster",
            {**CLUSTER, "standard": None, "dedicated": {"cku": 1, "zones": []}},
            "dedicated.zones",
            "Computed",
        ),
        ("KafkaCluster", {**CLUSTER, "byokKey": {"id": "cck-1"}}, "byokKey", "conflicts with standard"),
        ("KafkaTopic", {**TOPIC, "topicName": "two words"}, "topicName", "does not match"),
        ("KafkaTopic", {**TOPIC, "kafkaCluster": {"id": "env-1"}}, "kafkaCluster.id", "does not match"),
        ("KafkaTopic", {**TOPIC, "partitionsCount": 0}, "partitionsCount", r"at least \(1\), got 0"),
        ("KafkaTopic", {**TOPIC, "config": {"retention.ms": True}}, "config[retention.ms]", "expected type string"),
        ("KafkaTopic", {**TOPIC, "credentials": Secret({"key": "a"})}, "credentials.secret", "is required"),
        ("ServiceAccount", {"displayName": ""}, "displayName", "not be an empty string"),
        ("ApiKey", {"owner": {**KEY["owner"], "id": "dev"}}, "owner.id", "does not match"),
        ("RoleBinding", {"principal": "sa-1", "roleName": "x", "crnPattern": "crn://a"}, "principal", "does not match"),
        ("FlinkConnection", {"displayName": "a", "endpoint": "b", "type": "azureopenai"}, "type", "to be one of"),
    ],
)
def test_a_wrong_input_is_refused_by_its_path(
    client: Client, kind: str, inputs: dict[str, Any], path: str, words: str
) -> None:
    failures = client.check(kind, "x", **inputs)
    assert list(failures) == [path]
    with pytest.raises(AssertionError, match=words):
        raise AssertionError(failures[path])


@pytest.mark.parametrize(("kind", "inputs"), [("KafkaCluster", CLUSTER), ("KafkaTopic", TOPIC), ("ApiKey", KEY)])
def test_right_inputs_pass(client: Client, kind: str, inputs: dict[str, Any]) -> None:
    assert client.check(kind, "x", **inputs) == {}


def test_what_is_not_known_yet_passes(client: Client) -> None:
    assert client.check("KafkaCluster", "x", **{**CLUSTER, "cloud": UNKNOWN, "environment": UNKNOWN}) == {}
    assert client.check("KafkaCluster", "x", **{**CLUSTER, "standard": None, "dedicated": UNKNOWN}) == {}


def test_defaults_and_names_are_filled_in_and_noted(client: Client) -> None:
    topic = client.checked("KafkaTopic", "raw", **TOPIC)
    assert topic["partitionsCount"] == 6
    assert topic["__defaults"] == ["partitionsCount"]
    account = client.checked("ServiceAccount", "runner")
    assert account["displayName"].startswith("runner-")
    assert len(account["displayName"]) == len("runner-") + 7
    assert client.checked("ServiceAccount", "runner", displayName="runner").get("__defaults") is None
    rules = {"domainRules": [{"kind": "CONDITION", "mode": "WRITE", "name": "a", "type": "CEL"}]}
    schema = client.checked("Schema", "raw", subjectName="raw-value", format="JSON", ruleset=rules)
    assert schema["ruleset"]["domainRules"][0]["onFailure"] == "ERROR,ERROR"


def test_the_provider_itself_is_judged(client: Client, cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(RefusedError, match=r"maxRetries"), connect(cloud, {"maxRetries": "3"}):
        pass
    with pytest.raises(RefusedError, match=r"\(set of flink\) all .* or none"), connect(cloud, {"flinkApiKey": "KEY"}):
        pass
    monkeypatch.setenv("CONFLUENT_ORGANIZATION_ID", "from-somewhere-else")  # a stray variable counts as set
    with pytest.raises(RefusedError, match=r"\(set of flink\)"), connect(cloud, CLOUD):
        pass


def test_secrets_stay_marked_through_a_check(client: Client) -> None:
    checked = client.checked("KafkaTopic", "raw", **TOPIC, credentials=Secret({"key": "KEY", "secret": "made-up"}))
    assert isinstance(checked["credentials"], Secret)
    assert plain(checked["credentials"]) == {"key": "KEY", "secret": "made-up"}
