"""`sentinel produce` on a real broker and a real registry: what arrives, in which frame, where and when."""

import json
import signal
import subprocess
import sys
import time
from collections import Counter
from itertools import groupby
from pathlib import Path
from typing import Any

import orjson
import pytest
from confluent_kafka import Consumer, TopicPartition
from confluent_kafka.schema_registry.json_schema import JSONDeserializer, JSONSerializer
from confluent_kafka.serialization import MessageField, SerializationContext

from sentinel_cli.broker.local import LocalBroker
from sentinel_cli.generator import Mode, generate
from sentinel_cli.kafka.partitioner import partition_of
from sentinel_cli.kafka.registry import Registry
from tests.integration.kafka.log import RAW, read, write, write_raw
from tests.integration.kafka.producing import (
    COMMAND,
    DEAD_LETTERS,
    counts,
    finish,
    ids,
    one_sentence,
    produce,
    start,
    transactions,
    undelivered,
)
from tests.integration.kafka.topics import connection

HOUR = 3_600_000
EVENT: dict[str, Any] = {
    "event_id": "e-1", "account_id": "ACC-1", "customer_id": "CUS-1", "amount": 12.5, "currency": "USD",
    "transaction_type": "CARD", "direction": "OUT", "country": "US", "event_time": 1_748_736_000_000,
}  # fmt: skip


def messages(broker: LocalBroker) -> list[Any]:
    """Every record of the topic as a plain client has it."""
    consumer = Consumer(connection(broker).client({"group.id": "plain", "enable.partition.eof": True}))
    consumer.assign([TopicPartition(RAW, partition, 0) for partition in range(6)])
    found: list[Any] = []
    ended = 0
    while ended < 6:
        got = consumer.consume(1000, 0.3)
        found += [message for message in got if not message.error()]
        ended += sum(bool(message.error()) for message in got)
    consumer.close()
    return found


def test_the_default_run_arrives_and_makes_the_rules_fire(fresh: LocalBroker, tmp_path: Path) -> None:
    done = produce("--delay", "0")
    assert (done.returncode, done.stdout, counts(done.stderr)) == (0, "", (200, 0, 0))
    found = transactions(fresh)
    generated = generate(200, 20, Mode.mixed, 0)
    assert ids(found) == ids(map(orjson.loads, generated.transactions))
    in_order = sorted(read(fresh, RAW), key=lambda event: event["event_time"])
    (tmp_path / "topic.jsonl").write_bytes(b"".join(orjson.dumps(event) + b"\n" for event in in_order))
    command = [sys.executable, "-m", "sentinel_cli", "replay", "topic.jsonl", "--json"]
    lines = subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()
    fired = {json.loads(line).get("rule_id") for line in lines}
    assert {"structuring", "structuring_rolling", "velocity", "geo", "geo_rolling"} <= fired


def test_a_plain_client_reads_it_by_confluents_own_deserializer(fresh: LocalBroker) -> None:
    assert produce("--delay", "0", "--events", "50").returncode == 0
    registry = Registry(connection(fresh))
    latest = registry.latest(f"{RAW}-value")
    assert latest is not None
    deserialize: Any = JSONDeserializer(latest.text, schema_registry_client=registry.client)
    context = SerializationContext(RAW, MessageField.VALUE)
    found = messages(fresh)
    events = [deserialize(message.value(), context) for message in found]
    assert len(events) == 50 + 6
    for message, event in zip(found, events, strict=True):
        assert message.key() == event["account_id"].encode()
        assert abs(message.timestamp()[1] - time.time() * 1000) < HOUR
        if event["transaction_type"] != "HEARTBEAT":
            assert message.partition() == partition_of(message.key(), 6)
    beats = {message.partition() for message, event in zip(found, events, strict=True) if event["amount"] == 0}
    assert beats == set(range(6))


def test_a_run_begins_behind_what_confluents_own_serializer_wrote(fresh: LocalBroker) -> None:
    registry = Registry(connection(fresh))
    latest = registry.latest(f"{RAW}-value")
    assert latest is not None
    configuration = {"auto.register.schemas": False, "use.latest.version": True}
    serialize: Any = JSONSerializer(latest.text, registry.client, conf=configuration)
    value = serialize(EVENT, SerializationContext(RAW, MessageField.VALUE))
    write_raw(fresh, [(b"ACC-1", value), (b"ACC-1", b"no frame"), (b"ACC-1", None), (b"ACC-1", value[:40])])
    done = produce("--delay", "0", "--events", "20", "--verbose")
    assert done.returncode == 0
    assert min(json.loads(line)["event_time"] for line in done.stdout.splitlines()) > EVENT["event_time"]


def test_no_run_is_late_behind_the_one_before_and_no_id_comes_twice(fresh: LocalBroker) -> None:
    newest, seen = 0, Counter[str]()
    for options in (["--events", "60"], ["--events", "300", "--customers", "5"], ["--events", "60"], ["--seed", "7"]):
        assert produce("--delay", "0", *options).returncode == 0
        everything = read(fresh, RAW)
        new = [event for event in everything if event["event_id"] not in seen]
        assert min(event["event_time"] for event in new) > newest
        newest = max(event["event_time"] for event in new)
        seen = Counter(event["event_id"] for event in everything)
    assert max(seen.values()) == 1
    assert len(seen) == 60 + 300 + 60 + 200 + 4 * 6


def test_within_an_account_the_order_is_that_of_event_time(fresh: LocalBroker) -> None:
    assert produce("--delay", "0", "--events", "3000", "--customers", "30").returncode == 0
    for _, events in groupby(sorted(messages(fresh), key=lambda m: (m.key(), m.offset())), key=lambda m: m.key()):
        times = [orjson.loads(event.value()[5:])["event_time"] for event in events]
        assert times == sorted(times)


def test_the_real_clock_is_the_wall_clock(fresh: LocalBroker) -> None:
    before = time.time_ns() // 1_000_000
    for _ in range(2):
        assert produce("--clock", "now", "--events", "40", "--rate", "40").returncode == 0
    found = transactions(fresh)
    assert len(set(ids(found))) == 80
    assert all(before <= event["event_time"] <= time.time_ns() // 1_000_000 for event in found)
    assert len({event["event_time"] for event in found}) > 20


def test_the_real_clock_refuses_a_topic_that_is_ahead_of_it(fresh: LocalBroker) -> None:
    soon = time.time_ns() // 1_000_000 + HOUR
    write(fresh, [orjson.dumps(EVENT | {"event_time": soon})])
    done = produce("--clock", "now")
    assert done.returncode == 2
    assert "later than now" in one_sentence(done.stderr)
    assert len(read(fresh, RAW)) == 1


def test_a_date_that_moves_no_watermark_does_not_count(fresh: LocalBroker) -> None:
    write(fresh, [orjson.dumps(EVENT | {"event_time": 4_070_908_800_000})])
    assert produce("--clock", "now", "--events", "5", "--delay", "0").returncode == 0


def test_simulated_time_does_not_pass_the_present(fresh: LocalBroker) -> None:
    now = time.time_ns() // 1_000_000
    write(fresh, [orjson.dumps(EVENT | {"event_time": now - HOUR})])
    done = produce("--events", "30", "--delay", "0")
    assert done.returncode == 0
    assert "simulated time has come to the present" in done.stderr
    assert all(now - HOUR <= event["event_time"] <= now + HOUR for event in read(fresh, RAW))


def test_a_rate_is_kept(fresh: LocalBroker) -> None:
    started = time.monotonic()
    done = produce("--events", "1000", "--rate", "500")
    assert done.returncode == 0
    assert "a second" in done.stderr
    assert 1.9 < time.monotonic() - started < 15
    seconds = float(done.stderr.rpartition(" in ")[2].partition(" s")[0])
    assert 1.9 < seconds < 4


def test_verbose_prints_each_transaction(fresh: LocalBroker) -> None:
    done = produce("--events", "30", "--delay", "0", "--verbose")
    assert ids(map(json.loads, done.stdout.splitlines())) == ids(transactions(fresh))


def test_a_reader_that_goes_ends_it_quietly_with_all_delivered(fresh: LocalBroker) -> None:
    process = start("--loop", "--rate", "200", "--verbose")
    assert process.stdout is not None
    assert process.stderr is not None
    first = json.loads(process.stdout.readline())
    process.stdout.close()
    with process.stderr:
        said = process.stderr.read()
    assert process.wait(30) == 141
    assert "Traceback" not in said
    assert first["event_id"] in ids(transactions(fresh))
    assert counts(said) == (len(transactions(fresh)), 0, 0)
    assert undelivered() == []


@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_ends_a_loop_with_all_counted(fresh: LocalBroker, number: signal.Signals, status: int) -> None:
    process = start("--loop", "--events", "100", "--rate", "400", "--verbose")
    assert process.stdout is not None
    for _ in range(150):
        process.stdout.readline()
    process.send_signal(number)
    _, said = finish(process)
    assert process.returncode == status
    found = transactions(fresh)
    assert counts(said) == (len(found), 0, 0)
    assert len(found) == len(set(ids(found))) >= 150


def test_a_file_keeps_its_times_and_order_and_what_is_wrong_is_a_dead_letter(fresh: LocalBroker) -> None:
    good = [EVENT | {"event_id": f"good-{n}", "event_time": EVENT["event_time"] - n} for n in range(20)]
    lines = [orjson.dumps(event) for event in good]
    bad = {
        b"not JSON at all": "not JSON",
        orjson.dumps(EVENT | {"currency": "usd"}): "currency",
        orjson.dumps(EVENT | {"amount": 10.005}): "amount",
        orjson.dumps(EVENT | {"amount": -1}): "amount",
        orjson.dumps(EVENT | {"transaction_type": "LOAN"}): "transaction_type",
        orjson.dumps(EVENT).replace(b"12.5", b"NaN"): "amount",
        orjson.dumps(EVENT).replace(b"12.5", b"9" * 40): "amount",
        orjson.dumps(EVENT).replace(b"1748736000000", b"9" * 30): "event_time",
        orjson.dumps(EVENT).replace(b"ACC-1", b"\\ud800"): "",
        orjson.dumps(EVENT).replace(b"CUS-1", b"\xff"): "UTF-8",
        orjson.dumps({k: v for k, v in EVENT.items() if k != "country"}): "country",
        orjson.dumps(EVENT)[:-1] + b',"amount":3}': "amount",
    }
    Path("in.jsonl").write_bytes(b"\n".join([*lines, *bad]) + b"\n")
    done = produce("--input", "in.jsonl")
    assert (done.returncode, counts(done.stderr)) == (1, (20, len(bad), 0))
    found = read(fresh, RAW)
    assert [(event["event_id"], event["event_time"]) for event in found] == [
        (event["event_id"], event["event_time"]) for event in good
    ]
    letters = read(fresh, DEAD_LETTERS)
    assert len(letters) == len(bad)
    assert {letter["source"] for letter in letters} == {"in.jsonl"}
    assert all(letter["position"] for letter in letters)
    by_record = {letter["record"]: letter for letter in letters}
    currency = next(letter for record, letter in by_record.items() if '"usd"' in record)
    assert (currency["reason"], currency["position"], currency["account_id"]) == ("currency", "record 22", "ACC-1")
    for record, reason in bad.items():
        assert any(reason in letter["reason"] for letter in letters), record


def test_a_mapped_file_and_standard_input(fresh: LocalBroker) -> None:
    Path("map.toml").write_text(
        """[columns]
event_id = "id"
account_id = "acc"
customer_id = "acc"
amount = "amt"
currency = "'USD'"
transaction_type = "'CARD'"
direction = "'OUT'"
country = "'US'"
event_time = "day || 'T00:00:00Z'"
""",
        encoding="utf-8",
    )
    done = produce(
        "--input", "-", "--mapping", "map.toml", stdin=b"id,acc,amt,day\n1,A,10.10,2025-06-01\n2,B,x,2025-06-01\n"
    )
    assert (done.returncode, counts(done.stderr)) == (1, (1, 1, 0))
    assert [(event["event_id"], event["amount"]) for event in read(fresh, RAW)] == [("1", 10.1)]


def test_what_cannot_be_asked_for_is_one_sentence(fresh: LocalBroker) -> None:
    for options, words in (
        (["--delay", "1", "--rate", "1"], "--rate"),
        (["--mapping", "m.toml"], "--input"),
        (["--input", "x", "--seed", "0"], "--seed"),
        (["--loop", "--events", "0"], "--events 0"),
    ):
        done = produce(*options)
        assert done.returncode == 2
        assert words in one_sentence(done.stderr)


def test_a_bar_moves_at_a_terminal(fresh: LocalBroker) -> None:
    program = f"import pty, sys; sys.exit(pty.spawn({[*COMMAND, '--events', '60', '--delay', '20']!r}) >> 8)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True, stdin=subprocess.DEVNULL)
    assert b"sending" in done.stdout
    assert b"sent 60, rejected 0, undelivered 0" in done.stdout
