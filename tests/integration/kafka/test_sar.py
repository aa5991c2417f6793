"""`sentinel sar draft` from the topics, as the analyst's account may read them."""

import subprocess
import sys
from pathlib import Path

import orjson

from sentinel_cli.broker.local import LocalBroker
from tests.alerts import DETECTED, alert, alert_id, analyst_decision, disposition, enriched
from tests.integration.kafka.log import seal, write, write_raw
from tests.integration.kafka.secure import SECRETS, SecureBroker
from tests.sentinel_cli.sar.schema import errors

ALERTS, ENRICHED, DISPOSITIONS = "sentinel.aml_alerts", "sentinel.aml_alerts_enriched", "sentinel.alert_dispositions"
ANALYST_DECISIONS = "sentinel.analyst_decisions"


def draft(number: int, code: int = 0) -> str:
    """What it says; both files go to the working directory."""
    command = [sys.executable, "-m", "sentinel_cli", "sar", "draft", alert_id(number), "--stack", ""]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, "Traceback" in done.stderr) == (code, False), done.stderr
    assert [secret for secret in SECRETS.values() if secret in done.stdout + done.stderr] == []
    return done.stderr


def files(number: int) -> tuple[str, bytes]:
    name = f"sar-{alert_id(number)[:16]}"
    return Path(f"{name}.md").read_text(), Path(f"{name}.xml").read_bytes()


def put_all(broker: LocalBroker) -> None:
    write_raw(broker, [(None, b"no frame"), (b"k", b"\x00\x00\x00\x00\x01no json"), (None, None)], ALERTS)
    write(broker, [orjson.dumps(alert(n)) for n in range(300)], ALERTS)
    write(broker, [orjson.dumps(enriched(n)) for n in range(150)], ENRICHED)
    second = disposition(1, decision="DISMISS")
    write(broker, [orjson.dumps(row) for row in (*map(disposition, range(100)), second)], DISPOSITIONS)


def test_alert_summary_and_first_disposition_are_found(fresh: LocalBroker) -> None:
    put_all(fresh)
    draft(1)
    page, xml = files(1)
    assert errors(xml) == []
    assert "**ESCALATE**, priority 2; it advises a SAR." in page
    assert "- summary: Summary 1." in page
    assert "Events of the alert: EVT-1-0, EVT-1-1," in page


def test_an_alert_that_nobody_has_decided_is_drafted_all_the_same(fresh: LocalBroker) -> None:
    put_all(fresh)
    draft(299)
    assert "No disposition is known." in files(299)[0]


def test_the_analysts_latest_decision_is_found(fresh: LocalBroker) -> None:
    put_all(fresh)
    said = (("DISMISS", "First.", 2), ("ESCALATE", "Last.", 9), ("DISMISS", "Between.", 5))
    rows = [analyst_decision(1, decision=d, reason=r, decided_at=DETECTED + 1000 * s) for d, r, s in said]
    write(fresh, [orjson.dumps(row) for row in (analyst_decision(2, reason="Of another."), *rows)], ANALYST_DECISIONS)
    assert "DISMISSED" not in draft(1)
    page, _ = files(1)
    assert "**ESCALATE**, decided by a person: A. Analyst, 2025-01-06 09:12:19 UTC." in page
    assert "in their words: Last." in page
    row = analyst_decision(1, decision="DISMISS", reason="After all.", decided_at=DETECTED + 10_000)
    write(fresh, [orjson.dumps(row)], ANALYST_DECISIONS)
    assert "sentinel: A. Analyst DISMISSED this alert, 2025-01-06 09:12:20 UTC" in draft(1)
    page, xml = files(1)
    assert "> **DISMISSED**: a person" in page
    assert errors(xml) == []


def test_a_decision_that_cannot_be_read_is_not_passed_over(fresh: LocalBroker) -> None:
    put_all(fresh)
    write(fresh, [orjson.dumps(analyst_decision(1, decision="FORGET"))], ANALYST_DECISIONS)
    assert f"The record of the alert in {ANALYST_DECISIONS} cannot be read: decision" in draft(1, code=1)


def test_an_alert_that_is_not_there_is_said_so(fresh: LocalBroker) -> None:
    assert f"There is no alert {alert_id(7)} in {ALERTS}" in draft(7, code=1)


def test_the_analysts_key_is_enough(secured: SecureBroker) -> None:
    seal(secured, ALERTS, alert(2))
    seal(secured, DISPOSITIONS, disposition(2))
    seal(secured, ANALYST_DECISIONS, analyst_decision(2))
    draft(2)
    assert "in their words: Reason 2." in files(2)[0]
    assert errors(files(2)[1]) == []
