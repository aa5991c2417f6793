"""
`sentinel run` on a broker of its own: events a second while it catches up, memory, and the time from event to alert.

The history spans eight hours, so that both windows of every rule but the weekly one are full before the second half of
it. A service with one thread reads it, and goes on in real time after a restart; snapshots are kept all the while.
Broker, registry, service and sender share the machine.
"""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import orjson
import psutil
from confluent_kafka import Consumer, Producer, TopicPartition

from scripts.bench_figures import Figures
from sentinel_cli.broker.local import LocalBroker
from sentinel_cli.broker.screen import bring_up
from sentinel_cli.kafka.connection import Account, Connection, connect
from sentinel_cli.kafka.partitioner import PARTITIONER
from sentinel_cli.kafka.registry import Registry
from sentinel_cli.kafka.wire import frame, unframe
from sql.topics import ALERTS, RAW

HOURS, RATE, SECONDS = 8, 5_000, 120
"""Of the history, and of the events that are sent in real time."""
DAYS = 70
"""Of the history by which memory is measured."""
_COUNTRIES = ("US", "CA", "GB", "DE")
_TYPES = ("CARD",) * 13 + ("EFT",) * 4 + ("WIRE",) * 2 + ("CASH_DEPOSIT",)
_PORT = 9464
_BURST = 1_000
"""Events to one account that is used in three countries at once: what fires."""


def service_section(figures: Figures, folder: Path, events: int) -> None:
    """The service with 500,000 accounts, and once more with a tenth of them."""
    for accounts in (500_000, 50_000):
        home = folder / f"service-{accounts}"
        with _stream(home, accounts) as stream:
            _measure(figures, stream, home, events * 2)


def memory_section(figures: Figures, folder: Path, events: int) -> None:
    """What the service takes over a long history, in which accounts come back again and again."""
    home = folder / "memory"
    with _stream(home, 500_000) as stream:
        _catch_up_with(figures, "memory", stream, home, (events * 2, DAYS * 24))


@contextmanager
def _stream(home: Path, accounts: int) -> Iterator["Stream"]:
    """Transactions of so many accounts, to a broker of their own."""
    broker = LocalBroker(home / "broker")
    try:
        bring_up(home / "broker", None)
        yield Stream(broker, accounts)
    finally:
        broker.delete()


def _catch_up_with(
    figures: Figures, section: str, stream: "Stream", home: Path, history: tuple[int, int]
) -> dict[str, float]:
    """Let the service read a history of so many events in so many hours up to now."""
    name, (events, hours), now = f"{stream.accounts:,} accounts", history, round(time.time() * 1000)
    stream.send(np.linspace(now - hours * 3_600_000, now, events).astype(np.int64))
    with service(home) as process:
        caught = catch_up(process, events)
    figures.add(section, f"{name}: a history of {events:,}", [caught], int(caught["events"]))
    ratio = caught["peak_mb"] / caught["half_mb"]
    figures.at_most(section, f"{name}: peak of memory to that of the first half", ratio, 1.1)
    return caught


def _measure(figures: Figures, stream: "Stream", home: Path, events: int) -> None:
    section, name = "service", f"{stream.accounts:,} accounts"
    caught = _catch_up_with(figures, section, stream, home, (events, HOURS))
    figures.at_least(section, f"{name}: events a second", caught["events"] / caught["seconds"], 50_000, "events/s")
    with service(home) as process:
        # It is there when it has read something: until then it takes up the partitions from their snapshots.
        stream.send(np.full(_BURST, round(time.time() * 1000)))
        catch_up(process, _BURST)
        delays = latencies(stream)
    p50, p99 = (float(np.quantile(delays, share)) for share in (0.5, 0.99))
    figures.add(section, f"{name}: event to alert at {RATE:,} events/s, p50", [{"seconds": p50}])
    figures.add(section, f"{name}: event to alert at {RATE:,} events/s, p99", [{"seconds": p99}])
    figures.at_most(section, f"{name}: event to alert, p99 of {len(delays):,}", p99, 11, "s")


@dataclass
class Stream:
    """Transactions to a broker."""

    broker: LocalBroker
    accounts: int
    dice: np.random.Generator = field(default_factory=lambda: np.random.default_rng(1))
    sent: int = 0

    def __post_init__(self) -> None:
        os.environ |= self.broker.settings()
        self.connection = connect(Account.runner, "")
        schema = Registry(self.connection).latest(f"{RAW}-value")
        assert schema is not None
        self.schema = schema.id
        self.producer = Producer(self.connection.client({"partitioner": PARTITIONER, "linger.ms": 5}))

    def send(self, times: "np.ndarray[Any, np.dtype[np.int64]]") -> None:
        """A transaction at each of the times, in epoch milliseconds; waits until all are delivered."""
        accounts = self.dice.integers(self.accounts, size=len(times)).tolist()
        cents = self.dice.integers(100, 900_000, size=len(times)).tolist()
        for account, amount, at in zip(accounts, cents, times.tolist(), strict=True):
            self._one(account, amount, at)
        self.producer.flush(300)

    def _one(self, account: int, cents: int, at: int) -> None:
        number = self.sent
        self.sent += 1
        place = account % len(_COUNTRIES)
        if number % _BURST < 3:
            account, place = self.accounts + number // _BURST, number % _BURST
        name = f"ACC-{account:07d}"
        record = {
            "event_id": f"EVT-{number}", "account_id": name, "customer_id": f"CUS-{account:07d}", "amount": cents / 100,
            "currency": "USD", "transaction_type": _TYPES[number % 20], "direction": "IN",
            "country": _COUNTRIES[place], "event_time": at,
        }  # fmt: skip
        value = frame(self.schema, orjson.dumps(record))
        while True:
            try:
                self.producer.produce(RAW, value, name)
                break
            except BufferError:
                self.producer.poll(0.1)
        if not number % 1_000:
            self.producer.poll(0)


@contextmanager
def service(home: Path) -> Iterator[subprocess.Popen[bytes]]:
    """The service, on the broker that the environment names, until it is no longer needed."""
    command = [sys.executable, "-m", "sentinel_cli", "run", "--state", str(home / "state"), "--stack", ""]
    with (home / "run.log").open("wb") as log:
        process = subprocess.Popen(
            [*command, "--metrics-port", str(_PORT), "--ledger", str(home / "ledger.sqlite")],
            cwd=home,
            stderr=log,
        )
        try:
            yield process
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(120)


def catch_up(process: subprocess.Popen[bytes], events: int) -> dict[str, float]:
    """Seconds from the first committed step to the last, the events between, and memory's peaks half-way and in all."""
    memory, half, peak, first, begun = psutil.Process(process.pid), 0.0, 0.0, 0, 0.0
    while (done := counted("events")) < events:
        assert process.poll() is None, "the service has ended"
        peak = max(peak, memory.memory_info().rss / 1e6)
        if done and not first:
            first, begun = done, time.perf_counter()
        if done >= events // 2 and not half:
            half = peak
        time.sleep(0.2)
    seconds = time.perf_counter() - begun
    cpu = sum(memory.cpu_times()[:2])
    return {"seconds": seconds, "events": done - first, "half_mb": half, "peak_mb": round(peak), "cpu_seconds": cpu}


def counted(name: str) -> int:
    """A figure of the service that is running, of all labels; 0 before it answers."""
    try:
        lines = httpx.get(f"http://127.0.0.1:{_PORT}/metrics", timeout=10).text.splitlines()
    except httpx.TransportError:
        return 0
    return round(sum(float(line.split()[-1]) for line in lines if line.startswith(f"sentinel_{name}_total")))


def latencies(stream: Stream) -> list[float]:
    """Seconds from the event that completes an episode to its alert, committed and read."""
    delays: list[float] = []
    over = threading.Event()
    listener = threading.Thread(target=_listen, args=(stream.connection, delays, over))
    listener.start()
    started, sent = time.time(), 0
    while (passed := time.time() - started) < SECONDS:
        due = round(passed * RATE)
        stream.send(np.full(due - sent, round(time.time() * 1000)))
        sent = due
        time.sleep(0.02)
    over.set()
    listener.join()
    return delays


def _listen(connection: Connection, delays: list[float], over: threading.Event) -> None:
    consumer = Consumer(connection.client({"group.id": "bench", "isolation.level": "read_committed"}))
    partitions = len(consumer.list_topics(ALERTS).topics[ALERTS].partitions)
    consumer.assign([TopicPartition(ALERTS, partition, -1) for partition in range(partitions)])
    begun = time.time() * 1000
    while not over.is_set():
        for message in consumer.consume(1_000, 0.05):
            if message.error() is not None:
                continue
            alert = json.loads(unframe(message.value())[1])
            if alert["rule_id"] == "geo_rolling" and alert["detected_at"] > begun:
                delays.append(time.time() - alert["detected_at"] / 1000)
    consumer.close()
