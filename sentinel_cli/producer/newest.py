"""The newest event of a topic, behind which a second run must not fall."""

import time
from datetime import timedelta

import orjson
from confluent_kafka import OFFSET_INVALID, Consumer, KafkaError, KafkaException, Message, TopicPartition

from sentinel_cli.kafka.connection import Connection
from sentinel_cli.kafka.wire import FrameError, unframe
from sql.errors import ServiceError

TAIL = 100
"""Records of each partition that are looked at: events may be out of order, and some cannot be read."""
_SECONDS = 20


def newest_event(connection: Connection, topic: str, partitions: int, max_ahead: timedelta) -> int | None:
    """
    The largest event time (epoch ms) among the last records of each partition; None where there is no event.

    An event that is dated more than `max_ahead` after its record does not count: neither does it move a watermark.

    Raises:
        ServiceError: the topic cannot be read, or not in time.
    """
    settings = {
        # librdkafka wants a group. None is joined, and nothing committed, so no permission on one is needed.
        "group.id": "sentinel-produce",
        "enable.auto.commit": False,
        "enable.partition.eof": True,
        "auto.offset.reset": "earliest",
    }
    consumer = Consumer(connection.client(settings))
    try:
        tails = [tail for number in range(partitions) if (tail := _tail(consumer, topic, number))]
        ahead = round(max_ahead.total_seconds() * 1000)
        times = [time for message in _read(consumer, tails) if (time := _event_time(message, ahead)) is not None]
        return max(times, default=None)
    except KafkaException as error:
        raise ServiceError(f"The newest event of {topic} cannot be read: {error.args[0].str()}.") from None
    finally:
        consumer.close()


def _tail(consumer: Consumer, topic: str, number: int) -> TopicPartition | None:
    low, high = consumer.get_watermark_offsets(TopicPartition(topic, number, OFFSET_INVALID), timeout=_SECONDS)
    return TopicPartition(topic, number, max(low, high - TAIL)) if high > low else None


def _read(consumer: Consumer, tails: list[TopicPartition]) -> list[Message]:
    consumer.assign(tails)
    found: list[Message] = []
    left = {tail.partition for tail in tails}
    deadline = time.monotonic() + _SECONDS
    while left:
        if time.monotonic() > deadline:
            raise KafkaException(KafkaError(KafkaError._TIMED_OUT, f"no end within {_SECONDS} s"))
        for message in consumer.consume(1000, timeout=0.5):
            error = message.error()
            if error is None:
                found.append(message)
            elif error.code() == KafkaError._PARTITION_EOF:
                left.discard(message.partition())
            elif error.code() == KafkaError.TOPIC_AUTHORIZATION_FAILED:
                raise KafkaException(error)
    return found


def _event_time(message: Message, ahead: int) -> int | None:
    """The event time of a record, None where it cannot be read or does not count."""
    try:
        event_time = orjson.loads(unframe(message.value())[1])["event_time"]
    except (FrameError, orjson.JSONDecodeError, KeyError, TypeError):
        return None
    arrived = message.timestamp()[1]
    countable = isinstance(event_time, int | float) and event_time <= arrived + ahead
    return int(event_time) if countable else None
