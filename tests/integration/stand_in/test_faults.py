"""The cloud fails as it is told, and the provider does then what the real one does."""

import pytest

from tests.integration.stand_in.client import CLOUD, RefusedError, connect
from tests.integration.stand_in.platform import INSERT, RAW, Platform


def test_a_busy_service_is_asked_again(aml: Platform) -> None:
    aml.cloud.tell(call="create", type="FlinkStatement", status=429, times=4)
    aml.statement("structuring", INSERT)
    aml.cloud.tell(call="create", type="FlinkStatement", status=429, times=5)
    with pytest.raises(RefusedError, match=r"429 Too Many Requests: told to fail \(giving up after 5 attempt"):
        aml.statement("velocity", INSERT)
    aml.statement("velocity", INSERT)


def test_a_refusal_is_not_asked_again(aml: Platform) -> None:
    aml.cloud.tell(call="delete", name="structuring", status=400, text="no", times=1)
    job = aml.statement("structuring", INSERT)
    with pytest.raises(RefusedError, match=r"400 Bad Request: no$"):
        aml.runner.delete(job)
    aml.runner.delete(job)


def test_a_statement_fails_with_the_detail_that_was_told(aml: Platform) -> None:
    aml.cloud.tell(call="create", name="structuring", phase="FAILED", detail="state too large", times=1)
    with pytest.raises(RefusedError, match='status is "FAILED": state too large'):
        aml.statement("structuring", INSERT)
    assert aml.phase("structuring") == "FAILED"  # it is there, and its name is taken
    with pytest.raises(RefusedError, match=r"409"):
        aml.statement("structuring", INSERT)


def test_a_delete_that_hangs_ends_with_an_error(aml: Platform) -> None:
    aml.cloud.tell(call="delete", type="KafkaTopic", name=RAW, hangs=True)
    with pytest.raises(RefusedError, match=r"timeout while waiting for the resource to be gone"):
        aml.kafka.delete(aml.made[RAW])


def test_what_is_gone_is_dropped_by_a_refresh_and_fails_a_delete_for_ever(aml: Platform) -> None:
    job = aml.statement("structuring", INSERT)
    with aml.cloud.open() as state:
        state["statements"].clear()
    for _ in range(2):
        with pytest.raises(RefusedError, match=r"404 Not Found: statement"):
            aml.runner.delete(job)
    assert aml.runner.read(job) is None
    aml.kafka.delete(aml.made[RAW])
    assert aml.kafka.read(aml.made[RAW]) is None


def test_a_revoked_key_fails_a_refresh(aml: Platform) -> None:
    job = aml.statement("structuring", INSERT)
    with aml.cloud.open() as state:
        del state["keys"][aml.made["flink-key"].id]
    with pytest.raises(RefusedError, match=r"error reading FlinkStatement 'structuring': 401 Unauthorized"):
        aml.runner.read(job)


def test_a_refusal_that_is_no_bad_key_counts_as_gone(aml: Platform) -> None:
    aml.cloud.tell(call="read", type="ServiceAccount", status=403, times=1)
    assert aml.control.read(aml.made["runner"]) is None
    assert aml.control.read(aml.made["runner"]) is not None


def test_look_ups_fail_where_there_is_nothing(aml: Platform) -> None:
    with pytest.raises(RefusedError, match=r"there are 0 Schema Registry clusters"):
        aml.control.invoke("getSchemaRegistryCluster", environment={"id": "env-default"})
    with pytest.raises(RefusedError, match=r"cloud.*to be one of"):
        aml.control.invoke("getFlinkRegion", cloud="aws", region="us-east-1")
    with connect(aml.cloud, CLOUD) as client, pytest.raises(RefusedError, match=r"exactly|must be specified"):
        client.invoke("getEnvironment")
