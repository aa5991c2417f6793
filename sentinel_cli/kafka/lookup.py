"""Looks for what the topics say of an alert; its id says nothing of a partition, so that each is read."""

import time
from collections.abc import Generator
from contextlib import closing

from confluent_kafka import Message

from sentinel_cli.kafka.connection import Connection
from sentinel_cli.kafka.reading import alert_id_of
from sentinel_cli.kafka.tail import Tail
from sql.topics import ALERTS

_DAY = 86_400_000
_LOOKS = (1, 30, None)
"""Days back in which an alert is looked for, one after the other: most are asked for soon, and a topic holds years."""


def find_alert(alert_id: str, connection: Connection) -> Message | None:
    """A record of the alert, as committed; ServiceError where the broker refuses."""
    for days in _LOOKS:
        since = 0 if days is None else time.time_ns() // 1_000_000 - days * _DAY
        if found := first_record(alert_id, ALERTS, connection, since):
            return found
    return None


def first_record(alert_id: str, topic: str, connection: Connection, since: int = 0) -> Message | None:
    """The first of the `records_of` an alert."""
    with closing(records_of(alert_id, topic, connection, since)) as found:
        return next(found, None)


def records_of(alert_id: str, topic: str, connection: Connection, since: int = 0) -> Generator[Message]:
    """
    The committed records of an alert in a topic, up to its end; none where there is no such topic.

    Args:
        alert_id: 64 hexadecimal digits.
        topic: One whose records have an `alert_id`.
        connection: As whom it is read.
        since: The first moment at which they were written, epoch ms.

    Raises:
        ServiceError: the broker refuses.
    """
    wanted, tail = bytes.fromhex(alert_id), Tail(connection, [topic], committed=True)
    try:
        tail.start_at(since)
        while not tail.at_end:
            yield from (m for m in tail.read(10_000, 0.5) if alert_id_of(m.value()) == wanted)
    finally:
        tail.close()
