"""All stages in a plain composition: the constructs that the pipeline's SQL is built of plan and run on Flink."""

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from sentinel_cli.flink.referee import Answers, Referee
from sentinel_cli.flink.tables import FlinkTable

START = 1_699_999_200_000
"""2023-11-14T22:00Z, a full hour."""
MINUTE = 60_000


def table(name: str, columns: str, watermark: bool = False) -> FlinkTable:
    split = [column.rsplit(" ", 1) for column in columns.split("; ")]
    delay = ("event_time", "event_time - INTERVAL '0 00:00:10' DAY TO SECOND") if watermark else None
    return FlinkTable(name, tuple((name_, type_) for names, type_ in split for name_ in names.split()), delay)


RAW = table(
    "sentinel.transactions_raw",
    "event_id account_id customer_id currency transaction_type STRING; amount DOUBLE; event_time TIMESTAMP_LTZ(3)",
    watermark=True,
)
ALERT = (
    "key BYTES; alert_id rule_id rule_version typology account_id customer_id STRING; "
    "window_start window_end detected_at TIMESTAMP_LTZ(3); transaction_count BIGINT; total_amount DECIMAL(18,2); "
    "severity STRING; evidence ARRAY<STRING>; detail STRING"
)
ALERTS = table("sentinel.aml_alerts", ALERT)
ENRICHED = table("sentinel.aml_alerts_enriched", f"{ALERT}; summary model prompt_version status STRING")
LATE = table(
    "sentinel.transactions_late", "key BYTES; event_id account_id STRING; event_time watermark_at TIMESTAMP_LTZ(3)"
)
DISPOSITIONS = table(
    "sentinel.alert_dispositions",
    "key BYTES; alert_id account_id decision agent_decision STRING; priority INT; sar_recommended BOOLEAN; "
    "recommended_action rationale model prompt_version agent_status guard raw_response STRING",
)


def statement(name: str) -> str:
    return Path(__file__).with_name("composition").joinpath(f"{name}.sql").read_text(encoding="utf-8")


def deposits(account: str, minutes: list[int], amount: float) -> list[dict[str, Any]]:
    return [
        {
            "event_id": f"{account}-{minute}",
            "account_id": account,
            "customer_id": f"customer of {account}",
            "currency": "USD",
            "transaction_type": "CASH_DEPOSIT",
            "amount": amount,
            "event_time": START + minute * MINUTE,
        }
        for minute in minutes
    ]


def test_detection(flink: Referee) -> None:
    burst = deposits("inside", [0, 5, 10, 15, 20], 6000.0)
    straddling = deposits("edge", [40, 50, 60, 70, 80], 9000.0)
    below = deposits("below", [0, 5, 10, 15, 20], 5999.99)
    late = deposits("late", [0], 1.0)
    stream = sorted(burst + straddling + below, key=lambda event: event["event_time"]) + late
    detection = [statement(name) for name in ("structuring", "structuring_rolling", "late")]
    found = flink.run([RAW, ALERTS, LATE], detection, {RAW.name: stream}).rows
    alerts = {(row["rule_id"], row["account_id"]): row for row in found[ALERTS.name]}
    assert set(alerts) == {
        ("structuring", "inside"),
        ("structuring_rolling", "inside"),
        ("structuring_rolling", "edge"),
    }
    assert len(alerts) == len(found[ALERTS.name])
    tumbling = alerts["structuring", "inside"]
    assert (tumbling["key"], tumbling["total_amount"], tumbling["detail"]) == (
        "inside",
        "30000.00",
        '{"below_count":5}',
    )
    assert tumbling["evidence"] == sorted(event["event_id"] for event in burst)
    times = [tumbling[name] - START for name in ("window_start", "window_end", "detected_at")]
    assert times == [0, 60 * MINUTE, 60 * MINUTE - 1]
    assert [(row["event_id"], row["watermark_at"] - START) for row in found[LATE.name]] == [
        ("late-0", 80 * MINUTE - 10_000)
    ]


def alert(i: int, severity: str = "HIGH") -> dict[str, Any]:
    return {
        **dict.fromkeys(("rule_id", "rule_version", "typology", "account_id", "customer_id"), "x"),
        **dict.fromkeys(("window_start", "window_end", "detected_at"), START - i),
        "alert_id": f"alert-{i}",
        "transaction_count": 5,
        "total_amount": "30000.00",
        "severity": severity,
        "evidence": ["e1"],
        "detail": "{}",
    }


def test_enrichment_asks_once_for_each_alert_and_loses_none(flink: Referee) -> None:
    stream = [alert(i) for i in (0, 1, 2, 1, 3, 0, 4, 4)]
    no_row = {"ML_PREDICT": Answers({}, [])}
    one_row = {"ML_PREDICT": Answers({}, [["A summary."]])}
    for functions, status in ((one_row, "OK"), (no_row, "MISSING")):
        outcome = flink.run([ALERTS, ENRICHED], [statement("enrichment")], {ALERTS.name: stream}, functions)
        found = [(row["alert_id"], row["status"]) for row in outcome.rows[ENRICHED.name]]
        assert found == [(f"alert-{i}", status) for i in range(5)]
        assert len(outcome.calls) == 5


SOUND = {
    "decision": "DISMISS",
    "priority": 4,
    "sar_recommended": False,
    "recommended_action": "none",
    "rationale": "Pay day, see E1.",
}
BAD = [
    "",
    "DISMISS",
    "{}",
    json.dumps(SOUND)[:-1],
    json.dumps(SOUND | {"priority": "high"}),
    json.dumps(SOUND | {"priority": 2.7}),
    json.dumps(SOUND | {"priority": 6}),
    json.dumps(SOUND | {"priority": None}),
    json.dumps(SOUND | {"decision": "IGNORE"}),
    json.dumps(SOUND | {"sar_recommended": "perhaps"}),
    json.dumps(SOUND | {"rationale": {"text": "x"}}),
    json.dumps(SOUND | {"rationale": "no evidence named"}),
]


@pytest.mark.parametrize("severity", ["HIGH", "CRITICAL"])
def test_triage_dismisses_only_on_a_sound_answer(flink: Referee, severity: str) -> None:
    texts = [json.dumps(SOUND), f"```json\n{json.dumps(SOUND)}\n```", *BAD]
    answers: dict[str, list[list[str | None]]] = {f"alert-{i}": [["SUCCESS", text]] for i, text in enumerate(texts)}
    answers |= {"alert-100": [], "alert-101": [["FAILED", None]], "alert-102": [["SUCCESS", None]]}
    stream = [{**alert(int(name.removeprefix("alert-")), severity), "summary": "A summary."} for name in answers]
    outcome = flink.run(
        [ENRICHED, DISPOSITIONS], [statement("triage")], {ENRICHED.name: stream}, {"AI_RUN_AGENT": Answers(answers)}
    )
    found = outcome.rows[DISPOSITIONS.name]
    assert [row["alert_id"] for row in found] == list(answers)
    dismissed = {row["alert_id"] for row in found if row["decision"] == "DISMISS"}
    assert dismissed == ({"alert-0", "alert-1"} if severity == "HIGH" else set())
    assert Counter(row["decision"] for row in found) == {"REVIEW": len(found) - len(dismissed)} | (
        {"DISMISS": len(dismissed)} if dismissed else {}
    )
