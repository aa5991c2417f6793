"""What `sentinel produce` makes of the registry's schema: followed where it can be, else refused before an event."""

import json
from collections.abc import Callable
from typing import Any

import orjson
import pytest
from confluent_kafka.admin import AdminClient
from confluent_kafka.schema_registry import Schema

from sentinel_cli.broker.local import LocalBroker
from sentinel_cli.generator import Mode, generate
from sentinel_cli.kafka.registry import Registry
from sql import load_pipeline
from tests.integration.kafka.log import RAW, read
from tests.integration.kafka.producing import DEAD_LETTERS, counts, one_sentence, produce, transactions
from tests.integration.kafka.topics import connection

SUBJECT = f"{RAW}-value"
Edit = Callable[[dict[str, Any]], None]
Register = Callable[[Edit], None]


@pytest.fixture
def register(fresh: LocalBroker) -> Register:
    """Registers the repository's schema with a change, whatever the registry says of it."""
    registry = Registry(connection(fresh))

    def change(edit: Edit) -> None:
        schema = load_pipeline().table(RAW).schema
        edit(schema)
        registry.client.set_compatibility(SUBJECT, "NONE")
        registry.client.register_schema(SUBJECT, Schema(json.dumps(schema), "JSON"))

    return change


def test_a_schema_that_differs_is_followed_and_said(fresh: LocalBroker, register: Register) -> None:
    def stricter(schema: dict[str, Any]) -> None:
        schema["properties"]["currency"]["enum"] = ["USD"]
        schema["properties"]["branch"] = {"type": "string"}

    register(stricter)
    done = produce("--delay", "0")
    assert "differs from the repository's and is followed" in done.stderr
    events = list(map(orjson.loads, generate(200, 20, Mode.mixed, 0).transactions))
    refused = [event for event in events if event["currency"] != "USD"]
    # The heartbeats' currency is XXX.
    assert (done.returncode, counts(done.stderr)) == (1, (200 - len(refused), len(refused) + 6, 0))
    letters = read(fresh, DEAD_LETTERS)
    assert {letter["reason"] for letter in letters} == {"currency"}
    assert sorted(json.loads(letter["record"])["event_id"] for letter in letters)[: len(refused)] == sorted(
        event["event_id"] for event in refused
    )
    assert len(transactions(fresh)) == 200 - len(refused)


def lacks_country(schema: dict[str, Any]) -> None:
    del schema["properties"]["country"]
    schema["required"].remove("country")


def amount_is_text(schema: dict[str, Any]) -> None:
    schema["properties"]["amount"] = {"type": "string"}


def time_is_a_bare_number(schema: dict[str, Any]) -> None:
    schema["properties"]["event_time"] = {"type": "number"}


def counterparty_is_required(schema: dict[str, Any]) -> None:
    schema["required"].append("counterparty_id")


def currency_is_optional(schema: dict[str, Any]) -> None:
    schema["required"].remove("currency")


def branch_is_required(schema: dict[str, Any]) -> None:
    schema["properties"]["branch"] = {"type": "string"}
    schema["required"].append("branch")


def direction_is_an_object(schema: dict[str, Any]) -> None:
    schema["properties"]["direction"] = {"type": "object"}


@pytest.mark.parametrize(
    ("edit", "says"),
    [
        (lacks_country, "it lacks country"),
        (amount_is_text, "amount is STRING in it and not DOUBLE"),
        (time_is_a_bare_number, "event_time is DOUBLE in it and not TIMESTAMP_LTZ(3)"),
        (counterparty_is_required, "counterparty_id is required in it and not optional"),
        (currency_is_optional, "currency is optional in it and not required"),
        (branch_is_required, "it requires branch, which nobody writes"),
        (direction_is_an_object, "direction: no Flink type is known"),
    ],
    ids=lambda value: value.__name__ if callable(value) else "",
)
def test_a_schema_that_the_sql_cannot_read_is_refused_before_the_first_event(
    fresh: LocalBroker, register: Register, edit: Edit, says: str
) -> None:
    register(edit)
    done = produce()
    assert done.returncode == 1
    assert says in one_sentence(done.stderr)
    assert "Nothing was sent" in done.stderr
    assert read(fresh, RAW) == []


def test_a_missing_schema_is_one_sentence(fresh: LocalBroker) -> None:
    registry = Registry(connection(fresh))
    registry.client.delete_subject(SUBJECT)
    done = produce()
    assert done.returncode == 1
    assert "sentinel topics create" in one_sentence(done.stderr)


@pytest.mark.parametrize("topic", [RAW, DEAD_LETTERS])
def test_a_missing_topic_is_one_sentence(fresh: LocalBroker, topic: str) -> None:
    admin = AdminClient(connection(fresh).client())
    admin.delete_topics([topic])[topic].result(30)
    done = produce()
    assert done.returncode == 1
    assert "sentinel topics create" in one_sentence(done.stderr)
    assert topic in done.stderr
