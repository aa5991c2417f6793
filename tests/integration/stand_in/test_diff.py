"""A change is an update, a replacement, or a refusal: in the preview already, or only in the middle of an update."""

from typing import Any

import pytest
from pulumi.runtime.proto import provider_pb2

from tests.integration.confluent.values import UNKNOWN, Secret
from tests.integration.stand_in.client import Client, Made, RefusedError
from tests.integration.stand_in.platform import ALERTS, INSERT, RAW, Platform


def summary(found: provider_pb2.DiffResponse) -> tuple[list[str], list[str]]:
    return list(found.replaces), sorted(path for path in found.detailedDiff if path not in found.replaces)


@pytest.mark.parametrize(
    ("name", "changed", "replaces", "updates"),
    [
        ("env", {"displayName": "b"}, [], ["displayName"]),
        ("cluster", {"region": "eu-west-1"}, ["region"], []),
        ("cluster", {"availability": "LOW"}, [], []),
        ("cluster", {"availability": "HIGH"}, ["availability"], []),
        ("cluster", {"environment": {"id": UNKNOWN}}, ["environment.id"], []),
        ("cluster", {"environment": UNKNOWN}, ["environment"], []),
        ("cluster", {"deletionProtection": True}, [], ["deletionProtection"]),
        ("pool", {"cloud": "aws"}, None, None),
        ("pool", {"maxCfu": 10}, [], ["maxCfu"]),
        ("pool", {"maxCfu": None}, [], []),
        ("runner-read", {"roleName": "DeveloperWrite"}, ["roleName"], []),
        ("kafka-key", {"displayName": "b"}, [], ["displayName"]),
        ("flink-key", {"owner": {"id": "sa-9", "apiVersion": "iam/v2", "kind": "ServiceAccount"}}, ["owner.id"], []),
        (RAW, {"partitionsCount": 9}, [], ["partitionsCount"]),
        (RAW, {"partitionsCount": 3}, ["partitionsCount"], []),
        (RAW, {"topicName": "b"}, ["topicName"], []),
        (RAW, {"config": {"retention.ms": "1"}}, [], ["config"]),
        (f"{RAW}-value", {"schema": '{ "type":"object" }'}, [], []),
        (f"{RAW}-value", {"schema": '{"type": "string"}'}, [], ["schema"]),
        (f"{RAW}-value", {"subjectName": "b"}, ["subjectName"], []),
    ],
)
def test_the_kind_of_a_change(
    aml: Platform, name: str, changed: dict[str, Any], replaces: list[str] | None, updates: list[str]
) -> None:
    made = aml.made[name]
    if replaces is None:
        with pytest.raises(RefusedError, match=r"to be one of"):
            aml.control.diff(made, **changed)
        return
    assert summary(client(aml, made).diff(made, **changed)) == (replaces, updates)


def client(aml: Platform, made: Made) -> Client:
    return {"KafkaTopic": aml.kafka, "Schema": aml.registry}.get(made.kind, aml.control)


def test_only_a_name_that_was_given_asks_for_deletion_first(aml: Platform) -> None:
    moved = {"region": "eu-west-1"}
    assert aml.control.diff(aml.made["cluster"], **moved).deleteBeforeReplace
    given = {name: value for name, value in aml.made["cluster"].inputs.items() if name != "displayName"}
    assert not aml.control.diff(aml.control.create("KafkaCluster", "other", **given), **moved).deleteBeforeReplace
    assert not aml.kafka.diff(aml.made[RAW], topicName="b").deleteBeforeReplace


def test_a_cluster_may_grow_to_standard_and_never_back(aml: Platform) -> None:
    given = {**aml.made["cluster"].inputs, "displayName": "small"}
    basic = aml.control.create("KafkaCluster", "small", **{**given, "standard": None, "basic": {}})
    standard = aml.control.update(basic, basic=None, standard={})
    with pytest.raises(RefusedError, match=r"moving from standard back to basic"):
        aml.control.diff(standard, basic={}, standard=None)


def test_a_statement_is_replaced_by_its_text_and_refuses_the_rest_at_run_time(aml: Platform) -> None:
    job = aml.statement("structuring", INSERT)
    assert summary(aml.runner.diff(job, statement=f"{INSERT} WHERE TRUE")) == (["statement"], [])
    for name, value in {"properties": {"sql.state-ttl": "1 d"}, "statementName": "b"}.items():
        assert summary(aml.runner.diff(job, **{name: value})) == ([], [name])
        with pytest.raises(RefusedError, match=r"only stopped, propertiesSensitive, principal and computePool"):
            aml.runner.update(job, **{name: value})
    credentials = Secret({"key": "K", "secret": "made-up"})
    with pytest.raises(RefusedError, match=r"key rotation in place is refused"):
        aml.runner.update(job, credentials=credentials)


def test_a_principal_changes_only_as_a_job_resumes(aml: Platform) -> None:
    job = aml.statement("structuring", INSERT)
    other = {"id": aml.made["deployer"].id}
    with pytest.raises(RefusedError, match=r"without stopped going from true to false"):
        aml.runner.diff(job, principal=other)
    stopped = aml.runner.update(job, stopped=True)
    assert summary(aml.runner.diff(stopped, stopped=False, principal=other)) == ([], ["principal.id", "stopped"])


def test_stopped_is_ignored_at_creation_and_obeyed_at_the_next_update(aml: Platform) -> None:
    job = aml.statement("structuring", INSERT, stopped=True)
    assert (aml.phase("structuring"), job["stopped"]) == ("RUNNING", False)
    assert summary(aml.runner.diff(job)) == ([], ["stopped"])
    stopped = aml.runner.update(job)
    assert (aml.phase("structuring"), stopped["stopped"]) == ("STOPPED", True)
    assert summary(aml.runner.diff(stopped, stopped=None)) == ([], [])  # left out, it never resumes
    assert aml.runner.update(stopped, stopped=False)["stopped"] is False


def test_a_connection_updates_only_its_secrets(aml: Platform) -> None:
    connection = aml.connection()
    aml.deployer.update(connection, apiKey=Secret("another-made-up-key"))
    for name in ("displayName", "endpoint"):
        assert summary(aml.deployer.diff(connection, **{name: "b"})) == ([], [name])
        with pytest.raises(RefusedError, match=r"only the secret fields may change"):
            aml.deployer.update(connection, **{name: "b"})


def test_a_read_only_topic_setting_is_refused_at_run_time(aml: Platform) -> None:
    topic = aml.made[ALERTS]
    with pytest.raises(RefusedError, match=r"outside editable_config"):
        aml.kafka.update(topic, config={"compression.type": "gzip"})
