"""Stored answers are judged again by the SQL of today: nothing changes of its own, and a changed guard shows."""

import json
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from sentinel_cli.ledger.recorder import NO_ANSWER, Recorder
from sentinel_cli.ledger.replay import replay
from sentinel_cli.ledger.store import Ledger
from sentinel_cli.local._run import Answers
from sentinel_cli.local.engine import Engine
from sentinel_cli.local.stand_ins import STAND_INS
from sql import Pipeline, load_pipeline
from sql.topics import ALERTS, DISPOSITIONS, ENRICHED
from tests.alerts import alert, alert_id
from tests.sentinel_cli.ledger.watched import watched

PIPELINE = load_pipeline()
STRICTER = load_pipeline({"ai.never_dismiss_total": "500.00"})
SEVERITIES = ("LOW", "MEDIUM", "HIGH", "CRITICAL")
DISMISS = {
    "decision": "DISMISS",
    "priority": 5,
    "sar_recommended": False,
    "recommended_action": "None.",
    "rationale": "E1 is a wage, ✓.",
}
ANSWERS: tuple[list[tuple[str | None, ...]], ...] = (
    [("SUCCESS", json.dumps(DISMISS))],
    [("SUCCESS", json.dumps({**DISMISS, "decision": "ESCALATE"}))],
    [("SUCCESS", json.dumps({**DISMISS, "decision": "REVIEW"}))],
    [("SUCCESS", json.dumps({**DISMISS, "rationale": "Trust me."}))],
    [("SUCCESS", "no JSON")],
    [("SUCCESS", "")],
    [("SUCCESS", None)],
    [("TIMEOUT", None)],
    [],
)


def alerts(*numbers: int) -> list[dict[str, Any]]:
    return [alert(n, severity=SEVERITIES[n % 4], total_amount=Decimal(10 * n)) for n in numbers]


def run_agent(arguments: Sequence[tuple[str, ...]]) -> Answers:
    return [ANSWERS[int(key, 16) % len(ANSWERS)] for _, _, key in arguments]


def decided(pipeline: Pipeline, recorder: Recorder, numbers: range) -> dict[str, dict[str, Any]]:
    """The dispositions of alerts, by id, as `run` makes and records them."""
    managed = watched({**STAND_INS, "AI_RUN_AGENT": run_agent}, recorder.calls.append)
    with Engine(pipeline, managed=managed) as engine:
        engine.append(ALERTS, alerts(*numbers))
        engine.decide()
        recorder.record(engine.asked("ML_PREDICT"), engine.rows(ENRICHED), engine.rows(DISPOSITIONS))
        return {row["alert_id"]: row for row in engine.rows(DISPOSITIONS)}


@pytest.fixture(scope="module")
def recorder(tmp_path_factory: pytest.TempPathFactory) -> Recorder:
    recorder = Recorder(Ledger(tmp_path_factory.mktemp("ledger") / "ledger.sqlite").make())
    decided(PIPELINE, recorder, range(700))
    return recorder


def test_nothing_changes_while_nothing_has_changed(recorder: Recorder) -> None:
    judged = list(replay(recorder.ledger.records(), PIPELINE))
    assert len(judged) == 700
    assert [judgement for judgement in judged if judgement.differs] == []
    assert {judgement.record.result["agent_status"] for judgement in judged} >= {"OK", "MALFORMED", "FAILED"}
    assert {judgement.record.guard for judgement in judged} >= {None, "MALFORMED", "NO_ANSWER", "SEVERITY"}


def test_a_changed_guard_changes_exactly_what_it_would_have(recorder: Recorder, tmp_path: Path) -> None:
    other = Recorder(Ledger(tmp_path / "ledger.sqlite").make())
    was, now = decided(PIPELINE, recorder, range(700)), decided(STRICTER, other, range(700))
    expected = {a: {c: (was[a][c], now[a][c]) for c in was[a] if was[a][c] != now[a][c]} for a in was}
    expected = {known: differs for known, differs in expected.items() if differs}
    assert sum("decision" in differs for differs in expected.values()) > 5
    changed = {j.record.alert_id: j.differs for j in replay(recorder.ledger.records(), STRICTER) if j.differs}
    assert changed == expected


def test_several_answers_on_one_alert_are_judged_each(recorder: Recorder, tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "ledger.sqlite").make()
    stored = [record for _, record in recorder.ledger.records() if record.stage == "triage"][:50]
    other = [record for record in stored if record.answer != ANSWERS[1][0][1]]
    ledger.append([*stored, *(replace(record, answer=ANSWERS[1][0][1]) for record in other)])
    judged = list(replay(ledger.records(), PIPELINE))
    assert len(judged) == 50 + len(other)
    assert not any(j.differs for j in judged[:50])
    # The answer was put in the place of another, whose result and status still stand there.
    escalated = {j.record.alert_id for j in judged[50:] if j.differs.get("decision", ("", ""))[1] == "ESCALATE"}
    assert escalated == {record.alert_id for record in other if record.status != NO_ANSWER}


def test_a_disposition_whose_alert_is_not_known_is_left_out(recorder: Recorder) -> None:
    known = [(1, record) for _, record in recorder.ledger.records(alert_id(1))]
    assert {record.stage for _, record in known} == {"enrichment", "triage"}
    assert len(list(replay(known, PIPELINE))) == 1
    assert list(replay([(1, replace(record, alert=None)) for _, record in known], PIPELINE)) == []


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("alert_id", alert_id(5)),
        ("alert_id", None),
        ("detected_at", "x"),
        ("detected_at", None),
        ("window_end", 10**18),
        ("total_amount", "x"),
        ("total_amount", "NaN"),
        ("total_amount", "1_000.00"),
        ("total_amount", "99999999999999999999.00"),
        ("total_amount", []),
        ("transaction_count", 10**30),
        ("transaction_count", "many"),
        ("severity", None),
        ("severity", "SEVERE"),
        ("evidence", "EVT-1"),
        ("evidence", [5]),
        ("account_id", {}),
        ("account_id", "\ud800"),
        ("summary", 5),
    ],
)
def test_an_alert_that_is_another_or_cannot_be_read_is_left_out(recorder: Recorder, name: str, value: object) -> None:
    records = [record for _, record in recorder.ledger.records() if record.stage == "triage"][:3]
    changed = replace(records[1], alert={**(records[1].alert or {}), name: value})
    judged = list(replay(enumerate([records[0], changed, records[2]]), PIPELINE))
    assert [judgement.number for judgement in judged] == [0, 2]
    assert not any(judgement.differs for judgement in judged)


@pytest.mark.parametrize(
    "change",
    [
        {"later": 1},
        {"detected_at": 0},
        {"detail": "no JSON"},
        {"detail": "[1]"},
        {"total_amount": None, "currency": None},
    ],
)
def test_an_alert_that_is_odd_and_can_be_read_is_judged(recorder: Recorder, change: dict[str, object]) -> None:
    record = next(record for _, record in recorder.ledger.records() if record.stage == "triage")
    changed = replace(record, alert={**(record.alert or {}), **change})
    assert len(list(replay([(1, changed)], PIPELINE))) == 1


def test_todays_model_is_asked_with_the_prompt_of_today(recorder: Recorder) -> None:
    asked: list[str] = []

    def escalate(arguments: Sequence[tuple[str, ...]]) -> Answers:
        asked.extend(prompt for _, prompt, _ in arguments)
        return [[("SUCCESS", json.dumps({**DISMISS, "decision": "ESCALATE", "rationale": "E2."}))] for _ in arguments]

    judged = list(replay(recorder.ledger.records(), PIPELINE, escalate))
    assert sorted(asked) == sorted(str(j.record.prompt) for j in judged)
    same = [j for j in judged if j.record.result["decision"] == "ESCALATE"]
    assert same
    assert all("decision" not in j.differs for j in same)
    assert all(j.differs["decision"][1] == "ESCALATE" for j in judged if j not in same)
    assert not any({"rationale", "recommended_action"} & j.differs.keys() for j in judged)
