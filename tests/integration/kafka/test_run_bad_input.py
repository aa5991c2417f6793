"""Whatever is in the topic: the service goes on, and every record that is no transaction is a dead letter."""

import json
import struct
import time
from collections import Counter
from collections.abc import Iterator
from random import Random
from typing import Any

from sentinel_cli.broker.local import LocalBroker
from sentinel_cli.kafka.wire import frame
from tests.integration.kafka.log import RAW, heartbeats, read, schema_of, wait_for, write, write_raw
from tests.integration.kafka.running import ALERTS, DAY, by_id, replayed, running

RECORDS = 10_000
HOUR = 3_600_000
START = 1_772_442_000_000
GOOD: dict[str, Any] = {
    "event_id": "bad", "account_id": "acct-bad", "customer_id": "cust-bad", "amount": 9_500.0, "currency": "USD",
    "transaction_type": "CASH_DEPOSIT", "direction": "IN", "country": "US", "event_time": START,
}  # fmt: skip
CHANGES: list[dict[str, Any]] = [
    {"amount": "9500"}, {"amount": None}, {"amount": -1.0}, {"amount": 1e300}, {"amount": 0}, {"amount": 9_500.001},
    {"event_time": "2026-03-02T09:00:00Z"}, {"event_time": START + 0.5}, {"event_time": 2**70}, {"event_time": 0},
    {"event_time": -(10**18)}, {"event_time": int(time.time() * 1000) + 400 * DAY}, {"currency": "usd"},
    {"currency": "USD\n"}, {"transaction_type": "GIFT"}, {"direction": "UP"}, {"country": "USA"}, {"event_id": ""},
    {"event_id": "x" * 65}, {"customer_id": 7}, {"counterparty_id": 7}, {"counterparty_id": ""}, {"unknown": 1},
    {"$rowtime": START}, {"event_id": ["a"]}, {"country": {"a": 1}},
]  # fmt: skip


def bursts() -> list[bytes]:
    """Five deposits of 9,500 dollars on each of 30 accounts, which is structuring."""
    events = (
        GOOD | {"event_id": f"good-{n}-{place}", "account_id": f"acct-{n}", "event_time": START + HOUR + place * 60_000}
        for place in range(5)
        for n in range(30)
    )
    return [json.dumps(event).encode() for event in events]


def bad(schema_id: int, dice: Random) -> Iterator[tuple[bytes | None, bytes | None]]:
    """Keys and values of records none of which is a sound transaction."""
    whole = json.dumps(GOOD).encode()
    key = b"acct-bad"
    for _ in range(RECORDS):
        kind = dice.randrange(13)
        change = dice.choice(CHANGES)
        texts = [
            whole[: dice.randrange(1, len(whole))],
            whole.replace(b"9500.0", dice.choice([b"NaN", b"Infinity", b"1e999", b"9500.0.0"])),
            whole.replace(b"cust-bad", b"\\ud800"),
            whole.replace(b'"direction"', b'"country": "DE", "direction"'),
            whole.replace(b"cust-bad", b"\xff\xfe"),
            dice.choice([b"", b"null", b"[]", b"7", b'"text"', b"{}", b"\x00" * 40, dice.randbytes(200)]),
            json.dumps(GOOD | {"customer_id": "x" * dice.randrange(100, 500_000)}).encode(),
            json.dumps(GOOD | change).encode(),
        ]
        if kind < len(texts):
            yield key, frame(schema_id, texts[kind])
        elif kind == 8:
            yield key, frame(dice.randrange(10_000, 10_300), whole)
        elif kind == 9:
            yield key, struct.pack(">b", dice.choice([1, 2, 123])) + dice.randbytes(16) + whole
        elif kind == 10:
            yield key, dice.choice([None, b"", b"\x00", b"\x00\x00\x00"])
        elif kind == 11:
            yield dice.choice([None, b"acct-other", b"\xff"]), frame(schema_id, whole)
        else:
            yield key, whole


def huge(schema_id: int, dice: Random) -> Iterator[tuple[bytes, bytes]]:
    """Keys and values of records that a broker takes, but not once they are JSON within JSON."""
    whole = json.dumps(GOOD).encode()
    for char in ("\x01", '"', "\\"):
        for _ in range(4):
            text = char * dice.randrange(100_000, 900_000 // len(json.dumps(char)[1:-1]))
            half = text[: len(text) // 2]
            yield b"acct-bad", frame(schema_id, text.encode())
            yield b"acct-bad", frame(schema_id, json.dumps(GOOD | {"customer_id": text}).encode())
            yield b"acct-bad", frame(schema_id, json.dumps(GOOD | {text: 1}).encode())
            yield text.encode(), frame(schema_id, whole)
            yield half.encode(), frame(schema_id, json.dumps(GOOD | {"account_id": half}).encode())


def test_what_is_no_transaction_is_a_dead_letter_and_counts_in_no_rule(fresh: LocalBroker) -> None:
    dice, good = Random(5), bursts()
    schema_id = schema_of(fresh, RAW)
    records = [*bad(schema_id, dice), *huge(schema_id, dice)]
    late = json.dumps(GOOD | {"customer_id": '"' * 510_000}).encode()
    with running():
        write_raw(fresh, records)
        write(fresh, good)
        heartbeats(fresh, START + 2 * DAY)
        wait_for(fresh, "sentinel.dead_letters", len(records), 180)
        write_raw(fresh, [(b"acct-bad", frame(schema_id, late))])
        dead = wait_for(fresh, "sentinel.dead_letters", len(records) + 2)
        expected = replayed(good, "--partitions", "6")
        wait_for(fresh, ALERTS, len(expected), 60)
    assert len(dead) == len(records) + 2
    assert by_id(read(fresh, ALERTS)) == expected
    assert len(expected) >= 30
    placed = [letter["position"] for letter in dead if letter["source"] == RAW]
    assert len(set(placed)) == len(placed) == len(records) + 1
    assert all(letter["reason"] for letter in dead)
    reasons = Counter(letter["reason"].partition(":")[0] for letter in dead)
    assert {"wire format", "not JSON", "not UTF-8", "key is not the account_id", "amount", "event_time"} <= set(reasons)
    assert reasons["too large for sentinel.transactions_late"] == 1
