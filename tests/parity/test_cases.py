"""Every case of every rule: Apache Flink gives what the case says, and what the embedded engine gives."""

import json

import pytest

from sentinel_cli.flink.referee import Referee
from sql import load_pipeline
from tests.cases import Case, all_cases
from tests.engines import ALERTS, embedded_detection, flink_detection

PIPELINE = load_pipeline()


@pytest.mark.parametrize("case", all_cases(), ids=str)
def test_both_engines_give_the_alerts_of_the_case(flink: Referee, case: Case) -> None:
    found = flink_detection(flink, PIPELINE, case.events)
    assert embedded_detection(PIPELINE, case.events) == found
    alerts = [json.loads(alert) for alert in found[ALERTS]]
    mine = sorted(
        ({n: v for n, v in a.items() if n != "rule_version"} for a in alerts if a["rule_id"] == case.rule),
        key=lambda alert: str(alert["alert_id"]),
    )
    assert mine == list(case.alerts)
