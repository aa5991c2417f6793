"""The newest event of a topic, behind which a second run must not fall."""

import time
from datetime import timedelta

import orjson
from confluent_kafka import Message

from sentinel_cli.kafka.connection import Connection
from sentinel_cli.kafka.tail import Tail
from sentinel_cli.kafka.wire import FrameError, unframe
from sql.errors import ServiceError

RECORDS = 100
"""Of each partition, that are looked at: events may be out of order, and some cannot be read."""
_SECONDS = 20


def newest_event(connection: Connection, topic: str, max_ahead: timedelta) -> int | None:
    """
    The largest event time (epoch ms) among the last records of each partition; None where there is no event.

    An event that is dated more than `max_ahead` after its record does not count: neither does it move a watermark.

    Raises:
        ServiceError: the topic cannot be read, or not in time.
    """
    tail = Tail(connection, [topic], committed=True)
    ahead, times = round(max_ahead.total_seconds() * 1000), list[int]()
    deadline = time.monotonic() + _SECONDS
    try:
        tail.start_before_end(RECORDS)
        while not tail.at_end:
            if time.monotonic() > deadline:
                raise ServiceError(f"The newest event of {topic} cannot be read within {_SECONDS} s.")
            times += [at for message in tail.read(1000, 0.1) if (at := _event_time(message, ahead)) is not None]
    finally:
        tail.close()
    return max(times, default=None)


def _event_time(message: Message, ahead: int) -> int | None:
    """The event time of a record, None where it cannot be read or does not count."""
    try:
        event_time = orjson.loads(unframe(message.value())[1])["event_time"]
    except (FrameError, orjson.JSONDecodeError, KeyError, TypeError):
        return None
    arrived = message.timestamp()[1]
    countable = isinstance(event_time, int | float) and event_time <= arrived + ahead
    return int(event_time) if countable else None
