"""The ledger beside a real broker: what is decided is in it first, and what was decided elsewhere is taken in once."""

import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace as replace_
from pathlib import Path
from typing import Any

import orjson
import pytest

from sentinel_cli.broker.local import LocalBroker
from sentinel_cli.ledger.record import Record, read_record
from sentinel_cli.ledger.replay import replay
from sentinel_cli.ledger.store import Ledger
from sentinel_cli.ledger.verify import verify
from sql import load_pipeline
from tests.alerts import alert, alert_id, analyst_decision, disposition, enriched
from tests.integration.kafka.log import read, wait_for, write, write_raw
from tests.integration.kafka.running import running, start

ALERTS, ENRICHED, DISPOSITIONS = "sentinel.aml_alerts", "sentinel.aml_alerts_enriched", "sentinel.alert_dispositions"
ANALYST_DECISIONS = "sentinel.analyst_decisions"
RUN = ("--stack", "", "--ledger", "run.sqlite")


def put(broker: LocalBroker, topic: str, make: Callable[..., dict[str, Any]], *numbers: int, **changes: Any) -> None:
    write(broker, [orjson.dumps(make(number, **changes)) for number in numbers], topic)


def sentinel(*words: str) -> tuple[int, str]:
    """Its exit code, and what it says."""
    done = subprocess.run([sys.executable, "-m", "sentinel_cli", *words], capture_output=True, text=True, check=False)
    assert "Traceback" not in done.stderr
    return done.returncode, done.stderr


def imported(*options: str) -> str:
    status, said = sentinel("ledger", "import", "--stack", "", *options)
    assert status == 0, said
    return said


def kept(file: str = "ledger.sqlite") -> list[Record]:
    return [read_record(entry.content) for entry in Ledger(Path(file)).entries()]


def test_what_run_decides_is_recorded_once_and_is_no_news_to_an_import(fresh: LocalBroker) -> None:
    put(fresh, ALERTS, alert, *range(250))
    with running(*RUN):
        rows = wait_for(fresh, DISPOSITIONS, 250)
    with running(*RUN):
        put(fresh, ALERTS, alert, *range(240, 260))
        rows = wait_for(fresh, DISPOSITIONS, 260)
    records = kept("run.sqlite")
    assert verify(Ledger(Path("run.sqlite"))).findings == ()
    assert len(rows) == len({row["alert_id"] for row in rows}) == 260
    assert len(records) == 520
    triages = {record.alert_id: record for record in records if record.stage == "triage"}
    assert all(triages[row["alert_id"]].answer == row["raw_response"] for row in rows)
    summaries = {record.alert_id: record.answer for record in records if record.stage == "enrichment"}
    assert summaries == {row["alert_id"]: row["summary"] for row in read(fresh, ENRICHED)}
    assert "260 decisions read, 0 added" in imported("--ledger", "run.sqlite")


def test_a_ledger_that_cannot_be_written_ends_the_service_and_decides_nothing(fresh: LocalBroker) -> None:
    Ledger(Path("run.sqlite")).make()
    process = start(*RUN)
    put(fresh, ALERTS, alert, 1)
    wait_for(fresh, DISPOSITIONS, 1)
    Path("run.sqlite").write_bytes(b"no ledger any more" * 1000)
    put(fresh, ALERTS, alert, *range(2, 50))
    assert process.wait(timeout=60) == 1
    assert "The ledger" in Path("run.log").read_text()
    assert [row["alert_id"] for row in read(fresh, DISPOSITIONS)] == [alert_id(1)]


def test_without_a_ledger_run_does_not_start(fresh: LocalBroker) -> None:
    Path("run.sqlite").write_bytes(b"no ledger" * 1000)
    status, said = sentinel("run", "--state", "state", *RUN)
    assert (status, "The ledger" in said) == (1, True)


def test_what_consume_decides_is_recorded_and_what_it_takes_is_not(fresh: LocalBroker) -> None:
    put(fresh, ALERTS, alert, 1, 2, 3)
    put(fresh, ENRICHED, enriched, 1, 2)
    put(fresh, DISPOSITIONS, disposition, 1)
    assert sentinel("consume", "--stack", "", "--wait", "0", "--timeout", "2")[0] == 0
    assert sorted((record.alert_id, record.stage) for record in kept()) == sorted(
        [(alert_id(2), "triage"), (alert_id(3), "enrichment"), (alert_id(3), "triage")]
    )


def test_an_import_takes_each_decision_once(fresh: LocalBroker) -> None:
    put(fresh, DISPOSITIONS, disposition, *range(300))
    put(fresh, ENRICHED, enriched, *range(295))
    put(fresh, ANALYST_DECISIONS, analyst_decision, 1, 2)
    write_raw(fresh, [(None, b"garbage")] * 3, DISPOSITIONS)
    said = imported()
    assert said == ("sentinel: 302 decisions read, 302 added, 5 without their alert, 3 records could not be read\n")
    put(fresh, DISPOSITIONS, disposition, *range(300))
    put(fresh, DISPOSITIONS, disposition, 1, raw_response="another")
    put(fresh, DISPOSITIONS, disposition, 1, decision="REVIEW", guard="SEVERITY")
    assert "604 decisions read, 2 added" in imported()
    assert "604 decisions read, 0 added" in imported()
    records = kept()
    assert len(records) == 304
    assert verify(Ledger(Path("ledger.sqlite"))).findings == ()
    first = next(record for record in records if record.alert_id == alert_id(3))
    assert (first.provider, first.model, first.prompt_version) == ("platform", "an_agent", "00000002")
    assert (first.answer, first.prompt, first.result["decision"]) == ("{}", None, "ESCALATE")
    assert first.alert is not None
    assert first.alert["total_amount"] == "42780.50"


def decided(fresh: LocalBroker) -> dict[str, Record]:
    """Forty dispositions in the topic, as a platform's, and the records of who made them, by alert."""
    severities = ("LOW", "MEDIUM", "HIGH", "CRITICAL")
    write(fresh, [orjson.dumps(alert(n, severity=severities[n % 4])) for n in range(40)], ALERTS)
    with running(*RUN):
        wait_for(fresh, DISPOSITIONS, 40)
    return {record.alert_id: record for record in kept("run.sqlite") if record.stage == "triage"}


def test_what_the_stream_decided_is_judged_again_without_a_difference(fresh: LocalBroker) -> None:
    """A disposition holds enough to be judged again, and to know by its version what was asked."""
    made = decided(fresh)
    assert "40 decisions read, 40 added" in imported()
    judged = list(replay(enumerate(kept()), load_pipeline()))
    assert len(judged) == 40
    assert [judgement for judgement in judged if judgement.differs] == []
    assert {record.alert_id: record.prompt for record in kept()} == {known: r.prompt for known, r in made.items()}
    assert all(record.parameters == {"prompt": "rendered at import"} for record in kept())
    assert all("Typology: structuring" in (record.prompt or "") for record in kept())
    assert verify(Ledger(Path("ledger.sqlite"))).findings == ()
    assert "40 decisions read, 0 added" in imported()
    show = [sys.executable, "-m", "sentinel_cli", "ledger", "show", alert_id(1)]
    done = subprocess.run(show, capture_output=True, check=True)
    assert b'{"prompt":"rendered at import"}' in done.stdout


def test_a_prompt_that_was_not_rendered_then_makes_no_second_record_now(fresh: LocalBroker) -> None:
    """As of an import when the pipeline had another prompt: what can be rendered changes, the decision does not."""
    decided(fresh)
    imported()
    earlier = Ledger(Path("earlier.sqlite")).make()
    # Why the rules answered in a model's place is known to who asked, and the topic does not say it.
    earlier.append([replace_(record, prompt=None, parameters={}, status="BUDGET") for record in kept()[:20]])
    assert "40 decisions read, 20 added" in imported("--ledger", "earlier.sqlite")
    assert [record.prompt is None for record in kept("earlier.sqlite")] == [True] * 20 + [False] * 20
    put(fresh, DISPOSITIONS, disposition, 1, prompt_version="00000000", raw_response="of another prompt")
    assert "41 decisions read, 1 added" in imported("--ledger", "earlier.sqlite")
    assert (kept("earlier.sqlite")[-1].prompt, kept("earlier.sqlite")[-1].parameters) == (None, {})


def test_an_import_begins_where_it_is_told_to(fresh: LocalBroker) -> None:
    put(fresh, DISPOSITIONS, disposition, 1)
    assert "0 decisions read" in imported("--from", "2100-01-01")
    assert "1 decisions read, 1 added" in imported("--from", "2020-01-01")
    assert sentinel("ledger", "import", "--from", "latest")[0] == 2


@pytest.mark.parametrize("command", [["ledger", "list", "--json"], ["ledger", "show", alert_id(1), "--json"]])
def test_what_was_taken_in_is_shown(fresh: LocalBroker, command: list[str]) -> None:
    put(fresh, DISPOSITIONS, disposition, 1)
    imported()
    done = subprocess.run([sys.executable, "-m", "sentinel_cli", *command], capture_output=True, check=True)
    (row,) = (json.loads(line) for line in done.stdout.splitlines())
    assert (row["alert_id"], row["result"]["rationale"]) == (alert_id(1), "Rationale 1, see E1.")
