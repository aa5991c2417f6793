"""The broker is killed at a random moment of `sentinel produce` and comes back; what has become of every event."""

import time
from collections import Counter
from dataclasses import dataclass
from random import Random

import orjson

from sentinel_cli.broker.local import LocalBroker
from tests.integration.kafka.producing import counts, finish, start, transactions, undelivered

EVENTS = 6_000


@dataclass(frozen=True)
class Events:
    """Events by what has become of them."""

    taken: int
    lost: int
    """Neither in the topic nor in the file."""
    twice: int
    undelivered: int


def broker_killed(broker: LocalBroker, seed: int) -> Events:
    """A run during which the broker dies by SIGKILL and is started again up to 3 s later."""
    dice = Random(seed)
    process = start("--events", str(EVENTS), "--rate", "1000", "--customers", "300", "--verbose")
    assert process.stdout is not None
    printed = [process.stdout.readline() for _ in range(dice.randrange(100, EVENTS - 2000))]
    broker.kafka.stop(seconds=0)
    time.sleep(dice.random() * 3)
    broker.start()
    rest, said = finish(process)
    taken = {orjson.loads(line)["event_id"] for line in [*printed, *rest.splitlines()]}
    arrived = Counter(event["event_id"] for event in transactions(broker))
    kept = {orjson.loads(line["record"])["event_id"] for line in undelivered()}
    assert (process.returncode, counts(said)) == (0, (EVENTS, 0, 0)) or kept, said
    return Events(len(taken), len(taken - arrived.keys() - kept), sum(n > 1 for n in arrived.values()), len(kept))
