"""An alert that repeats another of its typology on the account in the month is not dismissed, on both engines."""

import json
from datetime import UTC, datetime, timedelta
from random import Random

import pytest

from sentinel_cli.flink.referee import Answers, Referee
from sentinel_cli.local._run import Managed
from sentinel_cli.local.engine import Engine
from sentinel_cli.local.stand_ins import STAND_INS
from sql import load_pipeline
from tests.answers import answer, enriched
from tests.engines import ENRICHED, Row, embedded_stage, flink_stage

PARAMETERS = {"ai.quality_control_percent": "0"}
PIPELINE = load_pipeline(PARAMETERS, rules=["geo"])
DISPOSITIONS = "sentinel.alert_dispositions"
DISMISS = Answers({}, [("SUCCESS", answer())])
START = datetime(2026, 1, 20, tzinfo=UTC)


def alert(name: str, start: datetime, minutes: int = 30, **changes: object) -> Row:
    """An alert on events between two times."""
    first, last = (round(time.timestamp() * 1000) for time in (start, start + timedelta(minutes=minutes)))
    return enriched(name, window_start=first, window_end=last, detected_at=last, **changes)


def repeats(found: dict[str, list[str]]) -> set[str]:
    rows = [json.loads(row) for row in found[DISPOSITIONS]]
    assert {(row["decision"], row["guard"]) for row in rows} <= {("DISMISS", None), ("REVIEW", "REPEAT")}
    return {row["alert_id"] for row in rows if row["guard"]}


CASES = {
    "first of its month": (alert("first of its month", START), False),
    "the same events by another rule": (alert("the same events by another rule", START, rule_id="geo_rolling"), False),
    "the next half hour": (alert("the next half hour", START + timedelta(minutes=30)), True),
    "the half hour before": (alert("the half hour before", START - timedelta(minutes=30)), True),
    "all at the first instant": (alert("all at the first instant", START, 0, rule_id="geo_rolling"), False),
    "the next day": (alert("the next day", START + timedelta(days=1)), True),
    "before the first, by time": (alert("before the first, by time", START - timedelta(days=2)), True),
    "another typology": (alert("another typology", START + timedelta(days=2), typology="velocity"), False),
    "another account": (alert("another account", START + timedelta(days=2), account_id="ACC-other"), False),
    "the next month": (alert("the next month", START + timedelta(days=12)), False),
    "the next month again": (alert("the next month again", START + timedelta(days=20)), True),
}


def test_only_another_episode_of_the_month_is_a_repeat(flink: Referee) -> None:
    rows = [row for row, _ in CASES.values()]
    found = embedded_stage(PIPELINE, ENRICHED, rows, DISMISS)
    assert repeats(found) == {name for name, (_, is_repeat) in CASES.items() if is_repeat}
    assert flink_stage(flink, PIPELINE, ENRICHED, rows, DISMISS) == found


def some(count: int, seed: int) -> list[Row]:
    """Alerts of few accounts over three months, out of order, some of them twice."""
    dice = Random(seed)
    made = [
        alert(
            f"alert {number}",
            START + timedelta(minutes=dice.randrange(90 * 1440)),
            dice.randrange(1, 5_000),
            account_id=f"ACC-{dice.randrange(12)}",
            typology=dice.choice(("geographic anomaly", "velocity")),
        )
        for number in range(count)
    ]
    return made + dice.sample(made, count // 5)


def expected(rows: list[Row]) -> set[str]:
    """Ids of alerts whose window does not overlap that of the first of their month, by arrival."""
    firsts: dict[tuple[str, str, str], Row] = {}
    found = set()
    for row in rows:
        month = datetime.fromtimestamp(row["detected_at"] / 1000, UTC).strftime("%Y-%m")
        first = firsts.setdefault((row["account_id"], row["typology"], month), row)
        earlier, later = sorted((first, row), key=lambda each: each["window_start"])
        if earlier["window_start"] < later["window_start"] >= earlier["window_end"]:
            found.add(row["alert_id"])
    return found


@pytest.mark.parametrize("seed", range(2))
def test_in_any_order_both_engines_find_the_same_repeats(flink: Referee, seed: int) -> None:
    rows = some(150, seed)
    found = embedded_stage(PIPELINE, ENRICHED, rows, DISMISS)
    assert repeats(found) == expected(rows)
    assert len(found[DISPOSITIONS]) == 150
    assert flink_stage(flink, PIPELINE, ENRICHED, rows, DISMISS) == found


@pytest.mark.parametrize("seed", range(20))
def test_what_was_decided_before_a_restart_is_still_repeated(seed: int) -> None:
    rows = list({row["alert_id"]: row for row in some(60, seed)}.values())
    dismiss: dict[str, Managed] = {**STAND_INS, "AI_RUN_AGENT": lambda asked: [[("SUCCESS", answer())] for _ in asked]}
    found, at = set(), Random(seed).randrange(60)
    for earlier, later in ((rows[:0], rows[:at]), (rows[:at], rows[at:])):
        with Engine(PIPELINE, managed=dismiss) as engine:
            engine.recall(ENRICHED, earlier)
            assert engine.rows(DISPOSITIONS) == []
            for batch in (later[:7], later[7:]):
                engine.append(ENRICHED, batch)
                engine.decide()
                found |= {row["alert_id"] for row in engine.rows(DISPOSITIONS) if row["guard"] == "REPEAT"}
                engine.clear()
    assert found == expected(rows)


def test_with_a_start_earlier_alerts_are_compared_with_and_not_decided_again(flink: Referee) -> None:
    starts = {"triage": START + timedelta(days=1)}
    pipeline = load_pipeline(PARAMETERS, rules=["geo"], starts_at=starts)
    rows = [row for row, _ in CASES.values()]
    found = embedded_stage(pipeline, ENRICHED, rows, DISMISS)
    later = {
        name: is_repeat
        for name, (row, is_repeat) in CASES.items()
        if row["detected_at"] > START.timestamp() * 1000 + 86_400_000
    }
    assert {json.loads(row)["alert_id"] for row in found[DISPOSITIONS]} == later.keys()
    assert repeats(found) == {name for name, is_repeat in later.items() if is_repeat}
    assert flink_stage(flink, pipeline, ENRICHED, rows, DISMISS) == found
