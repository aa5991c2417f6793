"""What an analyst says is checked, and the same said again is one decision."""

import os
from dataclasses import asdict
from pathlib import Path

import pytest

from sentinel_cli.analyst.decision import Decided, Decision, checked, record_of
from sentinel_cli.ledger.record import read_record
from sentinel_cli.ledger.store import Ledger
from sql.errors import UsageError
from tests.alerts import alert_id


def decided(**changes: str) -> Decided:
    given = {"alert_id": alert_id(1), "reason": "A known customer.", "by": "A. Analyst"}
    return checked(decision=Decision(changes.pop("decision", "DISMISS")), **given | changes)


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"reason": " \n"}, "--reason is empty"),
        ({"by": ""}, "--by is empty"),
        ({"reason": "\u200b"}, "--reason is empty or has no letter, digit or punctuation"),
        ({"by": "\x07\u202e\u0301"}, "--by is empty or has no letter"),
        ({"reason": os.fsdecode(b"why \xff")}, "--reason is not in UTF-8"),
        ({"by": os.fsdecode(b"J\xfcrgen")}, "--by is not in UTF-8"),
        ({"reason": "x" * 10_001}, "--reason has 10001 characters, more than 10000"),
        ({"by": "x" * 101}, "--by has 101 characters"),
        ({"alert_id": "12"}, "12 is no alert's id"),
        ({"alert_id": alert_id(1).upper()}, "is no alert's id"),
    ],
)
def test_what_is_missing_is_said(changes: dict[str, str], says: str) -> None:
    with pytest.raises(UsageError, match=says):
        decided(**changes)


@pytest.mark.parametrize("reason", ["Überwiesen.", "工资", "7", "?", "👍 wages", "a\u200bb"])
def test_what_can_be_read_is_a_reason(reason: str) -> None:
    assert decided(reason=reason).reason == reason


def test_said_again_it_is_the_same_and_after_another_a_new_one(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "ledger.sqlite").make()
    said = [decided(), decided(), decided(decision="ESCALATE"), decided(), decided(reason="Another."), decided(by="B.")]
    for now, each in enumerate(said, 1):
        ledger.append([record_of({**asdict(each), "account_id": "ACC", "decided_at": each.at(ledger, now)})])
    kept = [read_record(entry.content) for entry in ledger.entries()]
    assert [record.time for record in kept] == [1, 3, 4, 5, 6]
    assert [record.result["decision"] for record in kept] == ["DISMISS", "ESCALATE", "DISMISS", "DISMISS", "DISMISS"]
    assert {record.stage for record in kept} == {"analyst"}
