"""Rows as records of the pipeline's topics, in Confluent's wire format, within a Kafka transaction."""

from collections.abc import Iterable, Mapping
from typing import Any

import orjson
from confluent_kafka import Producer

from sentinel_cli.kafka.connection import Connection
from sentinel_cli.kafka.partitioner import PARTITIONER
from sentinel_cli.kafka.wire import frame
from sentinel_cli.outputs import json_record
from sentinel_cli.service.inlet import Rejected
from sql.topics import DEAD_LETTERS, RAW

_LONGEST = 900_000
"""Bytes of a record that a dead letter holds: with its frame it must fit into 1 MB, what a broker takes."""


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
        """Write the rows of a table, keyed by account."""
        for row in rows:
            self._produce(topic, row.get("account_id"), json_record(row))

    def reject(self, rejected: Rejected, source: str) -> None:
        """Write a dead letter on a record that could not be read, under the record's own key."""
        record = rejected.record
        if len(record.encode("utf-8", "backslashreplace")) > _LONGEST // 2:
            record = record[: _LONGEST // 8] + f"... (cut; {len(record)} characters)"
        row = {
            "reason": rejected.reason,
            "record": record.encode("utf-8", "backslashreplace").decode(),
            "source": source,
            "position": f"partition {rejected.partition}, offset {rejected.offset}",
            "arrived_at": rejected.arrived_at,
        }
        self._produce(DEAD_LETTERS, rejected.key, orjson.dumps(row))

    def heartbeat(self, partition: int, line: bytes) -> None:
        """Write a heartbeat into a partition of the transactions."""
        key = orjson.loads(line)["account_id"].encode()
        self.producer.produce(RAW, frame(self._id(RAW), line.strip()), key, partition)

    def _produce(self, topic: str, key: str | bytes | None, record: bytes) -> None:
        value = frame(self._id(topic), record)
        while True:
            try:
                self.producer.produce(topic, value, key)
            except BufferError:
                self.producer.poll(0.1)
            else:
                return

    def _id(self, topic: str) -> int:
        return self.ids[f"{topic}-value"]
