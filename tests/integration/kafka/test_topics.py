"""`sentinel topics create` on a real broker and registry: shown first, made once, refused as a whole."""

import json
import subprocess
import sys

import pytest
from confluent_kafka.admin import (  # type: ignore[attr-defined]
    AdminClient,
    AlterConfigOpType,
    ConfigEntry,
    ConfigResource,
    NewTopic,
    ResourceType,
)
from confluent_kafka.schema_registry import Schema

from sentinel_cli.broker.local import LocalBroker
from sentinel_cli.kafka.connection import Account
from sentinel_cli.kafka.registry import Registry
from sql import load_pipeline
from tests.integration.kafka.secure import SECRETS, SecureBroker
from tests.integration.kafka.topics import connection, make_topics

TABLES = load_pipeline().tables
ALERTS, RAW = "sentinel.aml_alerts", "sentinel.transactions_raw"


@pytest.fixture
def bare(fresh: LocalBroker) -> LocalBroker:
    """A broker without a topic, and a registry without a subject."""
    where = connection(fresh)
    admin = AdminClient(where.client())
    for answer in admin.delete_topics([table.name for table in TABLES]).values():
        answer.result(timeout=30)
    registry = Registry(where)
    for table in TABLES:
        registry.client.delete_subject(f"{table.name}-value")
    return fresh


def create(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "sentinel_cli", "topics", "create", "--stack", "", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert "Traceback" not in done.stderr, done.stderr
    return done


def topics(broker: LocalBroker) -> dict[str, int]:
    found = AdminClient(connection(broker).client()).list_topics(timeout=15).topics
    return {name: len(topic.partitions) for name, topic in found.items() if name.startswith("sentinel.")}


def config(broker: LocalBroker, topic: str) -> dict[str, str]:
    admin = AdminClient(connection(broker).client())
    (answer,) = admin.describe_configs([ConfigResource(ResourceType.TOPIC, topic)]).values()
    return {name: str(entry.value) for name, entry in answer.result().items()}


def configure(broker: LocalBroker, topic: str, name: str, value: str) -> None:
    entry = ConfigEntry(name, value, incremental_operation=AlterConfigOpType.SET)
    resource = ConfigResource(ResourceType.TOPIC, topic, incremental_configs=[entry])
    admin = AdminClient(connection(broker).client())
    (answer,) = admin.incremental_alter_configs([resource]).values()
    answer.result()


def test_it_shows_what_it_would_do_and_does_it_when_told(bare: LocalBroker) -> None:
    shown = create()
    assert (shown.returncode, topics(bare)) == (0, {})
    assert shown.stdout.count("create") == 14
    assert "nothing was changed; add --yes" in shown.stderr

    made = create("--yes")
    assert made.returncode == 0
    assert topics(bare) == {table.name: table.partitions for table in TABLES}
    assert config(bare, RAW)["retention.ms"] == str(30 * 86_400_000)
    assert {config(bare, table.name)["cleanup.policy"] for table in TABLES} == {"delete"}
    registry = Registry(connection(bare))
    for table in TABLES:
        subject = f"{table.name}-value"
        known = registry.latest(subject)
        assert known is not None
        assert (known.text, known.type) == (table.schema_text, "JSON")
        assert registry.client.get_compatibility(subject) == "BACKWARD"

    again = create()
    assert (again.returncode, again.stderr) == (0, "")
    assert again.stdout.count("there") == 14
    assert "made" not in create("--yes").stdout


def test_as_many_partitions_and_copies_as_asked_for(bare: LocalBroker) -> None:
    assert create("--yes", "--partitions", "2", "--replication", "1").returncode == 0
    assert set(topics(bare).values()) == {2}
    many = create("--yes", "--partitions", "2", "--replication", "3")
    assert many.returncode == 0


def test_more_copies_than_brokers_are_refused_in_one_sentence(bare: LocalBroker) -> None:
    many = create("--yes", "--replication", "3")
    assert many.returncode == 1
    assert "The broker refuses topic sentinel.alert_dispositions: " in many.stderr
    assert many.stderr.count("\n") == 1


def test_another_number_of_partitions_is_refused_as_a_whole(bare: LocalBroker) -> None:
    admin = AdminClient(connection(bare).client())
    for answer in admin.create_topics([NewTopic(RAW, 3)]).values():
        answer.result()
    assert "refused" in create().stdout
    done = create("--yes")
    assert done.returncode == 1
    assert "Nothing was changed: topic sentinel.transactions_raw has 3 partitions and not 6" in done.stderr
    assert topics(bare) == {RAW: 3}
    assert create("--yes", "--partitions", "3").returncode == 0
    assert set(topics(bare).values()) == {3}


def test_settings_that_differ_are_changed(fresh: LocalBroker) -> None:
    configure(fresh, ALERTS, "retention.ms", "1000")
    configure(fresh, RAW, "cleanup.policy", "compact")
    shown = create()
    assert shown.stdout.count("change") == 2
    assert create("--yes").returncode == 0
    assert config(fresh, ALERTS)["retention.ms"] == str(1826 * 86_400_000)
    assert config(fresh, RAW)["cleanup.policy"] == "delete"
    assert create().stderr == ""


@pytest.mark.parametrize("longer", [str(3652 * 86_400_000), "-1"])
def test_records_that_are_kept_for_longer_are_not_deleted(fresh: LocalBroker, longer: str) -> None:
    configure(fresh, ALERTS, "retention.ms", longer)
    shown = create()
    assert (shown.stdout.count("there"), shown.stdout.count("change"), shown.stderr) == (14, 0, "")
    configure(fresh, ALERTS, "cleanup.policy", "compact,delete")
    assert create("--yes").returncode == 0
    assert (config(fresh, ALERTS)["retention.ms"], config(fresh, ALERTS)["cleanup.policy"]) == (longer, "delete")


def test_an_older_schema_is_followed_by_ours(fresh: LocalBroker) -> None:
    registry, table = Registry(connection(fresh)), load_pipeline().table(RAW)
    older = table.schema
    optional = next(name for name in older["properties"] if name not in older["required"])
    del older["properties"][optional]
    registry.client.delete_subject(f"{RAW}-value")
    registry.register(f"{RAW}-value", json.dumps(older))
    assert "is followed by a new version" in " ".join(create().stdout.split())
    assert create("--yes").returncode == 0
    known = registry.latest(f"{RAW}-value")
    assert known is not None
    assert known.text == table.schema_text
    assert create().stderr == ""


def test_a_schema_by_which_the_sql_cannot_read_is_refused_as_a_whole(fresh: LocalBroker) -> None:
    registry, table = Registry(connection(fresh)), load_pipeline().table(RAW)
    other = table.schema
    other["properties"]["amount"] = {"type": "string"}
    registry.client.delete_subject(f"{RAW}-value")
    registry.client.register_schema(f"{RAW}-value", Schema(json.dumps(other), "JSON"))
    registry.client.set_compatibility(f"{RAW}-value", "BACKWARD")
    configure(fresh, ALERTS, "retention.ms", "1000")
    done = create("--yes")
    assert done.returncode == 1
    assert "Nothing was changed: schema sentinel.transactions_raw" in done.stderr
    assert "amount is STRING in it and not DOUBLE" in done.stderr
    assert config(fresh, ALERTS)["retention.ms"] == "1000"

    # A registry that compares nothing cannot say so beforehand; it does when it is told to compare.
    registry.client.set_compatibility(f"{RAW}-value", "NONE")
    done = create("--yes")
    assert done.returncode == 1
    assert "says that the schema is incompatible with the one before it" in done.stderr
    assert done.stderr.count("\n") == 1


def test_the_runners_key_makes_them_and_no_other(secured: SecureBroker, monkeypatch: pytest.MonkeyPatch) -> None:
    where = secured.connection()
    admin = AdminClient(where.client())
    for answer in admin.delete_topics([ALERTS]).values():
        answer.result(timeout=30)
    for service in ("KAFKA", "SCHEMA_REGISTRY"):
        monkeypatch.setenv(f"SENTINEL_RUNNER_{service}_API_KEY", "analyst")
        monkeypatch.setenv(f"SENTINEL_RUNNER_{service}_API_SECRET", SECRETS[Account.analyst])
    done = create("--yes")
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    make_topics(where)


def test_a_broker_that_is_away_is_one_sentence(fresh: LocalBroker, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SENTINEL_KAFKA_BOOTSTRAP_ENDPOINT", "127.0.0.1:1")
    done = create("--yes")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "sentinel: The broker at 127.0.0.1:1 cannot be reached.\n"
