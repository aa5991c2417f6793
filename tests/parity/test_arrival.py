"""Alerts late, out of order, repeated, and a last one after which nothing comes: one disposition each."""

import json
from typing import Any

import pytest

from sentinel_cli.flink.referee import Referee
from sql import load_pipeline
from tests.engines import ALERTS, ENRICHED, embedded_stage, flink_stage

PIPELINE = load_pipeline(rules=["geo"])
DAY = 86_400_000


def alert(name: str, detected_at: int, total: str = "20.00") -> dict[str, Any]:
    return {
        "alert_id": name, "rule_id": "geo", "rule_version": "00000000", "typology": "geographic anomaly",
        "account_id": "A", "customer_id": "C", "window_start": detected_at, "window_end": detected_at,
        "detected_at": detected_at, "transaction_count": 2, "total_amount": total, "currency": "USD",
        "severity": "HIGH", "evidence": ["e1"], "detail": json.dumps({"evidence": "fact"}), "key": "A", "$rowtime": 0,
    }  # fmt: skip


ALERTS_IN = [
    alert("newest", 50 * DAY),
    alert("oldest", DAY),
    alert("repeated", 20 * DAY, "20.00"),
    alert("same time", 50 * DAY),
    alert("repeated", 20 * DAY, "99.00"),
    alert("newest", 50 * DAY),
    alert("last", 2 * DAY),
]


@pytest.fixture(scope="module")
def enriched() -> list[str]:
    return embedded_stage(PIPELINE, ALERTS, ALERTS_IN)[ENRICHED]


def test_each_alert_is_enriched_once_and_the_first_by_arrival_counts(enriched: list[str]) -> None:
    rows = {row["alert_id"]: row for row in map(json.loads, enriched)}
    assert sorted(row["alert_id"] for row in map(json.loads, enriched)) == sorted({a["alert_id"] for a in ALERTS_IN})
    assert rows["repeated"]["total_amount"] == "20.00"


def test_both_engines_enrich_the_same(flink: Referee, enriched: list[str]) -> None:
    assert flink_stage(flink, PIPELINE, ALERTS, ALERTS_IN)[ENRICHED] == enriched


def test_each_gets_one_disposition_on_both_engines(flink: Referee, enriched: list[str]) -> None:
    rows = [{**json.loads(row), "key": "A", "$rowtime": 0} for row in reversed(enriched)]
    rows = [{**row, "detail": json.dumps(row["detail"])} for row in rows]
    repeated = [*rows, rows[0], rows[-1]]
    found = embedded_stage(PIPELINE, ENRICHED, repeated)
    assert flink_stage(flink, PIPELINE, ENRICHED, repeated) == found
    (dispositions,) = found.values()
    assert sorted(json.loads(row)["alert_id"] for row in dispositions) == sorted({a["alert_id"] for a in ALERTS_IN})
