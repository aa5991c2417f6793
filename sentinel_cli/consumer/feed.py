"""Alerts as a member of a consumer group: where to begin, what was read, what was printed and need not come again."""

import time
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Protocol

from confluent_kafka import Consumer, KafkaError, KafkaException, Message, TopicPartition

from sentinel_cli.consumer.request import Request
from sentinel_cli.consumer.start import BEGINNING
from sentinel_cli.kafka.connection import Connection
from sentinel_cli.kafka.faults import question, raise_if_final
from sentinel_cli.kafka.reading import Row, RowReader, UnreadableError
from sql.topics import ALERTS

_SECONDS = 15


@dataclass
class Entry:
    """One record of the topic."""

    partition: int
    offset: int
    written: int
    """Its timestamp, or when it was read if that is earlier; epoch ms."""
    alert: Row | None
    """None where it could not be read, or repeats an alert."""
    is_looked_up: bool = False
    """Whether its decision was looked for a second time, with room kept for it."""


class Listener(Protocol):
    """Who is told what an alert feed meets."""

    def unreadable(self, partition: int, offset: int, reason: str) -> None:
        """A record is not what the topic promises."""

    def lost(self, partitions: set[int]) -> None:
        """Partitions go to another member of the group."""

    def say(self, text: str, /) -> None:
        """The broker is away."""


class AlertFeed:
    """Reads the alerts of the partitions that the group gives to this member."""

    def __init__(self, connection: Connection, reader: RowReader, request: Request, listener: Listener) -> None:
        self.reader, self.start, self.listener = reader, request.start, listener
        self.assigned_at: float | None = None
        """Of the monotonic clock; None until the group has given partitions to this member."""
        self._begun: dict[int, int] = {}
        """Where it began with each partition, if it was told where to begin."""
        self._printed: dict[int, int] = {}
        self._is_away = False
        self.consumer = Consumer(connection.client(self._settings(request)))
        self.consumer.subscribe([ALERTS], on_assign=self._assign, on_revoke=self._revoke, on_lost=self._forget)

    def _settings(self, request: Request) -> dict[str, Any]:
        return {
            "group.id": request.group,
            "enable.auto.commit": False,
            "auto.offset.reset": "earliest",
            "isolation.level": "read_committed" if request.committed else "read_uncommitted",
            # A member that was killed is missed for so long before another, or the next run, gets its partitions.
            "session.timeout.ms": 6_000,
            "max.poll.interval.ms": 300_000 + round(request.wait * 1000),
            "queued.max.messages.kbytes": 16_384,
            "error_cb": self._problem,
        }

    def read(self, most: int, seconds: float) -> list[Entry]:
        """
        What comes: at most so many records, after at most so long.

        Raises:
            ServiceError: the broker or the registry refuses for good.
        """
        with question():
            messages = self.consumer.consume(most, timeout=seconds)
        self._is_away = self._is_away and not messages
        entries = []
        for message in messages:
            if (error := message.error()) is not None:
                raise_if_final(error)
            else:
                entries.append(self._entry(message))
        return entries

    def _entry(self, message: Message) -> Entry:
        partition, offset, now = message.partition() or 0, message.offset() or 0, round(time.time() * 1000)
        try:
            alert = self.reader.row(message.value())
        except UnreadableError as error:
            self.listener.unreadable(partition, offset, str(error))
            alert = None
        return Entry(partition, offset, min(message.timestamp()[1], now), alert)

    def printed(self, entries: Iterable[Entry]) -> None:
        """Take note that nothing of these records is needed again."""
        self._printed |= {entry.partition: entry.offset + 1 for entry in entries}

    def commit(self) -> None:
        """
        Tell the group how far was printed; what it does not take, since it is about to share anew, is told again.

        Raises:
            ServiceError: the broker refuses for good.
        """
        offsets = [TopicPartition(ALERTS, partition, offset) for partition, offset in self._printed.items()]
        if not offsets:
            return
        try:
            self.consumer.commit(offsets=offsets, asynchronous=False)
        except KafkaException as failure:
            raise_if_final(failure.args[0])
        else:
            self._printed.clear()

    def close(self) -> None:
        """Commit what was printed and leave the group."""
        try:
            self.commit()
        finally:
            self.consumer.close()

    def _problem(self, error: KafkaError) -> None:
        if error.code() == KafkaError._ALL_BROKERS_DOWN and not self._is_away:
            self._is_away = True
            self.listener.say("the broker does not answer; waiting for it")

    def _assign(self, consumer: Consumer, partitions: list[TopicPartition]) -> None:
        if self.start is not None:
            self._place(consumer, partitions)
        consumer.assign(partitions)
        self.assigned_at = self.assigned_at or time.monotonic()

    def _place(self, consumer: Consumer, partitions: list[TopicPartition]) -> None:
        """Begin with new partitions where it was told to, and with others where the group or this member is."""
        new = [p for p in partitions if p.partition not in self._begun]
        with question():
            self._begun |= {p.partition: self._beginning(consumer, p) for p in new}
            committed = {p.partition: p.offset for p in consumer.committed(partitions, timeout=_SECONDS)}
        for p in partitions:
            begun = self._begun[p.partition]
            p.offset = begun if p in new or committed[p.partition] < 0 else committed[p.partition]
            # Where it began is the group's too, or a member that joins later would begin elsewhere.
            self._printed.setdefault(p.partition, p.offset)

    def _beginning(self, consumer: Consumer, partition: TopicPartition) -> int:
        low, high = consumer.get_watermark_offsets(partition, timeout=_SECONDS)
        if not isinstance(self.start, int):
            return low if self.start == BEGINNING else high
        asked = TopicPartition(partition.topic, partition.partition, self.start)
        (found,) = consumer.offsets_for_times([asked], timeout=_SECONDS)
        return found.offset if found.offset >= 0 else high

    def _revoke(self, consumer: Consumer, partitions: list[TopicPartition]) -> None:
        self.commit()
        self._forget(consumer, partitions)

    def _forget(self, consumer: Consumer, partitions: list[TopicPartition]) -> None:
        """Give partitions up: to commit anything of them now would turn back whoever has them next."""
        del consumer
        for gone in partitions:
            self._printed.pop(gone.partition, None)
        self.listener.lost({gone.partition for gone in partitions})
