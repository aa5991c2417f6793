"""
Bad answers of an agent: on both engines the alert comes out, and none is dismissed by accident.

The alert itself would bear a DISMISS: low severity, a small total, a summary.
"""

import json
from typing import Any

import pytest

from sentinel_cli.flink.referee import Answers, Referee
from sql import load_pipeline
from tests.engines import ENRICHED, embedded_stage, flink_stage

PIPELINE = load_pipeline(rules=["geo"])
DISPOSITIONS = "sentinel.alert_dispositions"
GOOD = {
    "decision": "DISMISS",
    "priority": 4,
    "sar_recommended": False,
    "recommended_action": "Close the case.",
    "rationale": "E1 and E2 are a rent payment.",
}


def answer(**changes: Any) -> str:
    """A sound DISMISS, changed; None takes a field out."""
    return json.dumps({name: value for name, value in {**GOOD, **changes}.items() if value is not ...})


def success(text: str | None) -> list[tuple[str | None, str | None]]:
    return [("SUCCESS", text)]


D, R, E = "DISMISS", "REVIEW", "ESCALATE"
ANSWERS: dict[str, tuple[list[tuple[str | None, str | None]], str]] = {
    "sound dismissal": (success(answer()), D),
    "sound review": (success(answer(decision="REVIEW")), R),
    "sound escalation": (success(answer(decision="ESCALATE")), E),
    "fenced": (success(f"```json\n{answer()}\n```"), D),
    "prose around": (success(f"Here is my answer:\n{answer()}\nI hope that helps."), D),
    "lower case": (success(answer(decision=" dismiss ")), D),
    "priority as text": (success(answer(priority="4")), D),
    "truncated": (success(answer()[:40]), R),
    "truncated escalation": (success(answer(decision="ESCALATE")[:40]), E),
    "unknown decision": (success(answer(decision="CLOSE")), R),
    "decision as number": (success(answer(decision=3)), R),
    "decision as list": (success(answer(decision=["DISMISS"])), R),
    "decision as object": (success(answer(decision={"decision": "DISMISS"})), R),
    "decision null": (success(answer(decision=None)), R),
    "decision missing": (success(answer(decision=...)), R),
    "priority 0": (success(answer(priority=0)), R),
    "priority 6": (success(answer(priority=6)), R),
    "priority high": (success(answer(priority="high")), R),
    "priority 2.7": (success(answer(priority=2.7)), R),
    "priority true": (success(answer(priority=True)), R),
    "priority huge": (success(answer(priority=99999999999)), R),
    "priority with newline": (success(answer(priority="3\n")), R),
    "escalation with priority high": (success(answer(decision="ESCALATE", priority="high")), E),
    "sar maybe": (success(answer(sar_recommended="maybe")), R),
    "sar missing": (success(answer(sar_recommended=...)), R),
    "action missing": (success(answer(recommended_action=...)), R),
    "rationale missing": (success(answer(rationale=...)), R),
    "no evidence cited": (success(answer(rationale="It looks fine.")), R),
    "key twice, both dismiss": (success(answer()[:-1] + ', "decision": "DISMISS"}'), R),
    "key twice, dismiss last": (success('{"decision": "REVIEW", ' + answer()[1:]), R),
    "key twice, escalate first": (success('{"decision": "ESCALATE", ' + answer()[1:]), E),
    "key twice, escalate last": (success(answer()[:-1] + ', "decision": "ESCALATE"}'), E),
    "key twice, one in escapes": (success(answer(decision="REVIEW")[:-1] + ', "\\u0064ecision": "DISMISS"}'), R),
    "two objects": (success(answer() + answer(decision="REVIEW")), R),
    "array of two": (success(f"[{answer()}, {answer()}]"), R),
    "nested": (success(json.dumps({"answer": GOOD})), R),
    "wrong case of key": (success(answer().replace('"decision"', '"Decision"')), R),
    "single quotes": (success(str(GOOD)), R),
    "refusal": (success("I cannot help with that."), R),
    "empty": (success(""), R),
    "blanks": (success("  \n "), R),
    "null": (success(None), R),
    "status null": ([(None, answer())], R),
    "failed": ([("ERROR", "429 Too Many Requests")], R),
    "failed with a dismissal": ([("ERROR", answer())], R),
    "failed with an escalation": ([("ERROR", answer(decision="ESCALATE"))], E),
    "no row": ([], R),
    "not JSON": (success("decision: DISMISS, priority: 4"), R),
    "NaN": (success(answer().replace("4", "NaN")), R),
    "other language": (success(answer(rationale="E1 是房租。", recommended_action="关闭。")), D),
    "a megabyte": (success(answer(rationale="E1 " + "x" * 1_000_000)), D),
}


def enriched(alert_id: str, **changes: Any) -> dict[str, Any]:
    """An enriched alert; its id tells which answer the agent gives."""
    row: dict[str, Any] = {
        "alert_id": alert_id, "rule_id": "geo", "rule_version": "00000000", "typology": "geographic anomaly",
        "account_id": "A", "customer_id": "C", "window_start": 0, "window_end": 0, "detected_at": 0,
        "transaction_count": 2, "total_amount": "20.00", "currency": "USD", "severity": "LOW", "evidence": ["e1", "e2"],
        "detail": json.dumps({"evidence": "fact one; fact two"}), "summary": "Two payments.", "model": "m",
        "prompt_version": "00000000", "status": "OK", "key": "A", "$rowtime": 0,
    }  # fmt: skip
    return row | changes


def _dispositions(rows: list[str]) -> dict[str, dict[str, Any]]:
    return {row["alert_id"]: row for row in map(json.loads, rows)}


@pytest.fixture(scope="module")
def embedded() -> list[str]:
    rows = [enriched(name) for name in ANSWERS]
    return embedded_stage(PIPELINE, ENRICHED, rows, Answers({n: a for n, (a, _) in ANSWERS.items()}))[DISPOSITIONS]


@pytest.mark.parametrize("name", ANSWERS)
def test_a_bad_answer_is_no_dismissal(embedded: list[str], name: str) -> None:
    assert _dispositions(embedded)[name]["decision"] == ANSWERS[name][1]


def test_none_loses_its_alert(embedded: list[str]) -> None:
    assert sorted(_dispositions(embedded)) == sorted(ANSWERS)
    assert len(embedded) == len(ANSWERS)


def test_both_engines_give_the_same_dispositions(flink: Referee, embedded: list[str]) -> None:
    rows = [enriched(name) for name in ANSWERS]
    answers = Answers({name: given for name, (given, _) in ANSWERS.items()})
    assert flink_stage(flink, PIPELINE, ENRICHED, rows, answers)[DISPOSITIONS] == embedded


GUARDED: dict[str, tuple[dict[str, Any], str | None]] = {
    "critical": ({"severity": "CRITICAL"}, "CRITICAL_SEVERITY"),
    "a cent below the total": ({"total_amount": "99999.99"}, None),
    "the total": ({"total_amount": "100000.00"}, "TOTAL"),
    "several currencies": ({"total_amount": None, "currency": None}, None),
    "no summary": ({"summary": None, "status": "MISSING"}, "NO_SUMMARY"),
}


def test_the_guard_outranks_a_sound_dismissal_on_both_engines(flink: Referee) -> None:
    rows = [enriched(name, **changes) for name, (changes, _) in GUARDED.items()]
    answers = Answers({}, success(answer()))
    found = embedded_stage(PIPELINE, ENRICHED, rows, answers)[DISPOSITIONS]
    assert flink_stage(flink, PIPELINE, ENRICHED, rows, answers)[DISPOSITIONS] == found
    guards = {name: row["guard"] for name, row in _dispositions(found).items()}
    assert guards == {name: guard for name, (_, guard) in GUARDED.items()}
