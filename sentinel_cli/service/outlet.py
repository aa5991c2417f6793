"""Rows as records of the pipeline's topics, in Confluent's wire format, within a Kafka transaction."""

from collections.abc import Iterable, Mapping
from typing import Any

import orjson
from confluent_kafka import KafkaError, KafkaException, Producer

from sentinel_cli.kafka.connection import Connection
from sentinel_cli.kafka.partitioner import PARTITIONER
from sentinel_cli.kafka.wire import frame
from sentinel_cli.outputs import json_record
from sentinel_cli.service.inlet import Rejected
from sql.topics import DEAD_LETTERS, RAW

_BY_KEY = -1
_LENGTHS = (1_000_000, 30_000, 100)
"""Characters of each text of a dead letter, and of its key: the first that a record has room for, once it is JSON."""


def transactional_producer(connection: Connection, transactional_id: str) -> Producer:
    """A producer whose transactions end after 10 s without it, ready to begin the first."""
    producer = Producer(
        connection.client(
            {
                "transactional.id": transactional_id,
                "transaction.timeout.ms": 10_000,
                # Sending offsets while the group's coordinator is away ignores its time-out, and asks again only when a
                # connection changes (librdkafka issues 5456 and 5511): an idle one that is closed is such a change.
                "connections.max.idle.ms": 5_000,
                # librdkafka waits longer from one of them to the next, up to this: 10 s held every commit up that came
                # after a pause, as after a model's answers.
                "reconnect.backoff.max.ms": 1_000,
                "partitioner": PARTITIONER,
                "compression.type": "lz4",
                "linger.ms": 5,
                "queue.buffering.max.kbytes": 131_072,
            }
        )
    )
    producer.init_transactions(60)
    return producer


class Outlet:
    """Writes rows by the schema ids that were looked up."""

    def __init__(self, producer: Producer, ids: Mapping[str, int]) -> None:
        self.producer, self.ids = producer, ids

    def write(self, topic: str, rows: Iterable[Mapping[str, Any]]) -> None:
        """Write the rows of a table, keyed by account; one that no record has room for becomes a dead letter."""
        for row in rows:
            key = row.get("account_id")
            if topic == DEAD_LETTERS:
                self._bury(key, row)
            elif not self._produce(topic, key, record := json_record(row)):
                self._bury(key, {"reason": f"too large for {topic}", "record": record.decode(), "source": topic})

    def reject(self, rejected: Rejected, source: str) -> None:
        """Write a dead letter on a record that could not be read, under the record's own key."""
        letter = {
            "reason": rejected.reason,
            "record": rejected.record,
            "source": source,
            "position": f"partition {rejected.partition}, offset {rejected.offset}",
            "arrived_at": rejected.arrived_at,
        }
        self._bury(rejected.key, letter)

    def heartbeat(self, partition: int, line: bytes) -> None:
        """Write a heartbeat into a partition of the transactions."""
        self._produce(RAW, orjson.loads(line)["account_id"], line.strip(), partition)

    def _bury(self, key: str | bytes | None, letter: Mapping[str, Any]) -> None:
        """Write a dead letter, cut where it is too large: a record that is no transaction must hold nothing up."""
        for most in _LENGTHS:
            cut = {name: _cut(value, most) for name, value in letter.items()}
            if self._produce(DEAD_LETTERS, key and key[:most], json_record(cut)):
                return

    def _produce(self, topic: str, key: str | bytes | None, record: bytes, partition: int = _BY_KEY) -> bool:
        """Write a record; False where it is too large, key and frame included."""
        value = frame(self._id(topic), record)
        while True:
            try:
                self.producer.produce(topic, value, key, partition)
            except BufferError:
                self.producer.poll(0.1)
            except KafkaException as error:
                if error.args[0].code() != KafkaError.MSG_SIZE_TOO_LARGE:
                    raise
                return False
            else:
                return True

    def _id(self, topic: str) -> int:
        return self.ids[f"{topic}-value"]


def _cut(value: Any, most: int) -> Any:
    if not isinstance(value, str) or len(value) <= most:
        return value
    return f"{value[:most]}... (cut; {len(value)} characters)"
