"""
The outcome of each answer, on both engines, as answers.txt has it; `UPDATE_ANSWERS=1` writes that file anew.

Whatever the answer, the alert comes out, and none is dismissed by accident.
"""

import json
import os
from pathlib import Path
from typing import Any

import pytest

from sentinel_cli.flink.referee import Answers, Referee
from sentinel_cli.local._run import Managed
from sentinel_cli.local.engine import Engine
from sentinel_cli.local.stand_ins import STAND_INS
from sql import load_pipeline
from tests.answers import CASES, answer, enriched, outcome
from tests.engines import ENRICHED, embedded_stage, flink_stage

PIPELINE = load_pipeline({"ai.quality_control_percent": "0"}, rules=["geo"])
DISPOSITIONS = "sentinel.alert_dispositions"
GOLDEN = Path(__file__).with_name("answers.txt")
ROWS = [enriched(name, **case.alert) for name, case in CASES.items()]
ANSWERS = Answers({name: case.rows for name, case in CASES.items()})


@pytest.fixture(scope="module")
def embedded() -> list[str]:
    return embedded_stage(PIPELINE, ENRICHED, ROWS, ANSWERS)[DISPOSITIONS]


def _by_id(rows: list[str]) -> dict[str, dict[str, Any]]:
    return {row["alert_id"]: row for row in map(json.loads, rows)}


def _table(rows: list[str]) -> str:
    """What becomes of each case: a line that a person can read."""
    found = _by_id(rows)
    head = ("case", "decision", "agent said", "status", "guard", "priority", "SAR")
    lines = [head] + [(name, *outcome(found[name])) for name in CASES]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    padded = (" | ".join(text.ljust(width) for text, width in zip(line, widths, strict=True)) for line in lines)
    return "".join(f"{line.rstrip()}\n" for line in padded)


def test_the_outcome_of_each_answer_is_golden(embedded: list[str]) -> None:
    if os.environ.get("UPDATE_ANSWERS"):
        GOLDEN.write_text(_table(embedded), encoding="utf-8")
    assert _table(embedded) == GOLDEN.read_text(encoding="utf-8")


def test_none_loses_its_alert(embedded: list[str]) -> None:
    assert sorted(_by_id(embedded)) == sorted(CASES)
    assert len(embedded) == len(CASES)


def test_a_dismissal_has_a_sound_answer_and_no_guard_and_the_rest_says_why(embedded: list[str]) -> None:
    for row in _by_id(embedded).values():
        if row["decision"] == "DISMISS":
            assert (row["agent_status"], row["agent_decision"], row["guard"]) == ("OK", "DISMISS", None)
        elif row["agent_decision"] == "DISMISS" and row["decision"] == "REVIEW":
            assert row["guard"] is not None


def test_the_raw_answer_is_kept(embedded: list[str]) -> None:
    found = _by_id(embedded)
    for name, case in CASES.items():
        assert [found[name]["raw_response"]] == ([text for _, text in case.rows] or [None])


def test_both_engines_give_the_same_dispositions(flink: Referee, embedded: list[str]) -> None:
    assert flink_stage(flink, PIPELINE, ENRICHED, ROWS, ANSWERS)[DISPOSITIONS] == embedded


@pytest.mark.parametrize(
    ("limit", "dismissed"),
    [("MEDIUM", {"LOW"}), ("HIGH", {"LOW", "MEDIUM"}), ("CRITICAL", {"LOW", "MEDIUM", "HIGH"})],
)
def test_an_alert_from_the_limit_on_is_not_dismissed(limit: str, dismissed: set[str], flink: Referee) -> None:
    values = {"ai.never_dismiss_severity": limit, "ai.quality_control_percent": "0"}
    pipeline = load_pipeline(values, rules=["geo"])
    rows = [enriched(name, severity=name) for name in ("LOW", "MEDIUM", "HIGH", "CRITICAL", "TRIVIAL", "")]
    answers = Answers({}, [("SUCCESS", answer())])
    found = embedded_stage(pipeline, ENRICHED, rows, answers)
    assert flink_stage(flink, pipeline, ENRICHED, rows, answers) == found
    outcomes = {row["alert_id"]: (row["decision"], row["guard"]) for row in map(json.loads, found[DISPOSITIONS])}
    assert outcomes == {
        row["severity"]: ("DISMISS", None) if row["severity"] in dismissed else ("REVIEW", "SEVERITY") for row in rows
    }


@pytest.mark.parametrize(("percent", "least", "most"), [("0", 0, 0), ("5", 60, 140), ("100", 2000, 2000)])
def test_a_share_of_sound_dismissals_is_looked_at(percent: str, least: int, most: int) -> None:
    pipeline = load_pipeline({"ai.quality_control_percent": percent}, rules=["geo"])
    sound: dict[str, Managed] = {**STAND_INS, "AI_RUN_AGENT": lambda asked: [[("SUCCESS", answer())] for _ in asked]}
    with Engine(pipeline, managed=sound) as engine:
        engine.append(ENRICHED, [enriched(f"alert {number}") for number in range(2000)])
        engine.decide()
        outcomes = [(row["decision"], row["guard"]) for row in engine.rows(DISPOSITIONS)]
    assert set(outcomes) <= {("DISMISS", None), ("REVIEW", "QUALITY_CONTROL")}
    assert least <= outcomes.count(("REVIEW", "QUALITY_CONTROL")) <= most


def test_both_engines_look_at_the_same_dismissals(flink: Referee) -> None:
    pipeline = load_pipeline({"ai.quality_control_percent": "33.3"}, rules=["geo"])
    rows = [enriched(f"alert {number}") for number in range(60)]
    answers = Answers({}, [("SUCCESS", answer())])
    found = embedded_stage(pipeline, ENRICHED, rows, answers)
    assert flink_stage(flink, pipeline, ENRICHED, rows, answers) == found
    assert 0 < sum("QUALITY_CONTROL" in row for row in found[DISPOSITIONS]) < len(rows)
