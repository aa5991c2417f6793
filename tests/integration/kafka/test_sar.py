"""`sentinel sar draft` from the topics, as the analyst's account may read them."""

import subprocess
import sys
from pathlib import Path

import orjson

from sentinel_cli.broker.local import LocalBroker
from tests.alerts import alert, alert_id, disposition, enriched
from tests.integration.kafka.log import seal, write, write_raw
from tests.integration.kafka.secure import SECRETS, SecureBroker
from tests.sentinel_cli.sar.schema import errors

ALERTS, ENRICHED, DISPOSITIONS = "sentinel.aml_alerts", "sentinel.aml_alerts_enriched", "sentinel.alert_dispositions"


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


def test_an_alert_that_is_not_there_is_said_so(fresh: LocalBroker) -> None:
    assert f"There is no alert {alert_id(7)} in {ALERTS}" in draft(7, code=1)


def test_the_analysts_key_is_enough(secured: SecureBroker) -> None:
    seal(secured, ALERTS, alert(2))
    seal(secured, DISPOSITIONS, disposition(2))
    draft(2)
    assert errors(files(2)[1]) == []
