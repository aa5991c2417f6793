"""Keys rotate by a plain `up`; clients change over between two."""

import pytest

from tests.integration.stack.sentinel import reviewed
from tests.integration.stack_runner import RunFailedError, StackRunner


def alive(runner: StackRunner) -> set[str]:
    """The keys that open something, without the one that everything begins with."""
    return {key for key, about in runner.cloud.read()["keys"].items() if about["kind"] != "cloud"}


def test_every_key_rotates_and_no_statement_or_topic_is_touched(prod: StackRunner) -> None:
    before = alive(prod)
    prod.configure({"keyGeneration": 2})
    reviewed(prod, "keys-rotated")
    run = prod.up()
    assert not [name for name in run.changes if name.startswith("pipeline-")]
    assert len(run.names("create")) == len(run.names("delete")) == len(before) == 7
    created = max(i for i, (what, _) in enumerate(run.operations) if what == "create")
    deleted = min(i for i, (what, _) in enumerate(run.operations) if what == "delete")
    assert created < deleted, "the old keys go last"
    assert not before & alive(prod)
    assert prod.up().changes == {}


def test_a_real_change_beside_a_rotation_is_found(prod: StackRunner) -> None:
    prod.configure({"keyGeneration": 2, "parameters": {"structuring.min_total": "25000.00"}})
    reviewed(prod, "keys-rotated-and-more")
    changes = prod.up().changes
    assert [name for name in changes if name.startswith("pipeline-")] == [
        "pipeline-structuring",
        "pipeline-structuring-statement",
    ]


def test_producer_and_analyst_hand_over_in_two(prod: StackRunner) -> None:
    before, clients = alive(prod), of_clients(prod)
    prod.configure({"keyGeneration": 2, "retiringKeyGeneration": 1})
    prod.up()
    between = alive(prod)
    assert before & between == clients, "only the clients' old keys live on"
    assert not of_clients(prod) & clients
    prod.configure({"retiringKeyGeneration": 0})
    prod.up()
    assert alive(prod) == between - clients


def of_clients(runner: StackRunner) -> set[str]:
    """The keys that producer and analyst are given by now."""
    outputs = runner.outputs()
    return {outputs[f"{who}{what}ApiKey"] for who in ("producer", "analyst") for what in ("Kafka", "SchemaRegistry")}


def test_a_key_that_was_revoked_by_hand_is_replaced_without_a_refresh(prod: StackRunner) -> None:
    prod.cloud.revoke_key(prod.outputs()["flinkApiKey"])
    with pytest.raises(RunFailedError, match="401 Unauthorized"):
        prod.up()
    prod.configure({"keyGeneration": 2})
    with prod.without_refresh():
        prod.up()
    assert prod.up().changes == {}
