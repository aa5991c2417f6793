"""How many alerts have waited too long for a disposition."""

import time

from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaError, KafkaException, TopicPartition

from sentinel_cli.doctor.finding import Finding
from sentinel_cli.kafka.connection import Connection
from sentinel_cli.kafka.reading import alert_id_of
from sql.topics import ALERTS, DISPOSITIONS

_OLD = 15 * 60
"""Seconds after which an alert without a disposition is one that was forgotten."""
_WHAT = "alerts without disposition"
_ADVICE = "Look at the jobs of enrichment and triage (`sentinel status`), or at `sentinel run`."
_SETTINGS = {
    # A group's name is asked for, and not used.
    "group.id": "sentinel-doctor",
    "enable.auto.commit": False,
    "enable.partition.eof": True,
    "auto.offset.reset": "earliest",
    "isolation.level": "read_committed",
}


def pending(connection: Connection, seconds: float) -> Finding:
    """A finding on the alerts that arrived more than 15 minutes ago and have no disposition, as committed."""
    deadline, consumer = time.monotonic() + seconds, Consumer(connection.client(_SETTINGS))
    try:
        waiting = _ids(consumer, ALERTS, deadline, int((time.time() - _OLD) * 1000))
        if waiting:
            waiting -= _ids(consumer, DISPOSITIONS, deadline, None)
    except KafkaException as error:
        return Finding(_WHAT, f"cannot be counted: {error.args[0].str()}", "The analyst's key must read both topics.")
    except TimeoutError:
        return Finding(_WHAT, f"cannot be counted within {seconds:g} s", "Give it more time with --timeout.")
    finally:
        consumer.close()
    return Finding(_WHAT, f"{len(waiting)} older than 15 minutes", _ADVICE if waiting else "")


def _ids(consumer: Consumer, topic: str, deadline: float, until: int | None) -> set[bytes]:
    """The ids in a topic, of records that arrived up to an instant; what is no record of ours has none."""
    described = consumer.list_topics(topic, timeout=15).topics[topic]
    if described.error is not None:
        raise KafkaException(described.error)
    open_ = set(described.partitions)
    consumer.assign([TopicPartition(topic, partition, OFFSET_BEGINNING) for partition in open_])
    found = set[bytes]()
    while open_:
        if time.monotonic() > deadline:
            raise TimeoutError
        for message in consumer.consume(10_000, 0.5):
            error = message.error()
            if error is None:
                alert_id = alert_id_of(message.value())
                if alert_id is not None and (until is None or message.timestamp()[1] <= until):
                    found.add(alert_id)
            elif error.code() == KafkaError._PARTITION_EOF:
                open_.discard(message.partition() or 0)
            else:
                raise KafkaException(error)
    return found
