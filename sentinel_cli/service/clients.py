"""Consumers of the service, what its clients' errors mean, and which log it is that they read."""

from collections.abc import Mapping, Sequence
from uuid import uuid4

from confluent_kafka import (
    Consumer,
    KafkaError,
    KafkaException,
    Message,
    Producer,
    TopicCollection,
    TopicPartition,
    Uuid,
)
from confluent_kafka.admin import AdminClient

from sentinel_cli.kafka.connection import Connection
from sentinel_cli.service.job import note


class FatalClientError(Exception):
    """A client can do nothing any more: it has to be made anew."""


def consumer(connection: Connection, group: str, settings: Mapping[str, object] | None = None) -> Consumer:
    """
    A member of a group that reads what is committed, hears where a partition ends, and commits nothing by itself.

    `settings` are librdkafka's.
    """
    timeouts = {"session.timeout.ms": 6_000, "heartbeat.interval.ms": 1_500}
    return Consumer(_settings(connection, group) | timeouts | dict(settings or {}))


def reader(connection: Connection, group: str) -> Consumer:
    """A consumer that is told what to read, and hears where a partition ends; a group is only its name."""
    return Consumer(_settings(connection, group))


def committed(consumer: Consumer, topic: str, partitions: Sequence[TopicPartition]) -> list[TopicPartition]:
    """
    The committed offsets of a topic's partitions of these numbers; below 0 where none has been committed.

    Raises:
        KafkaException: the broker does not tell it of each; one that is not known is not one that there is not.
    """
    positions = consumer.committed([TopicPartition(topic, each.partition) for each in partitions], 30)
    for position in positions:
        if position.error:
            raise KafkaException(position.error)
    return positions


def checked(messages: list[Message]) -> tuple[list[Message], dict[int, int]]:
    """
    The records among what a consumer gave, and where partitions end that have been read so far.

    An end lies behind the last record and what ended its transaction.

    Raises:
        FatalClientError: the client says that it is done for.
    """
    records, ends = [], {}
    for message in messages:
        error = message.error()
        if error is None:
            records.append(message)
        elif error.code() == KafkaError._PARTITION_EOF:
            ends[message.partition() or 0] = message.offset() or 0
        else:
            raise_if_fatal(error)
    return records, ends


def raise_if_fatal(error: KafkaError) -> None:
    """Raise FatalClientError where an error is one: a fenced client goes on in silence, and reads nothing."""
    if error.fatal() or error.code() in {KafkaError._FATAL, KafkaError._FENCED}:
        raise FatalClientError(error.str())


def abort(producer: Producer, error: KafkaException) -> str:
    """
    Abort the transaction that an error has ended; why, in words.

    Raises:
        FatalClientError: the producer can do nothing any more.
    """
    cause: KafkaError = error.args[0]
    if cause.fatal():
        raise FatalClientError(cause.str()) from None
    try:
        producer.abort_transaction(30)
    except KafkaException as failed:
        raise FatalClientError(failed.args[0].str()) from None
    return cause.str()


def unread(consumer: Consumer, topic: str, partition: int, offset: int) -> int | None:
    """How many offsets of a partition lie behind the next one to read; None where the client does not know."""
    try:
        _, end = consumer.get_watermark_offsets(TopicPartition(topic, partition), cached=True)
    except KafkaException:
        return None
    return max(0, end - offset)


def log_id(connection: Connection, topic: str) -> str:
    """
    Which log a topic is: the cluster's id and the topic's own, which is another once the topic is made anew.

    Raises:
        KafkaException: the broker does not answer, or there is no such topic.
    """
    admin = AdminClient(connection.client())
    cluster = admin.list_topics(timeout=30).cluster_id
    found = admin.describe_topics(TopicCollection([topic]), request_timeout=30)[topic].result().topic_id
    if found == Uuid(0, 0):
        # Nothing else tells such a log from another of its name: it is known to nobody but this session.
        note(f"The broker gives topics no ids: the snapshots of {topic} are not taken up, its log is read back.")
        return uuid4().hex
    return f"{cluster}/{found}"


def _settings(connection: Connection, group: str) -> dict[str, object]:
    return connection.client(
        {
            "group.id": group,
            "enable.auto.commit": False,
            "auto.offset.reset": "earliest",
            "isolation.level": "read_committed",
            "enable.partition.eof": True,
            "partition.assignment.strategy": "range",
            # What waits to be read is bounded, however far behind a partition is.
            "queued.max.messages.kbytes": 65_536,
            "fetch.message.max.bytes": 1_048_576,
            "fetch.wait.max.ms": 100,
        }
    )
