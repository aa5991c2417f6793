"""`sentinel run` on topics that are not as they must be: it does not start, and says in a sentence what to do."""

from pathlib import Path

from confluent_kafka.admin import (  # type: ignore[attr-defined]
    AdminClient,
    AlterConfigOpType,
    ConfigEntry,
    ConfigResource,
    NewPartitions,
    ResourceType,
)

from sentinel_cli.broker.local import LocalBroker
from tests.integration.kafka.running import ALERTS, DISPOSITIONS, start
from tests.integration.kafka.topics import connection

SMALL = 500_000


def refused() -> str:
    """What the service says as it ends by itself."""
    assert start().wait(timeout=60) == 1
    said = Path("run.log").read_text()
    assert "Traceback" not in said
    return said


def test_topics_that_are_missing_are_named(fresh: LocalBroker) -> None:
    admin = AdminClient(connection(fresh).client())
    for answer in admin.delete_topics([ALERTS, DISPOSITIONS]).values():
        answer.result(timeout=30)
    said = refused()
    assert ALERTS in said
    assert DISPOSITIONS in said
    assert "run `sentinel topics create --yes`, or `pulumi up`" in said


def test_topics_must_have_as_many_partitions(fresh: LocalBroker) -> None:
    admin = AdminClient(connection(fresh).client())
    for answer in admin.create_partitions([NewPartitions(ALERTS, 8)]).values():
        answer.result(timeout=30)
    said = refused()
    assert "All topics must have as many partitions as the others" in said
    assert f"{ALERTS} 8" in said
    assert f"{DISPOSITIONS} 6" in said


def test_topics_must_take_the_largest_record(fresh: LocalBroker) -> None:
    admin = AdminClient(connection(fresh).client())
    entry = ConfigEntry("max.message.bytes", str(SMALL), incremental_operation=AlterConfigOpType.SET)
    resource = ConfigResource(ResourceType.TOPIC, ALERTS, incremental_configs=[entry])
    for answer in admin.incremental_alter_configs([resource]).values():
        answer.result(timeout=30)
    said = refused()
    assert f"max.message.bytes must be 1048576 or more, for a large record; it is: {ALERTS} {SMALL}." in said
