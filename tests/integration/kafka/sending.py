"""
Alerts, their summaries and their dispositions at a steady rate, from a process of its own.

    python -m tests.integration.kafka.sending RATE SECONDS     on the broker that the environment names
"""

import sys
import time

import orjson
from confluent_kafka import Producer

from sentinel_cli.kafka.connection import Account, connect
from sentinel_cli.kafka.partitioner import PARTITIONER
from sentinel_cli.kafka.registry import Registry
from sentinel_cli.kafka.wire import frame
from sql.topics import ALERTS, DISPOSITIONS, ENRICHED
from tests.alerts import alert, disposition, enriched


def main(rate: int, seconds: float) -> None:
    """Send, and print how many of each."""
    where = connect(Account.runner, "")
    registry, producer = Registry(where), Producer(where.client({"partitioner": PARTITIONER, "linger.ms": 5}))
    kinds = [(ALERTS, alert), (ENRICHED, enriched), (DISPOSITIONS, disposition)]
    ids = {topic: found.id for topic, _ in kinds if (found := registry.latest(f"{topic}-value"))}
    sent, started = 0, time.monotonic()
    while (passed := time.monotonic() - started) < seconds:
        while sent < passed * rate:
            for topic, make in kinds:
                row = make(sent)
                producer.produce(topic, frame(ids[topic], orjson.dumps(row)), row["account_id"].encode())
            sent += 1
        producer.poll(0.01)
    assert producer.flush(30) == 0
    print(sent)


if __name__ == "__main__":
    main(int(sys.argv[1]), float(sys.argv[2]))
