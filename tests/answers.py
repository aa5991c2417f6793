"""Answers of an agent, sound and bad, each to an alert that would itself bear a DISMISS."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

Rows = list[tuple[str | None, str | None]]
"""What AI_RUN_AGENT yields for one alert: status and response, or no row at all."""
GOOD = {
    "decision": "DISMISS",
    "priority": 4,
    "sar_recommended": False,
    "recommended_action": "Close the case.",
    "rationale": "E1 and E2 are a rent payment.",
}
FACTS = (
    "2025-01-06 08:34:54.296 TRANSFER OUT 10.00 USD US",
    "2025-01-06 09:34:54.296 TRANSFER OUT 10.00 USD US",
)


@dataclass(frozen=True)
class Case:
    """One answer, and what is particular to the alert that it is given to."""

    rows: Rows
    alert: Mapping[str, Any] = field(default_factory=dict)


def answer(**changes: Any) -> str:
    """A sound DISMISS, changed; ... takes a field out."""
    return json.dumps({name: value for name, value in {**GOOD, **changes}.items() if value is not ...})


def enriched(alert_id: str, **changes: Any) -> dict[str, Any]:
    """A row of sentinel.aml_alerts_enriched that a DISMISS would suit: low severity, a small sum, a summary."""
    row: dict[str, Any] = {
        "alert_id": alert_id, "rule_id": "geo", "rule_version": "00000000", "typology": "geographic anomaly",
        "account_id": "A", "customer_id": "C", "window_start": 0, "window_end": 0, "detected_at": 0,
        "transaction_count": 2, "total_amount": "20.00", "currency": "USD", "severity": "LOW", "evidence": ["e1", "e2"],
        "detail": json.dumps({"evidence": "; ".join(FACTS)}), "summary": "Two payments, E1 and E2.", "model": "m",
        "prompt_version": "00000000", "status": "OK", "key": "A", "$rowtime": 0,
    }  # fmt: skip
    return row | changes


def outcome(row: Mapping[str, Any]) -> tuple[str, ...]:
    """What became of an answer, of a row of sentinel.alert_dispositions."""
    columns = ("decision", "agent_decision", "agent_status", "guard", "priority", "sar_recommended")
    return tuple("-" if row[name] is None else str(row[name]) for name in columns)


def _said(text: str | None, **alert: Any) -> Case:
    return Case([("SUCCESS", text)], alert)


def _second(first: str, second: str) -> Case:
    """Two objects, one after the other."""
    return _said(f"{first}\n{second}")


def _twice(key: str, value: str) -> Case:
    """A sound DISMISS with a key once more at its end."""
    return _said(f'{answer()[:-1]}, "{key}": {value}}}')


_LETTERS = {letter: f"\\u{ord(letter):04x}" for letter in "decisionDISMISS"}
_ESCAPED = "".join(_LETTERS[letter] for letter in "decision")
_CHINESE = {"rationale": "E1 和 E2 是房租。", "recommended_action": "关闭。"}

CASES: dict[str, Case] = {
    # sound
    "sound dismissal": _said(answer()),
    "sound review": _said(answer(decision="REVIEW")),
    "sound escalation": _said(answer(decision="ESCALATE", priority=1, sar_recommended=True)),
    "fenced": _said(f"```json\n{answer()}\n```"),
    "fenced without a language": _said(f"```\n{answer()}```"),
    "fenced and not closed": _said(f"```json\n{answer()}"),
    "prose around": _said(f"Here is my answer:\n{answer()}\nI hope that helps."),
    "indented": _said(json.dumps(GOOD, indent=4)),
    "byte order mark": _said(f"\ufeff{answer()}"),
    "lower case": _said(answer(decision=" dismiss ")),
    "letters that upper case makes its own": _said(answer(decision="d\u0131\u017fmiss")),
    "full-width letters": _said(answer(decision="\uff24\uff29\uff33\uff2d\uff29\uff33\uff33")),
    "priority as text": _said(answer(priority="4")),
    "SAR as text": _said(answer(sar_recommended="False")),
    "a field more": _said(answer(confidence=0.9)),
    "a list more": _said(answer(citations=["E1", "E2"])),
    "other language": _said(answer(**_CHINESE)),
    "other language in escapes": _said(json.dumps({**GOOD, **_CHINESE}, ensure_ascii=True)),
    "right to left": _said(answer(rationale="E1 هو إيجار.")),
    "a zero byte in escapes": _said(answer(rationale="E1 \x00")),
    "emoji": _said(answer(rationale="\U0001f3e0E1, E2")),
    "a megabyte": _said(answer(rationale="E1 " + "x" * 1_000_000)),
    # cut, empty, refused
    "truncated": _said(answer()[:40]),
    "truncated before the last brace": _said(answer()[:-1]),
    "truncated escalation": _said(answer(decision="ESCALATE")[:40]),
    "refusal": _said("I cannot help with that."),
    "refusal as an object": _said('{"refusal": "I cannot help with that."}'),
    "content filter": _said('{"error": {"code": "content_filter", "message": "The response was filtered."}}'),
    "content filter in place of a field": _said(answer(rationale=...)[:-1] + ', "finish_reason": "content_filter"}'),
    "content filter as an error": Case([("ERROR", "400 content_filter")]),
    "a megabyte of prose": _said("I cannot. " * 100_000),
    "empty": _said(""),
    "blanks": _said("  \n "),
    "null": _said(None),
    "the text null": _said("null"),
    "status null": Case([(None, answer())]),
    "failed": Case([("ERROR", "429 Too Many Requests")]),
    "failed with a dismissal": Case([("ERROR", answer())]),
    "failed with an escalation": Case([("ERROR", answer(decision="ESCALATE"))]),
    "no row": Case([]),
    # not JSON, or not this JSON
    "not JSON": _said("decision: DISMISS, priority: 4"),
    "single quotes": _said(str(GOOD)),
    "trailing comma": _said(answer()[:-1] + ",}"),
    "comment": _said(answer().replace("{", "{ // fine\n", 1)),
    "NaN": _said(answer().replace("4", "NaN")),
    "wrong case of key": _said(answer().replace('"decision"', '"Decision"')),
    "nested": _said(json.dumps({"answer": GOOD})),
    "nested in a list": _said(f"[{answer()}]"),
    "nested beside": _said(answer(checked={"by": "me"})),
    "five thousand lists deep": _said(answer(x=0).replace(": 0", f": {'[' * 5_000}{']' * 5_000}")),
    "escalation in single quotes": _said(str({**GOOD, "decision": "ESCALATE"})),
    "escalation cut before its quote": _said('{"decision": "ESCALATE'),
    "escalation with a full stop": _said(answer(decision="ESCALATE.")),
    "escalation in words": _said("**Decision:** ESCALATE, see E1."),
    "escalation in a list": _said(answer(decision=["ESCALATE"])),
    "escalated in the past": _said("The decision: escalated cases are not like this."),
    "escalation in the rationale of a dismissal": _said(answer(rationale="E1: no decision: escalate would be wrong.")),
    "escalation under a longer key": _said(answer(final_decision="ESCALATE")),
    "escalation under another key": _said(answer(disposition="Escalate")),
    "escalation as the action of a review": _said(answer(decision="REVIEW", recommended_action="ESCALATE")),
    "escalation under a key in capitals": _said('{"DECISION": "ESCALATE", ' + answer()[1:]),
    "escalation in words before a dismissal": _said(f"Final decision: ESCALATE.\n{answer()}"),
    "escalation in words after a dismissal": _said(f"{answer()}\nCorrection: the decision is ESCALATE."),
    "review under a key in capitals": _said('{"Decision": "REVIEW", ' + answer()[1:]),
    "words before a dismissal": _said(f"My decision is not to escalate.\n{answer()}"),
    "nested escalation": _said(json.dumps({"answer": {**GOOD, "decision": "ESCALATE"}})),
    # fields
    "unknown decision": _said(answer(decision="CLOSE")),
    "decision as number": _said(answer(decision=3)),
    "decision as list": _said(answer(decision=["DISMISS"])),
    "decision as object": _said(answer(decision={"decision": "DISMISS"})),
    "decision null": _said(answer(decision=None)),
    "decision missing": _said(answer(decision=...)),
    "priority 0": _said(answer(priority=0)),
    "priority 6": _said(answer(priority=6)),
    "priority high": _said(answer(priority="high")),
    "priority 2.7": _said(answer(priority=2.7)),
    "priority true": _said(answer(priority=True)),
    "priority huge": _said(answer(priority=99999999999)),
    "priority with newline": _said(answer(priority="3\n")),
    "escalation with priority high": _said(answer(decision="ESCALATE", priority="high")),
    "SAR maybe": _said(answer(sar_recommended="maybe")),
    "SAR missing": _said(answer(sar_recommended=...)),
    "action missing": _said(answer(recommended_action=...)),
    "rationale missing": _said(answer(rationale=...)),
    "rationale as list": _said(answer(rationale=["E1"])),
    # a key, or an object, more than once
    "decision twice, both dismiss": _twice("decision", '"DISMISS"'),
    "decision twice, dismiss last": _said('{"decision": "REVIEW", ' + answer()[1:]),
    "decision twice, escalate first": _said('{"decision": "ESCALATE", ' + answer()[1:]),
    "decision twice, escalate last": _twice("decision", '"ESCALATE"'),
    "priority twice": _twice("priority", "5"),
    "SAR twice": _twice("sar_recommended", "false"),
    "action twice": _twice("recommended_action", '"None."'),
    "rationale twice": _twice("rationale", '"See E1."'),
    "decision twice, one in escapes": _said(f'{answer(decision="REVIEW")[:-1]}, "{_ESCAPED}": "DISMISS"}}'),
    "all of it in escapes": _said(answer().replace("decision", _ESCAPED)),
    "two objects": _second(answer(), answer(decision="REVIEW")),
    "two objects, escalate last": _second(answer(), answer(decision="ESCALATE")),
    "a second object injected": _second(answer(decision="REVIEW"), answer()),
    "a second object of something else": _second(answer(), '{"note": "as told"}'),
    "an object in the prose before": _second('Not {"decision": "REVIEW"} but', answer()),
    "an object quoted in the rationale": _said(answer(rationale='E1 says {"decision": "DISMISS"}.')),
    "array of two": _said(f"[{answer()}, {answer()}]"),
    # evidence
    "no evidence cited": _said(answer(rationale="It looks fine.")),
    "evidence in lower case": _said(answer(rationale="See e1.")),
    "evidence in a word": _said(answer(rationale="CODE1 and xE1.")),
    "evidence that is not there": _said(answer(rationale="See E7.")),
    "one there, one not": _said(answer(rationale="E1 and E3 are rent.")),
    "evidence E0": _said(answer(rationale="E0 and E1 are rent.")),
    "an alert without evidence": _said(answer(), detail="{}"),
    "evidence that is no fact": _said(answer(), detail=json.dumps({"evidence": "rent; rent"})),
    "evidence only in the summary": _said(answer(rationale="See E3."), summary="E1 is rent.\nE3 2025-01-06 is rent."),
    "the twentieth of thirty": _said(
        answer(rationale="See E20."), detail=json.dumps({"evidence": "; ".join(FACTS[:1] * 30)})
    ),
    "the twenty-first of thirty": _said(
        answer(rationale="See E21."), detail=json.dumps({"evidence": "; ".join(FACTS[:1] * 30)})
    ),
    # what outranks a sound dismissal
    "medium severity": _said(answer(), severity="MEDIUM"),
    "high severity": _said(answer(), severity="HIGH"),
    "critical severity": _said(answer(), severity="CRITICAL"),
    "unknown severity": _said(answer(), severity="TRIVIAL"),
    "a cent below the total": _said(answer(), total_amount="4999.99"),
    "the total": _said(answer(), total_amount="5000.00"),
    "several currencies": _said(answer(), total_amount=None, currency=None),
    "another currency": _said(answer(), currency="EUR"),
    "a report recommended": _said(answer(sar_recommended=True)),
    "to be looked at now": _said(answer(priority=1)),
    "to be looked at this week": _said(answer(priority=3)),
    "to be looked at when there is time": _said(answer(priority=5)),
    "no summary": _said(answer(), summary=None, status="MISSING"),
    "a summary that refuses": _said(answer(), summary="I cannot help with that."),
    "a summary that cites a code": _said(answer(), summary="CODE1 and e1 are rent."),
    "escalation of a critical alert": _said(answer(decision="ESCALATE"), severity="CRITICAL"),
    "review of a critical alert": _said(answer(decision="REVIEW"), severity="CRITICAL"),
    "failed on a critical alert": Case([("ERROR", "timeout")], {"severity": "CRITICAL"}),
}
"""Answers by what is particular to them; tests/parity/answers.txt has the outcome of each."""
