"""The way to Kafka: idempotent, bounded, every record counted when it is delivered or is not."""

import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

import orjson
from confluent_kafka import KafkaError, KafkaException, Message, Producer

from sentinel_cli.interrupts import Stop
from sentinel_cli.kafka.connection import Connection
from sentinel_cli.kafka.partitioner import PARTITIONER
from sentinel_cli.kafka.wire import frame, unframe
from sentinel_cli.producer.undelivered import UndeliveredFile
from sql.topics import DEAD_LETTERS, RAW

PATIENCE = 10.0
"""Seconds after a request to stop within which what is on its way may still arrive."""
_Report = Callable[[KafkaError | None, Message], None]
_Lose = Callable[[str, bytes], None]
_ANY_PARTITION = -1
_HOPELESS = {
    KafkaError.TOPIC_AUTHORIZATION_FAILED,
    KafkaError.CLUSTER_AUTHORIZATION_FAILED,
    KafkaError.UNKNOWN_TOPIC_OR_PART,
    KafkaError._UNKNOWN_TOPIC,
}
"""What no later record will fare better with."""


@dataclass
class _Lane:
    """A kind of records: where they go, and what is called with how each has ended."""

    topic: str
    report: _Report
    lose: _Lose
    head: bytes = b""
    """The frame's beginning, by the schema of the topic."""


class Outbox:
    """
    Sends transactions, and what is rejected as a dead letter; what does not arrive goes to a file.

    Each record ends as exactly one of `sent`, `rejected` and `undelivered`; heartbeats are not counted. `failure` is
    why nothing more can be sent. With idempotence a record that was delivered is there once; one that was given up on
    its way may be there, too.
    """

    def __init__(
        self, connection: Connection, seconds: float, stop: Stop, lost: UndeliveredFile, say: Callable[[str], None]
    ) -> None:
        self.sent = self.lost_heartbeats = 0
        self.rejected: Counter[str] = Counter()
        self.undelivered: Counter[str] = Counter()
        self.failure: str | None = None
        self._stop, self._lost, self._say = stop, lost, say
        self._said_at = -1
        self.producer = Producer(connection.client(settings(seconds) | {"error_cb": self._on_error}))
        self._hand_over = self.producer.produce
        self._transactions = _Lane(RAW, self._delivered, self._lose_transaction)
        self._heartbeats = _Lane(RAW, self._beaten, self._lose_heartbeat)
        self._dead_letters = _Lane(DEAD_LETTERS, self._buried, self._lose_letter)

    def use(self, topic: str, schema_id: int) -> None:
        """Frame the records of a topic by this schema."""
        for lane in (self._transactions, self._heartbeats, self._dead_letters):
            if lane.topic == topic:
                lane.head = frame(schema_id, b"")

    def transaction(self, record: bytes, account_id: str) -> None:
        """Send a transaction to the partition of its account."""
        lane = self._transactions
        try:
            self._hand_over(RAW, lane.head + record, account_id, _ANY_PARTITION, lane.report)
        except (BufferError, KafkaException):
            self._produce(lane, record, account_id)

    def heartbeat(self, record: bytes, account_id: str, partition: int) -> None:
        """Send a heartbeat to a partition."""
        self._produce(self._heartbeats, record, account_id, partition)

    def reject(self, reason: str, record: bytes, source: str, position: str) -> None:
        """Send what breaks the contract as a dead letter."""
        self.rejected[reason] += 1
        text = record.decode("utf-8", errors="backslashreplace")
        account_id = _account_id(record)
        known = {"reason": reason, "record": text, "source": source, "position": position, "account_id": account_id}
        letter = {name: value for name, value in known.items() if value} | {"arrived_at": time.time_ns() // 1_000_000}
        self._produce(self._dead_letters, orjson.dumps(letter), account_id)

    def poll(self, seconds: float = 0) -> None:
        """Hear of deliveries, for so long as none comes."""
        self.producer.poll(seconds)

    def finish(self) -> None:
        """Wait until all is delivered or given up; after a request to stop, or a failure, for PATIENCE at most."""
        deadline = None
        while len(self.producer):
            self.producer.poll(0.1)
            if self._stop.requested or self.failure:
                deadline = deadline or time.monotonic() + PATIENCE
            if deadline and time.monotonic() > deadline:
                self.producer.purge()
                self.producer.flush(1)
                break
        self._lost.close()

    def _produce(self, lane: _Lane, record: bytes, key: str | None, partition: int = _ANY_PARTITION) -> None:
        value = lane.head + record
        while True:
            try:
                self.producer.produce(lane.topic, value, key, partition, lane.report)
            except BufferError:
                if self._stop.requested or self.failure:
                    return lane.lose("there was no room for it before the end", record)
                self.producer.poll(0.1)
            except KafkaException as error:
                return lane.lose(error.args[0].str(), record)
            else:
                return None

    def _delivered(self, error: KafkaError | None, message: Message) -> None:
        if error is None:
            self.sent += 1
        else:
            self._failed(error, message, self._lose_transaction)

    def _beaten(self, error: KafkaError | None, message: Message) -> None:
        if error is not None:
            self._failed(error, message, self._lose_heartbeat)

    def _buried(self, error: KafkaError | None, message: Message) -> None:
        if error is not None:
            self._failed(error, message, self._lose_letter)

    def _failed(self, error: KafkaError, message: Message, lose: _Lose) -> None:
        if error.code() in _HOPELESS:
            self.failure = error.str()
        lose(error.str(), unframe(message.value())[1])

    def _lose_transaction(self, why: str, record: bytes) -> None:
        self.undelivered[why] += 1
        self._lost.write(why, record)

    def _lose_heartbeat(self, why: str, record: bytes) -> None:
        del why, record
        self.lost_heartbeats += 1

    def _lose_letter(self, why: str, record: bytes) -> None:
        del why
        letter = orjson.loads(record)
        self._lost.write(letter["reason"], letter["record"].encode())

    def _on_error(self, error: KafkaError) -> None:
        """What librdkafka reports of the connection; all but a fatal error it goes on trying by itself."""
        if error.code() == KafkaError._FATAL:
            self.failure = error.str()
        elif error.code() == KafkaError._ALL_BROKERS_DOWN and self._said_at != self.sent:
            self._said_at = self.sent
            self._say("the broker has gone; what is taken waits for it")


def settings(seconds: float) -> dict[str, object]:
    """How the producer is set, for records that are given up after so many seconds."""
    return {
        "enable.idempotence": True,
        "acks": "all",
        "compression.type": "lz4",
        "partitioner": PARTITIONER,
        "delivery.timeout.ms": round(seconds * 1000),
        "linger.ms": 5,
        # With these full, produce() waits: memory is bounded by about twice that.
        "queue.buffering.max.messages": 100_000,
        "queue.buffering.max.kbytes": 65_536,
    }


def _account_id(record: bytes) -> str | None:
    """The account of a record that breaks the contract, where it can be read."""
    try:
        found = orjson.loads(record)["account_id"]
    except (orjson.JSONDecodeError, KeyError, TypeError):
        return None
    return found if isinstance(found, str) else None
