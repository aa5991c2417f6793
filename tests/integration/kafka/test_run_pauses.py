"""The producer of `sentinel run` after a pause, as a model makes one that takes seconds to answer."""

import threading
import time

from confluent_kafka import TopicPartition

from sentinel_cli.broker.local import LocalBroker
from sentinel_cli.service.clients import consumer
from sentinel_cli.service.outlet import transactional_producer
from tests.integration.kafka.running import ALERTS, DISPOSITIONS
from tests.integration.kafka.topics import connection

PAUSE, TIMES, PRODUCERS = 12.9, 3, 4
"""Seconds in which idle connections are closed and opened again, twice and more."""


def test_a_transaction_after_a_pause_is_committed_at_once(fresh: LocalBroker) -> None:
    where = connection(fresh)
    member = consumer(where, "paused")
    member.subscribe([ALERTS])
    while not member.assignment():
        member.consume(1, 0.5)
    metadata, took = member.consumer_group_metadata(), list[float]()

    def work(number: int) -> None:
        producer = transactional_producer(where, f"paused-{number}")
        for offset in range(TIMES):
            time.sleep(PAUSE)
            begun = time.monotonic()
            producer.begin_transaction()
            producer.produce(DISPOSITIONS, b"{}", b"key")
            producer.send_offsets_to_transaction([TopicPartition(ALERTS, 0, offset)], metadata, 10)
            producer.commit_transaction(30)
            took.append(time.monotonic() - begun)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(PRODUCERS)]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        member.consume(1, 0.5)
    member.close()
    assert len(took) == TIMES * PRODUCERS
    assert max(took) < 1.5
