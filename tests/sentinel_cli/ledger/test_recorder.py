"""Each decision made here is one record, with the prompt that was sent for that alert and the answer that came."""

import json
from collections.abc import Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from sentinel_cli.ledger.record import Record, read_record
from sentinel_cli.ledger.recorder import Recorder
from sentinel_cli.ledger.store import Ledger
from sentinel_cli.llm.call import Call
from sentinel_cli.llm.rules import Rules
from sentinel_cli.local._run import Answers, Managed
from sentinel_cli.local.engine import Engine
from sentinel_cli.local.stand_ins import STAND_INS
from sql import Pipeline, load_pipeline
from sql.errors import LedgerError
from sql.topics import ALERTS, DISPOSITIONS, ENRICHED
from tests.alerts import alert, alert_id
from tests.sentinel_cli.ledger.watched import watched

PIPELINE = load_pipeline()
Arguments = Sequence[tuple[str, ...]]


@pytest.fixture
def recorder(tmp_path: Path) -> Recorder:
    return Recorder(Ledger(tmp_path / "ledger.sqlite").make())


def decide(
    recorder: Recorder, alerts: list[dict[str, Any]], managed: Mapping[str, Managed], pipeline: Pipeline = PIPELINE
) -> list[Record]:
    with Engine(pipeline, managed=managed) as engine:
        engine.append(ALERTS, alerts)
        engine.decide()
        recorder.record(engine.asked("ML_PREDICT"), engine.rows(ENRICHED), engine.rows(DISPOSITIONS))
    return [read_record(entry.content) for entry in recorder.ledger.entries()]


def alerts(*numbers: int, **changes: Any) -> list[dict[str, Any]]:
    return [alert(n, **{"total_amount": Decimal(30_000 + n), **changes}) for n in numbers]


def call(stage: Any, session: str, prompt: str, answer: str | None, **changes: Any) -> Call:
    given: dict[str, Any] = {
        "stage": stage,
        "session": session,
        "prompt": prompt,
        "provider": "openai",
        "model": "a-model",
        "parameters": {"max_completion_tokens": 2000},
        "answer": answer,
        "status": "SUCCESS",
        "latency_ms": 300,
        "input_tokens": 700,
        "output_tokens": 90,
        "cost": Decimal("0.00125"),
        "time": 1_800_000_000_000,
    }
    return Call(**given | changes)


def test_the_rules_on_this_machine_are_recorded_like_a_model(recorder: Recorder) -> None:
    given = alerts(*range(7))
    with Rules(PIPELINE.agent_prompt, recorder.calls.append).functions() as managed:
        found = decide(recorder, given, managed)
    assert len(found) == 14
    assert {(r.alert_id, r.stage) for r in found} == {
        (a["alert_id"], s) for a in given for s in ("enrichment", "triage")
    }
    assert {record.provider for record in found} == {"local"}
    for record in found:
        total = next(f"{a['total_amount']}.00" for a in given if a["alert_id"] == record.alert_id)
        assert record.prompt is not None
        assert f"Total: {total}" in record.prompt
        if record.stage == "enrichment":
            assert record.answer == STAND_INS["ML_PREDICT"]([("", record.prompt)])[0][0][0] == record.result["summary"]
            assert record.alert is None
        else:
            assert record.result["decision"] == "ESCALATE"
            assert record.alert is not None
            assert record.alert["summary"] in record.prompt
    assert recorder.calls == []


def test_the_same_transaction_again_adds_nothing(recorder: Recorder) -> None:
    managed = watched(STAND_INS, recorder.calls.append)
    assert len(decide(recorder, alerts(1, 2), managed)) == 4
    assert len(decide(recorder, alerts(1, 2), managed)) == 4


def test_the_same_answer_under_another_guard_is_another_record(recorder: Recorder) -> None:
    answer = json.dumps(
        {
            "decision": "DISMISS",
            "priority": 5,
            "sar_recommended": False,
            "recommended_action": "None.",
            "rationale": "E1 is a wage.",
        }
    )

    def dismiss(arguments: Arguments) -> Answers:
        return [[("SUCCESS", answer)] for _ in arguments]

    managed = watched({**STAND_INS, "AI_RUN_AGENT": dismiss}, recorder.calls.append)
    given = alerts(1, severity="HIGH", total_amount=Decimal(100))
    loose = load_pipeline({"ai.never_dismiss_severity": "CRITICAL"})
    for pipeline, count in ((loose, 2), (PIPELINE, 3), (loose, 3), (PIPELINE, 3)):
        assert len(decide(recorder, given, managed, pipeline)) == count
    records = [record for _, record in recorder.ledger.records() if record.stage == "triage"]
    outcomes = [(record.answer, record.result["decision"], record.guard) for record in records]
    assert outcomes == [(answer, "DISMISS", None), (answer, "REVIEW", "SEVERITY")]


def test_alerts_with_one_prompt_keep_the_answers_that_they_got(recorder: Recorder) -> None:
    """As from a model that is asked in parallel: its calls end in any order, and answer one prompt in two ways."""
    same = [alert(n, account_id="ACC", total_amount=Decimal(1)) for n in range(4)]

    def predict(arguments: Arguments) -> Answers:
        answers = [f"Summary {n}." for n in range(len(arguments))]
        calls = [call("enrichment", "", prompt, a) for (_, prompt), a in zip(arguments, answers, strict=True)]
        recorder.calls.extend(reversed(calls))
        return [[(answer,)] for answer in answers]

    def run_agent(arguments: Arguments) -> Answers:
        for _, prompt, key in reversed(arguments):
            recorder.calls.append(call("triage", key, prompt, f"{{}} {key}"))
        return [[("SUCCESS", f"{{}} {key}")] for _, _, key in arguments]

    found = decide(recorder, same, {"ML_PREDICT": predict, "AI_RUN_AGENT": run_agent})
    summaries = {r.alert_id: r for r in found if r.stage == "enrichment"}
    triages = {r.alert_id: r for r in found if r.stage == "triage"}
    assert len({r.prompt for r in summaries.values()}) == 1
    assert {r.answer for r in summaries.values()} == {f"Summary {n}." for n in range(4)}
    for known, record in triages.items():
        assert record.answer == f"{{}} {known}"
        assert record.alert is not None
        assert record.alert["summary"] == summaries[known].answer == summaries[known].result["summary"]
        assert (record.result["decision"], record.guard) == ("REVIEW", "MALFORMED")
    one = triages[alert_id(0)]
    assert (one.model, one.cost, one.input_tokens, one.latency_ms) == ("a-model", "0.00125", 700, 300)
    assert one.parameters == {"max_completion_tokens": 2000}


def test_of_a_call_that_was_tried_again_the_last_counts(recorder: Recorder) -> None:
    def run_agent(arguments: Arguments) -> Answers:
        for _, prompt, key in arguments:
            recorder.calls.append(call("triage", key, prompt, None, status="FAILED"))
            recorder.calls.append(call("triage", key, prompt, "{}"))
        return [[("SUCCESS", "{}")] for _ in arguments]

    managed = {**watched(STAND_INS, recorder.calls.append), "AI_RUN_AGENT": run_agent}
    (_, triage) = decide(recorder, alerts(1), managed)
    assert (triage.answer, triage.status) == ("{}", "SUCCESS")


def test_no_answer_is_recorded_as_one(recorder: Recorder) -> None:
    def nothing(arguments: Arguments) -> Answers:
        return [[] for _ in arguments]

    managed = watched(dict.fromkeys(STAND_INS, nothing), recorder.calls.append)
    summary, triage = decide(recorder, alerts(1), managed)
    assert (summary.answer, summary.status, summary.result["status"]) == (None, "NO_ANSWER", "MISSING")
    assert (triage.answer, triage.status, triage.guard) == (None, "NO_ANSWER", "NO_ANSWER")


@pytest.mark.parametrize("left_out", ["ML_PREDICT", "AI_RUN_AGENT"])
def test_a_decision_of_which_no_call_is_known_is_refused(recorder: Recorder, left_out: str) -> None:
    managed = {**watched(STAND_INS, recorder.calls.append), left_out: STAND_INS[left_out]}
    with pytest.raises(LedgerError, match="No call is known of the"):
        decide(recorder, alerts(1), managed)
    assert recorder.ledger.head().number == 0


def test_the_engine_says_what_it_asked_of_which_alert() -> None:
    seen: list[str] = []

    def predict(arguments: Arguments) -> Answers:
        seen.extend(prompt for _, prompt in arguments)
        return [[("",)] for _ in arguments]

    given = alerts(*range(20))
    with Engine(PIPELINE, until=ENRICHED, managed={"ML_PREDICT": predict}) as engine:
        engine.append(ALERTS, given)
        engine.decide()
        prompts = engine.asked("ML_PREDICT")
        assert sorted(prompts.values()) == sorted(seen)
        assert all(f"Total: {30_000 + n}.00" in prompts[alert_id(n)] for n in range(20))
        engine.decide()
        assert (engine.asked("ML_PREDICT"), engine.asked("AI_RUN_AGENT")) == ({}, {})
        engine.append(ALERTS, alerts(20))
        engine.decide()
        assert list(engine.asked("ML_PREDICT")) == [alert_id(20)]
