"""Records of the alerts' topic as anybody might write them: most are no alerts, some are odd ones."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from random import Random
from typing import Any

from sentinel_cli.kafka.wire import frame
from tests.alerts import alert

_BROKEN: list[dict[str, Any]] = [
    {"alert_id": None}, {"alert_id": "1"}, {"alert_id": "F" * 64}, {"rule_version": "v1"}, {"account_id": ""},
    {"account_id": "x" * 65}, {"account_id": 7}, {"customer_id": None}, {"customer_id": ["a"]}, {"severity": "SEVERE"},
    {"severity": None}, {"evidence": "EVT-1"}, {"evidence": [1]}, {"evidence": ["E"] * 51}, {"evidence": None},
    {"detail": {"a": 1}}, {"detail": None}, {"currency": "usd"}, {"currency": 840}, {"transaction_count": "5"},
    {"transaction_count": -1}, {"transaction_count": 1.5}, {"transaction_count": 2**63}, {"transaction_count": 2**70},
    {"total_amount": "1.00"}, {"total_amount": 1e16}, {"total_amount": 1e300}, {"total_amount": -1e300},
    {"total_amount": 10**30}, {"detected_at": "2025-01-06T09:12:10Z"}, {"detected_at": 0.5}, {"detected_at": 10**15},
    {"detected_at": -(10**15)}, {"detected_at": 2**63}, {"detected_at": -(2**70)}, {"window_start": 1e300},
    {"window_end": True}, {"window_start": None},
]  # fmt: skip
_ODD: list[dict[str, Any]] = [
    {"total_amount": -1.0}, {"total_amount": 0}, {"total_amount": None}, {"currency": None}, {"unknown": {"a": [1]}},
    {"total_amount": 0.001}, {"total_amount": -9_999_999_999_999.99}, {"transaction_count": 0},
    {"transaction_count": 2**63 - 1}, {"detected_at": 0}, {"detected_at": -62_135_596_800_000},
    {"detected_at": 253_402_300_799_999}, {"window_start": 253_402_300_799_999, "window_end": 0}, {"evidence": []},
    {"detail": ""}, {"detail": "[" * 20_000}, {"detail": '{"evidence": 7, "a": NaN}'}, {"typology": ""},
    {"rule_id": "\x1b[2J\u0000\u2028{0}%s'; --"}, {"evidence": ["\U0001f4b0" * 100]}, {"account_id": "\u202e\u0000"},
]  # fmt: skip


@dataclass(frozen=True)
class Record:
    """A record, and the alert that it is, if it is one."""

    key: bytes | None
    value: bytes | None
    alert_id: str | None = None


def bad_alerts(schema_id: int, count: int, dice: Random) -> Iterator[Record]:
    """So many records, each alert of another number."""
    for number in range(1_000, 1_000 + count):
        whole = alert(number)
        text, key = json.dumps(whole).encode(), whole["account_id"].encode()
        kind = dice.randrange(11)
        texts = [
            text[: dice.randrange(1, len(text))],
            text.replace(b"42780.5", dice.choice([b"NaN", b"Infinity", b"-Infinity", b"1e999", b"1.2.3"])),
            text.replace(b"CUS-", dice.choice([b"\\ud800", b"\\udfff", b"\xff\xfe", b"\xed\xa0\x80"])),
            dice.choice([b"", b"null", b"[]", b"7", b'"text"', b"{}", b"[" * 5_000, b"\0" * 40, dice.randbytes(200)]),
            # Of what stands there twice, the last counts.
            text.replace(b'"HIGH"', b'"HIGH", "severity": "NONE"'),
            json.dumps(whole | dice.choice(_BROKEN)).encode(),
        ]
        if kind < len(texts):
            yield Record(key, frame(schema_id, texts[kind]))
        elif kind == 6:
            yield Record(key, frame(dice.randrange(10_000, 10_300), text))
        elif kind == 7:
            yield Record(key, dice.choice([None, b"", b"\0", b"\0\0\0", dice.choice(b"\1\2{").to_bytes() + text]))
        elif kind == 8:
            twice = text.replace(b'"severity"', b'"severity": "NONE", "severity"')
            yield Record(dice.choice([None, b"ACC-other", b"\xff"]), frame(schema_id, twice), whole["alert_id"])
        elif number % 50 == 0:
            huge = json.dumps(whole | {"detail": "x" * dice.randrange(100_000, 900_000)}).encode()
            yield Record(key, frame(schema_id, huge), whole["alert_id"])
        else:
            yield Record(key, frame(schema_id, json.dumps(whole | dice.choice(_ODD)).encode()), whole["alert_id"])
