"""
`sentinel produce` against the bare client, on a broker of its own.

What is compared takes turns, and medians are compared.

Every run has a process of its own: `python bench_produce.py NAME RECORDS` prints its seconds and records.
"""

import gc
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson
from confluent_kafka import Producer

from scripts.bench_figures import Figures, Result
from scripts.bench_processes import json_file
from sentinel_cli.broker.local import LocalBroker
from sentinel_cli.interrupts import Stop
from sentinel_cli.kafka.connection import Account, Connection, connect
from sentinel_cli.kafka.registry import RegisteredSchema, Registry
from sentinel_cli.kafka.wire import frame
from sentinel_cli.producer.check import compile_check
from sentinel_cli.producer.outbox import settings
from sentinel_cli.producer.pace import Pace
from sentinel_cli.producer.parts import Batch, Part
from sentinel_cli.producer.run import Run
from sql.topics import RAW

ROUNDS = 5
_TIMEOUT = 120.0


def produce_section(figures: Figures, folder: Path, events: int) -> None:
    """The same records, settings and delivery reports: judged and framed by us, and framed beforehand."""
    section, count = "produce", max(events // 10, 1)
    source = json_file(folder, count)
    broker = LocalBroker(folder / "broker")
    try:
        environment = {**os.environ, **_up(folder / "broker")}
        sending = _take_turns(("raw", "produce"), source, environment)
        framing = _take_turns(("serializer", "check"), json_file(folder, max(count // 10, 1)), environment)
    finally:
        broker.delete()
    found = {**sending, **framing}
    seconds = {
        name: figures.add(section, _NAMES[name], results, results[0]["records"]) for name, results in found.items()
    }
    figures.at_least(section, "sending, to the bare client", seconds["raw"] / seconds["produce"], 0.5)
    figures.at_least(section, "judging and framing, to JSONSerializer", seconds["serializer"] / seconds["check"], 20)


_NAMES = {
    "raw": "bare client, framed beforehand",
    "produce": "sentinel produce",
    "serializer": "JSONSerializer alone",
    "check": "judging and framing alone",
}


def _up(folder: Path) -> dict[str, str]:
    from sentinel_cli.broker.screen import bring_up

    return bring_up(folder, None)


def _take_turns(names: tuple[str, ...], source: Path, environment: dict[str, str]) -> dict[str, list[Result]]:
    results: dict[str, list[Result]] = {name: [] for name in names}
    for number in range(ROUNDS):
        for name in names:
            print(f"round {number + 1} of {ROUNDS}: {_NAMES[name]}", file=sys.stderr)
            command = [sys.executable, str(Path(__file__)), name, str(source)]
            run = subprocess.run(command, env=environment, cwd=source.parent, stdout=subprocess.PIPE, check=True)
            results[name].append(json.loads(run.stdout))
    return results


def run_raw(records: list[bytes], connection: Connection, schema: RegisteredSchema) -> float:
    """The bare client: keys and frames are made beforehand, deliveries counted as `produce` counts them."""
    framed = [(orjson.loads(record)["account_id"], frame(schema.id, record)) for record in records]
    delivered = 0

    def report(error: object, _message: object) -> None:
        nonlocal delivered
        if error is None:
            delivered += 1

    producer = Producer(connection.client(settings(_TIMEOUT)))
    started = time.perf_counter()
    for number, (key, value) in enumerate(framed):
        while True:
            try:
                producer.produce(RAW, value, key, on_delivery=report)
                break
            except BufferError:
                producer.poll(0.1)
        if not number % 500:
            producer.poll(0)
    producer.flush()
    assert delivered == len(records)
    return time.perf_counter() - started


def run_produce(records: list[bytes], _connection: Connection, _schema: RegisteredSchema) -> float:
    """What `sentinel produce` does with records, from the first one to the last delivery."""
    run, pace = Run("", _TIMEOUT, Stop(), print), Pace(0)
    size = pace.size
    numbered = ((records[first : first + size], first) for first in range(0, len(records), size))
    batches = (Batch(batch, range(first, first + len(batch))) for batch, first in numbered)
    run.send(iter([Part("bench", batches)]), pace, None, lambda _: None)
    report = run.report()
    assert report.sent == len(records)
    return report.seconds


def run_check(records: list[bytes], _connection: Connection, schema: RegisteredSchema) -> float:
    """Judging and framing, without a broker."""
    check, head = compile_check(schema.text), frame(schema.id, b"")
    started = time.perf_counter()
    for record in records:
        check(record)["account_id"]
        head + record
    return time.perf_counter() - started


def run_serializer(records: list[bytes], connection: Connection, schema: RegisteredSchema) -> float:
    """The same by Confluent's serializer, which takes objects."""
    from confluent_kafka.schema_registry.json_schema import JSONSerializer
    from confluent_kafka.serialization import MessageField, SerializationContext

    configuration = {"auto.register.schemas": False, "use.latest.version": True}
    registry = Registry(connection)
    serialize: Any = JSONSerializer(schema.text, registry.client, conf=configuration)
    context: Any = SerializationContext(RAW, MessageField.VALUE)
    objects = [orjson.loads(record) for record in records]
    serialize(objects[0], context)
    started = time.perf_counter()
    for item in objects:
        serialize(item, context)
    return time.perf_counter() - started


def main() -> None:
    runs: dict[str, Callable[[list[bytes], Connection, RegisteredSchema], float]] = {
        "raw": run_raw,
        "produce": run_produce,
        "check": run_check,
        "serializer": run_serializer,
    }
    lines = Path(sys.argv[2]).read_bytes().splitlines()
    gc.set_threshold(100_000)  # as the command has it
    connection = connect(Account.producer, "")
    schema = Registry(connection).latest(f"{RAW}-value")
    assert schema is not None
    seconds = runs[sys.argv[1]](lines, connection, schema)
    print(json.dumps({"seconds": seconds, "records": len(lines)}))


if __name__ == "__main__":
    main()
