"""The broker dies at a random moment of `sentinel produce`; what has become of every event."""

import signal
import subprocess
import time
from collections import Counter
from collections.abc import Callable
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
    """In the file, each of them counted in the report."""


def broker_killed(broker: LocalBroker, seed: int) -> Events:
    """The broker is started again up to 3 s later."""
    return _back_after(broker, seed, Random(seed).random() * 3)


def broker_away(broker: LocalBroker, seed: int) -> Events:
    """It is away for a minute, which is less than the time in which an event has to be delivered."""
    return _back_after(broker, seed, 60)


def broker_gone(broker: LocalBroker, seed: int) -> Events:
    """It stays away, and up to 5 s later Ctrl-C asks for an end: what is not delivered within 10 s is kept."""
    dice = Random(seed)
    process, printed = _printing(dice, "--loop")
    broker.kafka.stop(seconds=0)
    asked = time.monotonic() + dice.random() * 5
    while time.monotonic() < asked:
        printed.append(_line(process))
    process.send_signal(signal.SIGINT)
    rest, said = finish(process)
    took = time.monotonic() - asked
    broker.start()
    found = _became([*printed, *rest.splitlines()], broker)
    sent, rejected, kept = counts(said)
    assert (process.returncode, sent + kept, rejected) == (1, found.taken, 0), said
    assert kept == found.undelivered > 0, said
    assert took < 15, said
    return found


def _back_after(broker: LocalBroker, seed: int, seconds: float) -> Events:
    process, printed = _printing(Random(seed), "--events", str(EVENTS))
    broker.kafka.stop(seconds=0)
    time.sleep(seconds)
    broker.start()
    rest, said = finish(process)
    found = _became([*printed, *rest.splitlines()], broker)
    assert (process.returncode, counts(said)) == (0, (EVENTS, 0, 0)) or found.undelivered, said
    return found


def _printing(dice: Random, *options: str) -> tuple[subprocess.Popen[str], list[str]]:
    """A command that has printed some of its events, but not all."""
    process = start(*options, "--rate", "1000", "--customers", "300", "--verbose")
    return process, [_line(process) for _ in range(dice.randrange(100, EVENTS - 2000))]


def _line(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline()


def _became(printed: list[str], broker: LocalBroker) -> Events:
    taken = {orjson.loads(line)["event_id"] for line in printed}
    arrived = Counter(event["event_id"] for event in transactions(broker))
    kept = {orjson.loads(line["record"])["event_id"] for line in undelivered()}
    return Events(len(taken), len(taken - arrived.keys() - kept), sum(n > 1 for n in arrived.values()), len(kept))


FAULTS: dict[str, Callable[[LocalBroker, int], Events]] = {
    fault.__name__: fault for fault in (broker_killed, broker_away, broker_gone)
}
