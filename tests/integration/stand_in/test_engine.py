"""What only the real engine shows: order, state, replacement, and how a run that failed goes on."""

from collections.abc import Callable

import pytest

from tests.integration.stack_runner import RunFailedError, StackRunner
from tests.integration.stand_in.platform import INSERT, RAW
from tests.integration.stand_in.sample import LLM_KEY, Sample


@pytest.fixture
def deployed(runner: StackRunner) -> Callable[..., Sample]:
    """Deploys a sample once, and gives it to be changed."""

    def deploy(**choices: object) -> Sample:
        sample = Sample(**choices)  # type: ignore[arg-type]
        runner.program = sample
        runner.secrets.add(LLM_KEY)
        runner.up()
        return sample

    return deploy


def secrets_in_clear(runner: StackRunner, text: str) -> set[str]:
    return {secret for secret in runner.known_secrets() if secret in text}


def test_a_stack_comes_stays_and_goes(runner: StackRunner) -> None:
    runner.program = Sample()
    runner.secrets.add(LLM_KEY)
    planned = runner.preview()
    run = runner.up()
    assert run.changes == planned.changes
    assert set(run.changes.values()) == {"create"}
    assert runner.up().changes == {}
    assert runner.outputs()["kafkaClusterId"].startswith("lkc-")

    texts = [runner.state_text(), runner.preview_json(), runner.cloud.log.read_text(encoding="utf-8"), run.output]
    assert [secrets_in_clear(runner, text) for text in texts] == [set()] * 4
    assert len(runner.known_secrets()) >= 5

    destroyed = runner.destroy()
    assert destroyed.names("delete").index("structuring") < destroyed.names("delete").index(RAW)
    left = runner.cloud.read()
    assert not left["statements"] | left["topics"] | left["clusters"] | left["pools"] | left["subjects"]
    assert left["violations"] == []


def test_calls_are_logged_with_the_provider_that_made_them(
    runner: StackRunner, deployed: Callable[..., Sample]
) -> None:
    deployed()
    calls = {call["name"]: call for call in runner.cloud.calls() if call["call"] == "create"}
    providers = {name: calls[name]["provider"] for name in ("cluster", RAW, f"{RAW}-value", "llm", "structuring")}
    assert list(providers.values()) == ["cloud", "kafka", "registry", "flink", "flink"]
    account = runner.resources()["account"]["id"]
    assert (calls["structuring"]["owner"], calls["structuring"]["principal"]) == (account, account)


def test_a_secret_given_as_a_plain_string_stands_in_the_state(
    runner: StackRunner, deployed: Callable[..., Sample]
) -> None:
    deployed(open_secret=True)
    assert secrets_in_clear(runner, runner.state_text()) == {LLM_KEY}
    assert runner.cloud.read()["violations"] == ["FlinkConnection llm: apiKey is a secret and arrived in clear"]


def test_changed_text_replaces_exactly_its_statement(runner: StackRunner, deployed: Callable[..., Sample]) -> None:
    sample = deployed()
    sample.insert = f"{INSERT} WHERE TRUE"
    assert runner.preview().changes == {"structuring": "replace"}
    assert runner.up().changes == {"structuring": "replace"}
    made = [(call["call"], call["name"]) for call in runner.cloud.calls() if call["call"] in {"create", "delete"}]
    assert made[-2:] == [("delete", "structuring"), ("create", "structuring")]


def test_a_fixed_name_collides_unless_deleted_first(runner: StackRunner, deployed: Callable[..., Sample]) -> None:
    sample = deployed(deletes_first=False)
    sample.insert = f"{INSERT} WHERE TRUE"
    with pytest.raises(RunFailedError, match=r"409 Conflict: statement structuring already exists"):
        runner.up()
    sample.deletes_first = True
    assert runner.up().changes == {"structuring": "replace"}


def test_changed_properties_are_refused_in_the_middle_of_an_update(
    runner: StackRunner, deployed: Callable[..., Sample]
) -> None:
    sample = deployed(replaces_properties=False)
    sample.state_ttl = "1 d"
    assert runner.preview().changes == {"model": "update", "structuring": "update"}  # the preview promises it
    with pytest.raises(RunFailedError, match="only stopped, propertiesSensitive, principal and computePool may change"):
        runner.up()
    sample.replaces_properties = True
    assert runner.up().changes == {"model": "replace", "structuring": "replace"}


def test_keys_rotate_through_providers_and_not_through_a_resources_own_credentials(
    runner: StackRunner, deployed: Callable[..., Sample]
) -> None:
    sample = deployed()
    sample.generation = 2
    keys = ("kafka-key", "registry-key", "flink-key")
    changes = runner.up().changes
    assert {name for name, change in changes.items() if change == "create"} == {f"{key}-2" for key in keys}
    assert {name for name, change in changes.items() if change == "delete"} == {f"{key}-1" for key in keys}
    assert set(changes) - {f"{key}-{n}" for key in keys for n in (1, 2)} <= {"kafka", "registry", "flink"}
    assert runner.up().changes == {}


def test_a_resources_own_credentials_cannot_rotate(runner: StackRunner, deployed: Callable[..., Sample]) -> None:
    sample = deployed(own_credentials=True)
    sample.generation = 2
    with pytest.raises(RunFailedError, match="key rotation in place is refused"):
        runner.up()


def test_a_purged_statement_is_made_again_after_a_refresh_and_stuck_without(
    runner: StackRunner, deployed: Callable[..., Sample]
) -> None:
    sample = deployed()
    assert runner.cloud.purge_ended_statements() == ["model"]
    sample.model = f"{sample.model} -- changed"
    with runner.without_refresh(), pytest.raises(RunFailedError, match=r"404 Not Found: statement .*model"):
        runner.up()
    assert runner.up().changes == {"model": "create"}
    runner.cloud.purge_ended_statements()
    with pytest.raises(RunFailedError, match=r"404 Not Found: statement .*model"):
        runner.destroy(refresh=False)
    runner.destroy()


def test_a_statement_that_failed_as_it_was_made_looks_healthy_to_the_next_run(runner: StackRunner) -> None:
    runner.program = Sample()
    runner.cloud.tell(call="create", name="structuring", phase="FAILED", detail="state too large", times=1)
    with pytest.raises(RunFailedError, match='status is "FAILED": state too large'):
        runner.up()
    assert runner.resources()["structuring"]["initErrors"]
    with runner.without_refresh():
        assert runner.up().changes == {"structuring": "update"}
    assert runner.up().changes == {}
    statements = runner.cloud.read()["statements"]
    assert {key.rpartition("/")[2]: about["phase"] for key, about in statements.items()}["structuring"] == "FAILED"


def test_a_revoked_key_stops_the_refresh_and_a_new_generation_goes_on(
    runner: StackRunner, deployed: Callable[..., Sample]
) -> None:
    sample = deployed()
    with runner.cloud.open() as state:
        del state["keys"][runner.resources()["flink-key-1"]["id"]]
    sample.generation = 2
    with pytest.raises(RunFailedError, match="401 Unauthorized"):
        runner.up()
    with runner.without_refresh():
        run = runner.up()
    assert set(run.names("delete")) == {"kafka-key-1", "registry-key-1"}  # the failed refresh dropped the revoked one
    assert runner.up().changes == {}


def test_a_busy_cloud_and_a_broken_one(runner: StackRunner) -> None:
    runner.program = Sample()
    runner.cloud.tell(call="create", type="KafkaTopic", name=RAW, status=429, times=3)
    runner.cloud.tell(call="create", type="FlinkConnection", status=500, times=5)
    with pytest.raises(RunFailedError, match=r"500 Internal Server Error: told to fail \(giving up after 5"):
        runner.up()
    run = runner.up()
    assert {"llm", "model"} <= set(run.names("create"))
    assert RAW not in run.names("create")


def test_a_delete_that_hangs_is_tried_again(runner: StackRunner, deployed: Callable[..., Sample]) -> None:
    deployed()
    runner.cloud.tell(call="delete", name=RAW, hangs=True, times=1)
    with pytest.raises(RunFailedError, match="timeout while waiting for the resource to be gone"):
        runner.destroy()
    assert RAW in runner.destroy().names("delete")
    assert runner.resources() == {}
