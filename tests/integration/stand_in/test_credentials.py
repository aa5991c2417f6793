"""Every call is judged by its key, its endpoint and its roles; deletes too."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.integration.confluent.values import Secret, plain
from tests.integration.stand_in.client import CLOUD, RefusedError, connect
from tests.integration.stand_in.platform import ALERTS, INSERT, RAW, Platform


@pytest.mark.parametrize(
    ("config", "words"),
    [
        ({}, "401 Unauthorized"),
        ({**CLOUD, "cloudApiSecret": "made-up-wrong"}, "401 Unauthorized"),
        ({**CLOUD, "endpoint": "https://elsewhere.example"}, "404 Not Found"),
    ],
)
def test_the_control_plane_wants_a_living_cloud_key(aml: Platform, config: dict[str, str], words: str) -> None:
    with connect(aml.cloud, config) as client:
        with pytest.raises(RefusedError, match=words):
            client.create("ServiceAccount", "x", displayName="x")
        with pytest.raises(RefusedError, match=words):
            client.delete(aml.made["env"])


def test_a_key_of_another_kind_is_no_cloud_key(aml: Platform) -> None:
    key = aml.made["kafka-key"]
    with (
        connect(aml.cloud, {"cloudApiKey": key.id, "cloudApiSecret": key["secret"]}) as client,
        pytest.raises(RefusedError, match=r"a kafka key, where a cloud key is needed"),
    ):
        client.create("ServiceAccount", "x", displayName="x")


def test_a_cloud_key_without_a_role_is_refused(aml: Platform) -> None:
    owner = {"id": aml.made["runner"].id, "apiVersion": "iam/v2", "kind": "ServiceAccount"}
    key = aml.control.create("ApiKey", "weak", displayName="weak", owner=owner)
    with (
        connect(aml.cloud, {"cloudApiKey": key.id, "cloudApiSecret": key["secret"]}) as client,
        pytest.raises(RefusedError, match=r"403 Forbidden: the owner of the Cloud API key lacks .*OrganizationAdmin"),
    ):
        client.create("ServiceAccount", "x", displayName="x")


def test_a_topic_needs_its_own_clusters_key_and_endpoint_and_a_role(aml: Platform) -> None:
    cluster = {"kafkaCluster": {"id": aml.made["cluster"].id}}
    with pytest.raises(RefusedError, match=r"403 Forbidden: .* lacks .*DeveloperManage.*topic=other"):
        aml.kafka.create("KafkaTopic", "other", topicName="other", **cluster)
    given = {**aml.made["cluster"].inputs, "displayName": "second"}
    second = aml.control.create("KafkaCluster", "second", **given)
    key = aml.made["kafka-key"]
    bare = {"kafkaApiKey": key.id, "kafkaApiSecret": key["secret"]}
    with connect(aml.cloud, bare | {"kafkaRestEndpoint": second["restEndpoint"]}) as client:
        with pytest.raises(RefusedError, match=r"404 Not Found: .* is not the endpoint"):
            client.create("KafkaTopic", "x", topicName="sentinel.x", **cluster)
        with pytest.raises(RefusedError, match=r"401 Unauthorized: invalid API key: not a key to cluster"):
            client.create("KafkaTopic", "x", topicName="sentinel.x", kafkaCluster={"id": second.id})


def test_a_deleted_key_can_delete_nothing(aml: Platform) -> None:
    job, connection = aml.statement("structuring", INSERT), aml.connection()
    for name in ("kafka-key", "registry-key", "flink-key"):
        aml.control.delete(aml.made[name])
    for client, made in (
        (aml.kafka, aml.made[RAW]),
        (aml.registry, aml.made[f"{RAW}-value"]),
        (aml.runner, job),
        (aml.deployer, connection),
    ):
        with pytest.raises(RefusedError, match=r"401 Unauthorized: invalid API key"):
            client.delete(made)


def test_flink_keys_are_keys_to_one_region_of_one_environment(aml: Platform) -> None:
    elsewhere = aml.control.invoke("getFlinkRegion", cloud="AWS", region="eu-west-1")
    runner = aml.flink | {"flinkPrincipalId": aml.made["runner"].id}
    job = aml.statement("structuring", INSERT)
    with (
        connect(aml.cloud, runner | {"flinkRestEndpoint": elsewhere["restEndpoint"]}) as client,
        pytest.raises(RefusedError, match=r"401 Unauthorized: .* a key to aws.us-east-1, called at"),
    ):
        client.delete(job)
    with (
        connect(aml.cloud, runner | {"environmentId": "env-default"}) as client,
        pytest.raises(RefusedError, match=r"401 Unauthorized: .* a key to environment"),
    ):
        client.delete(job)
    given = {**aml.made["flink-key"].inputs, "displayName": "eu"}
    key = aml.control.create(
        "ApiKey", "eu", **{**given, "managedResource": {**given["managedResource"], "id": elsewhere["id"]}}
    )
    moved = {"flinkApiKey": key.id, "flinkApiSecret": key["secret"], "flinkRestEndpoint": elsewhere["restEndpoint"]}
    with (
        connect(aml.cloud, runner | moved) as client,
        pytest.raises(RefusedError, match=r"404 Not Found: statement .*eu-west-1/structuring does not exist"),
    ):
        client.delete(job)


@pytest.mark.parametrize(
    ("without", "words"),
    [
        ("deployer-flink", "403 Forbidden: .* lacks FlinkAdmin or FlinkDeveloper"),
        ("deployer-assigner", "403 Forbidden: .* lacks Assigner on .*/service-account="),
        ("runner-flink", 'status is "FAILED": .* lacks FlinkAdmin or FlinkDeveloper'),
    ],
)
def test_who_may_run_a_statement_as_whom(aml: Platform, without: str, words: str) -> None:
    aml.control.delete(aml.made[without])
    with pytest.raises(RefusedError, match=words):
        aml.statement("structuring", INSERT)


def test_a_connection_needs_flink_admin(aml: Platform) -> None:
    aml.control.delete(aml.made["deployer-flink"])
    with pytest.raises(RefusedError, match=r"403 Forbidden: .* lacks FlinkAdmin"):
        aml.connection()


@pytest.mark.parametrize(
    ("role", "crn", "words"),
    [
        ("Reader", "{env}", "role Reader does not exist"),
        ("DeveloperRead", "{cluster}", "can't be bound to a scope that ends with cloud-cluster"),
        ("DeveloperRead", "{cluster}/kafka={id}", "can't be bound to a scope that ends with kafka"),
        ("DeveloperRead", "{cluster}/topic=a", "is no scope of a role"),
        ("DeveloperRead", "{cluster}/kafka=lkc-9/topic=a", "no such kafka"),
        ("CloudClusterAdmin", "{cluster}/kafka={id}", "can't be bound to a scope that ends with kafka"),
        ("EnvironmentAdmin", "{cluster}", "can't be bound"),
        ("Assigner", "{env}", "can't be bound"),
        ("FlinkDeveloper", "{env}/flink-region=AWS.eu-west-1/compute-pool={pool}", "not in that region"),
        ("FlinkDeveloper", "{env}/compute-pool={pool}", "is no scope of a role"),
    ],
)
def test_a_role_fits_its_scope(aml: Platform, role: str, crn: str, words: str) -> None:
    cluster = aml.made["cluster"]
    names = {"env": aml.made["env"]["resourceName"], "cluster": cluster["rbacCrn"], "id": cluster.id}
    scope = crn.format(**names, pool=aml.made["pool"].id)
    with pytest.raises(RefusedError, match=f"400 Bad Request: .*{words}"):
        aml.control.create(
            "RoleBinding", "x", principal=f"User:{aml.made['runner'].id}", roleName=role, crnPattern=scope
        )


def test_a_basic_cluster_has_no_roles_on_its_topics(aml: Platform) -> None:
    given = {**aml.made["cluster"].inputs, "displayName": "small", "standard": None, "basic": {}}
    basic = aml.control.create("KafkaCluster", "small", **given)
    crn = f"{basic['rbacCrn']}/kafka={basic.id}/topic=a"
    principal = f"User:{aml.made['runner'].id}"
    with pytest.raises(RefusedError, match=r"400 Bad Request: a Basic cluster has no roles on its topics"):
        aml.control.create("RoleBinding", "x", principal=principal, roleName="DeveloperRead", crnPattern=crn)


def test_secrets_are_marked_in_outputs_and_masked_in_the_log(aml: Platform) -> None:
    connection = aml.connection()
    assert isinstance(connection.outputs["apiKey"], Secret)
    assert isinstance(aml.made["kafka-key"].outputs["secret"], Secret)
    assert aml.violations() == []
    assert "made-up-llm-key" not in aml.cloud.log.read_text(encoding="utf-8")
    call = aml.cloud.calls()[-1]
    assert (call["type"], call["inputs"]["apiKey"]) == ("FlinkConnection", "[secret]")
    assert (call["owner"], call["principal"]) == (aml.made["deployer"].id, aml.made["deployer"].id)
    assert call["endpoint"] == "https://flink.us-east-1.aws.confluent.cloud"


def test_a_secret_that_arrives_in_clear_is_recorded(aml: Platform) -> None:
    open_key: Any = plain(Secret("made-up-llm-key"))
    connection = aml.connection(apiKey=open_key)
    assert connection.outputs["apiKey"] == "made-up-llm-key"
    assert aml.violations() == ["FlinkConnection llm: apiKey is a secret and arrived in clear"]


def test_two_objects_of_one_name_collide(aml: Platform) -> None:
    aml.statement("structuring", INSERT)
    aml.connection()
    cluster = {"id": aml.made["cluster"].id}
    makers: list[Callable[[], object]] = [
        lambda: aml.statement("structuring", INSERT),
        aml.connection,
        lambda: aml.kafka.create("KafkaTopic", "again", topicName=ALERTS, kafkaCluster=cluster),
        lambda: aml.control.create("ServiceAccount", "again", displayName="runner"),
    ]
    for make in makers:
        with pytest.raises(RefusedError, match=r"409 Conflict: .* exists"):
            make()
