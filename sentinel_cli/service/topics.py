"""What the topics must be before the service starts."""

from collections.abc import Sequence

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient, ConfigResource, ResourceType  # type: ignore[attr-defined]

from sentinel_cli.kafka.connection import Connection
from sql import Pipeline
from sql.errors import ServiceError

_LARGEST = 1_048_576
"""Bytes that each topic has to take in one batch: a record of 1,000,000, librdkafka's most, and what goes with it."""


def check_topics(connection: Connection, pipeline: Pipeline) -> None:
    """
    See that all topics are there, have as many partitions, and take the largest record.

    Alerts are found again by account. A record that a topic does not take would be written over and over.

    Raises:
        ServiceError: they are not so; says what to do.
        KafkaException: the broker does not answer.
    """
    admin = AdminClient(connection.client())
    topics = admin.list_topics(timeout=15).topics
    names = [table.name for table in pipeline.tables]
    missing = [name for name in names if name not in topics]
    if missing:
        raise ServiceError(f"No topic {', '.join(missing)}: run `sentinel topics create --yes`, or `pulumi up`.")
    counts = {name: len(topics[name].partitions) for name in names}
    if len(set(counts.values())) > 1:
        listed = ", ".join(f"{name} {count}" for name, count in counts.items())
        raise ServiceError(f"All topics must have as many partitions as the others; they have: {listed}.")
    small = {name: most for name, most in _largest_batches(admin, names).items() if most < _LARGEST}
    if small:
        listed = ", ".join(f"{name} {most}" for name, most in small.items())
        raise ServiceError(f"max.message.bytes must be {_LARGEST} or more, for a large record; it is: {listed}.")


def _largest_batches(admin: AdminClient, names: Sequence[str]) -> dict[str, int]:
    """The bytes that a batch of each topic may have; not of a topic whose settings the account may not see."""
    found = {}
    resources = [ConfigResource(ResourceType.TOPIC, name) for name in names]
    for resource, answer in admin.describe_configs(resources, request_timeout=15).items():
        try:
            found[resource.name] = int(answer.result()["max.message.bytes"].value)
        except (KafkaException, KeyError):
            continue
    return found
