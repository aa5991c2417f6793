"""`sentinel produce` while the broker dies: every event arrives once, or is in the file and counted."""

import signal
import time
from pathlib import Path

import orjson
import pytest

from sentinel_cli.broker.local import LocalBroker
from tests.integration.kafka.log import read
from tests.integration.kafka.produce_faults import EVENTS, FAULTS
from tests.integration.kafka.producing import UNDELIVERED, counts, finish, ids, start, transactions, undelivered


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("fault", FAULTS)
def test_every_event_arrives_once_or_is_in_the_file(fresh: LocalBroker, fault: str, seed: int) -> None:
    found = FAULTS[fault](fresh, seed)
    assert (found.lost, found.twice) == (0, 0), found
    if fault != "broker_gone":
        assert (found.taken, found.undelivered) == (EVENTS, 0)


def test_what_is_not_taken_within_the_delivery_timeout_or_10_s_of_ctrl_c_is_in_the_file(fresh: LocalBroker) -> None:
    process = start("--loop", "--rate", "300", "--delivery-timeout", "4", "--verbose")
    assert process.stdout is not None
    taken = [orjson.loads(process.stdout.readline()) for _ in range(500)]
    fresh.kafka.stop(seconds=0)
    try:
        deadline = time.monotonic() + 30
        while not undelivered() and time.monotonic() < deadline:
            taken.append(orjson.loads(process.stdout.readline()))
        process.send_signal(signal.SIGINT)
        asked = time.monotonic()
        rest, said = finish(process)
        assert time.monotonic() - asked < 15
    finally:
        fresh.start()
    taken += map(orjson.loads, rest.splitlines())
    sent, rejected, lost = counts(said)
    in_file = [orjson.loads(line["record"]) for line in undelivered()]
    assert process.returncode == 1
    assert "sentinel.undelivered.jsonl" in said
    assert "the broker has gone" in said
    assert (sent + lost, rejected, lost) == (len(taken), 0, len(in_file))
    assert lost > 0
    arrived = set(ids(transactions(fresh)))
    assert arrived | set(ids(in_file)) == set(ids(taken))
    assert set(ids(taken)) - set(ids(in_file)) <= arrived


def test_dead_letters_of_a_broker_that_has_gone_are_in_the_file(fresh: LocalBroker, tmp_path: Path) -> None:
    event = {
        "event_id": "bad", "account_id": "A", "customer_id": "C", "amount": 1.005, "currency": "USD",
        "transaction_type": "CARD", "direction": "OUT", "country": "US", "event_time": 1_748_736_000_000,
    }  # fmt: skip
    lines = [orjson.dumps(event | {"amount": 1.25, "event_id": f"good-{n}"}) for n in range(300)]
    (tmp_path / "in.jsonl").write_bytes(b"\n".join([*lines, orjson.dumps(event)]) + b"\n")
    process = start("--input", "in.jsonl", "--rate", "100", "--delivery-timeout", "2", "--verbose")
    assert process.stdout is not None
    process.stdout.readline()
    fresh.kafka.stop(seconds=0)
    try:
        _, said = finish(process)
    finally:
        fresh.start()
    sent, rejected, lost = counts(said)
    assert (process.returncode, sent + lost, rejected) == (1, 300, 1)
    assert [line["reason"] for line in undelivered() if "bad" in line["record"]] == ["amount"]
    assert len(undelivered()) == lost + 1
    assert read(fresh, "sentinel.dead_letters") == []


def test_what_neither_kafka_nor_a_full_disk_takes_is_counted(fresh: LocalBroker) -> None:
    UNDELIVERED.symlink_to("/dev/full")
    process = start("--loop", "--rate", "100", "--delivery-timeout", "3", "--verbose")
    assert process.stdout is not None
    process.stdout.readline()
    fresh.kafka.stop(seconds=0)
    try:
        time.sleep(6)
        process.send_signal(signal.SIGINT)
        rest, said = finish(process)
    finally:
        fresh.start()
    sent, rejected, lost = counts(said)
    assert (process.returncode, sent + lost, rejected) == (1, 1 + len(rest.splitlines()), 0)
    assert lost > 0
    full = f"{lost} records that Kafka did not take could not be added to {UNDELIVERED}: No space left on device"
    assert full in said
    assert "were added" not in said
