"""How many alerts have waited too long for a disposition."""

import time

import orjson
from confluent_kafka import Consumer, KafkaError, KafkaException, TopicPartition

from sentinel_cli.doctor.finding import Finding
from sentinel_cli.kafka.connection import Connection
from sentinel_cli.kafka.wire import FrameError, unframe

ALERTS, DISPOSITIONS = "sentinel.aml_alerts", "sentinel.alert_dispositions"
_OLD = 15 * 60
"""Seconds after which an alert without a disposition is one that was forgotten."""
_ADVICE = "Look at the jobs of enrichment and triage (`sentinel status`), or at `sentinel run`."


def pending(connection: Connection, seconds: float) -> Finding:
    """A finding on the alerts that arrived more than 15 minutes ago and have no disposition, as committed."""
    what, deadline = "alerts without disposition", time.monotonic() + seconds
    settings = {"group.id": "sentinel-doctor", "enable.partition.eof": True, "isolation.level": "read_committed"}
    consumer = Consumer(connection.client(settings | {"enable.auto.commit": False}))
    try:
        waiting = _ids(consumer, ALERTS, deadline, int((time.time() - _OLD) * 1000))
        if waiting:
            waiting -= _ids(consumer, DISPOSITIONS, deadline, None)
    except KafkaException as error:
        return Finding(what, f"could not be read: {error.args[0].str()}", "The analyst's key must read both topics.")
    except TimeoutError:
        return Finding(what, f"could not be counted within {seconds:.0f} s", "Give it more time with --timeout.")
    finally:
        consumer.close()
    return Finding(what, f"{len(waiting)} older than 15 minutes", _ADVICE if waiting else "")


def _ids(consumer: Consumer, topic: str, deadline: float, until: int | None) -> set[bytes]:
    """The ids in a topic, of records that arrived up to an instant; what is no record of ours is passed over."""
    partitions = consumer.list_topics(topic, timeout=15).topics[topic].partitions
    consumer.assign([TopicPartition(topic, partition, 0) for partition in partitions])
    found, open_ = set[bytes](), set(partitions)
    while open_:
        if time.monotonic() > deadline:
            raise TimeoutError
        for message in consumer.consume(10_000, 0.5):
            error = message.error()
            if error is not None:
                if error.code() != KafkaError._PARTITION_EOF:
                    raise KafkaException(error)
                open_.discard(message.partition() or 0)
            elif until is None or message.timestamp()[1] <= until:
                try:
                    found.add(bytes.fromhex(orjson.loads(unframe(message.value())[1])["alert_id"]))
                except (FrameError, ValueError, KeyError, TypeError):
                    continue
    return found
