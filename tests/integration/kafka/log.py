"""What is in the topics of the broker of the tests: written and read with plain clients."""

import time
from collections.abc import Iterable, Iterator
from typing import Any

import orjson
from confluent_kafka import Consumer, Producer, TopicPartition

from sentinel_cli.broker.local import LocalBroker
from sentinel_cli.kafka.partitioner import PARTITIONER
from sentinel_cli.kafka.registry import Registry
from sentinel_cli.kafka.wire import frame, unframe
from tests.integration.kafka.secure import SecureBroker
from tests.integration.kafka.topics import connection

RAW = "sentinel.transactions_raw"
_SCHEMAS: dict[tuple[str, str], int] = {}


def write(broker: LocalBroker, lines: Iterable[bytes], topic: str = RAW, patience: float = 60) -> int:
    """Write JSON lines keyed by account, as any Java client would place them; how many."""
    where = connection(broker)
    settings = {"partitioner": PARTITIONER, "linger.ms": 5, "enable.idempotence": True}
    producer, count, schema_id = Producer(where.client(settings)), 0, schema_of(broker, topic)
    for line in lines:
        key = orjson.loads(line)["account_id"].encode()
        while True:
            try:
                producer.produce(topic, frame(schema_id, line.strip()), key)
                break
            except BufferError:
                producer.poll(0.1)
        count += 1
    assert producer.flush(patience) == 0
    return count


def seal(broker: SecureBroker, topic: str, *records: dict[str, Any]) -> None:
    """Write records as the runner."""
    where = broker.connection()
    latest = Registry(where).latest(f"{topic}-value")
    assert latest is not None
    producer = Producer(where.client({"partitioner": PARTITIONER}))
    for record in records:
        producer.produce(topic, frame(latest.id, orjson.dumps(record)), record["account_id"].encode())
    assert producer.flush(30) == 0


def schema_of(broker: LocalBroker, topic: str) -> int:
    """The id of a topic's schema, looked up once: the registry may be away later."""
    if (broker.registry_url, topic) not in _SCHEMAS:
        latest = Registry(connection(broker)).latest(f"{topic}-value")
        assert latest is not None
        _SCHEMAS[broker.registry_url, topic] = latest.id
    return _SCHEMAS[broker.registry_url, topic]


def write_raw(broker: LocalBroker, values: Iterable[tuple[bytes | None, bytes | None]], topic: str = RAW) -> None:
    """Write keys and values as they are."""
    producer = Producer(connection(broker).client({"partitioner": PARTITIONER, "message.max.bytes": 10_000_000}))
    for key, value in values:
        while True:
            try:
                producer.produce(topic, value, key)
                break
            except BufferError:
                producer.poll(0.1)
    assert producer.flush(60) == 0


def heartbeats(broker: LocalBroker, time_ms: int, partitions: int = 6) -> None:
    """Write a heartbeat into each partition, behind which every window is closed."""
    from sentinel_cli.generator.lines import heartbeat

    producer = Producer(connection(broker).client())
    for partition in range(partitions):
        line = heartbeat(partition, time_ms).strip()
        producer.produce(RAW, frame(schema_of(broker, RAW), line), orjson.loads(line)["account_id"].encode(), partition)
    assert producer.flush(60) == 0


def read(broker: LocalBroker, topic: str, isolation: str = "read_committed") -> list[dict[str, Any]]:
    """Every record of a topic, each as its JSON object."""
    settings = {"group.id": "tests", "enable.partition.eof": True, "isolation.level": isolation}
    consumer = Consumer(connection(broker).client(settings | {"auto.offset.reset": "earliest"}))
    try:
        partitions = consumer.list_topics(topic, timeout=15).topics[topic].partitions
        consumer.assign([TopicPartition(topic, partition, 0) for partition in partitions])
        return [orjson.loads(unframe(value)[1]) for value in _values(consumer, len(partitions))]
    finally:
        consumer.close()


def wait_for(broker: LocalBroker, topic: str, count: int, seconds: float = 60) -> list[dict[str, Any]]:
    """The records of a topic, once there are so many or the time is over."""
    deadline = time.monotonic() + seconds
    while len(found := read(broker, topic)) < count and time.monotonic() < deadline:
        time.sleep(0.3)
    return found


def unread(broker: LocalBroker, topic: str, group: str) -> int:
    """How many records of a topic are behind what a consumer group has committed."""
    settings = {"group.id": group, "enable.partition.eof": True, "isolation.level": "read_committed"}
    consumer = Consumer(connection(broker).client(settings | {"auto.offset.reset": "earliest"}))
    try:
        partitions = consumer.list_topics(topic, timeout=15).topics[topic].partitions
        consumer.assign(consumer.committed([TopicPartition(topic, partition) for partition in partitions], 30))
        return sum(1 for _ in _values(consumer, len(partitions)))
    finally:
        consumer.close()


def _values(consumer: Consumer, partitions: int) -> Iterator[bytes]:
    ended = 0
    while ended < partitions:
        for message in consumer.consume(10_000, 0.3):
            if message.error():
                ended += 1
            elif isinstance(value := message.value(), bytes):
                yield value
