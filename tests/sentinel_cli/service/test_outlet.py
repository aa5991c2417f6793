"""What is written while the client's queue has no room waits for some; what topics get is tested on a real broker."""

from collections.abc import Callable

import pytest
from confluent_kafka import Producer

from sentinel_cli.generator.lines import heartbeat
from sentinel_cli.service.outlet import Outlet
from sql.topics import ALERTS, RAW

WRITES: list[Callable[[Outlet], None]] = [
    lambda outlet: outlet.write(ALERTS, [{"account_id": "ACC-1"}]),
    lambda outlet: outlet.heartbeat(3, heartbeat(3, 1_000)),
]


@pytest.mark.parametrize("write", WRITES, ids=["an alert", "a heartbeat"])
def test_a_full_queue_is_waited_for(write: Callable[[Outlet], None]) -> None:
    settings = {
        "bootstrap.servers": "127.0.0.1:1",
        "queue.buffering.max.messages": 1,
        "message.timeout.ms": 500,
        "log_level": 0,
    }
    producer = Producer(settings)
    outlet = Outlet(producer, {f"{RAW}-value": 1, f"{ALERTS}-value": 2})
    write(outlet)
    with pytest.raises(BufferError):
        producer.produce(RAW, b"")
    write(outlet)
    assert len(producer) == 1
    producer.purge()
    producer.flush(5)
