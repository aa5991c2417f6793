"""Triage of `sentinel run`, on alerts as they stand in their topic."""

import time
from contextlib import closing
from pathlib import Path
from typing import Any

import orjson
import pytest

from sentinel_cli.broker.local import LocalBroker
from sentinel_cli.kafka.registry import Registry
from sentinel_cli.ledger.recorder import Recorder
from sentinel_cli.ledger.store import Ledger
from sentinel_cli.llm.kept import Kept
from sentinel_cli.llm.rules import Rules
from sentinel_cli.llm.status import StoppedError
from sentinel_cli.service import triage
from sentinel_cli.service.clients import reader
from sentinel_cli.service.job import Job
from sentinel_cli.service.options import Options
from sentinel_cli.service.schemas import Schemas
from sql import load_pipeline
from tests.alerts import DETECTED, alert, alert_id
from tests.integration.kafka.log import read, wait_for, write
from tests.integration.kafka.running import ALERTS, DISPOSITIONS, running
from tests.integration.kafka.topics import connection

HOUR = 3_600_000
OPTIONS = ("--set", "ai.quality_control_percent=0")
BAD: list[tuple[str, Any]] = [
    ("total_amount", "much"), ("total_amount", 1e300), ("total_amount", 1e16), ("detected_at", True),
    ("detected_at", 0.5), ("window_start", -(10**18)), ("window_end", 1e18), ("window_end", 2**63 - 1),
    ("transaction_count", 2**64 - 1), ("transaction_count", -1), ("transaction_count", 1e300),
    ("evidence", "EVT-1"), ("evidence", [1, {}]), ("alert_id", "00"), ("account_id", ""), ("severity", "SMALL"),
]  # fmt: skip
"""What a field of an alert cannot be."""


def small(number: int, account: str, hours: int) -> dict[str, Any]:
    """An alert that the rule-based triager dismisses, on events of one hour."""
    last = DETECTED + hours * HOUR
    times = {"window_start": last - HOUR // 2, "window_end": last, "detected_at": last}
    return alert(number, account_id=account, severity="LOW", total_amount=20.0, typology="velocity", **times)


def put(broker: LocalBroker, *alerts: dict[str, Any]) -> None:
    write(broker, map(orjson.dumps, alerts), ALERTS)


def guards(broker: LocalBroker, count: int) -> dict[str, tuple[str, str | None]]:
    found = wait_for(broker, DISPOSITIONS, count)
    return {row["alert_id"]: (row["decision"], row.get("guard")) for row in found}


def test_an_alert_that_repeats_one_from_before_a_restart_is_not_dismissed(fresh: LocalBroker) -> None:
    put(fresh, small(1, "ACC-1", 0), small(2, "ACC-2", 0))
    with running(*OPTIONS):
        assert guards(fresh, 2) == {alert_id(1): ("DISMISS", None), alert_id(2): ("DISMISS", None)}
    put(fresh, small(3, "ACC-1", 24), small(4, "ACC-2", 0), small(5, "ACC-3", 24))
    with running(*OPTIONS):
        found = guards(fresh, 5)
    assert found[alert_id(3)] == ("REVIEW", "REPEAT")
    assert {found[alert_id(4)], found[alert_id(5)]} == {("DISMISS", None)}


def test_what_is_no_alert_is_a_dead_letter_and_holds_nothing_up(fresh: LocalBroker) -> None:
    put(fresh, *(small(n, "ACC-1", 0) | {field: value} for n, (field, value) in enumerate(BAD)), small(99, "ACC-1", 0))
    with running(*OPTIONS):
        assert guards(fresh, 1) == {alert_id(99): ("DISMISS", None)}
        dead = wait_for(fresh, "sentinel.dead_letters", len(BAD))
    assert len({letter["position"] for letter in dead}) == len(dead) == len(BAD)
    assert {letter["source"] for letter in dead} == {ALERTS}
    assert all(letter["reason"].startswith("no alert: ") for letter in dead)
    reasons = {letter["reason"] for letter in dead}
    assert {
        'no alert: total_amount: "much" is not of type "number"',
        'no alert: detected_at: true is not of type "number"',
        'no alert: evidence: "EVT-1" is not of type "array"',
        'no alert: evidence.0: 1 is not of type "string"',
        "no alert: a number is out of range",
    } <= reasons
    assert len(read(fresh, DISPOSITIONS)) == 1


class Away:
    """A reader whose broker goes as it begins to read."""

    def __init__(self, reader: Any) -> None:
        self.reader = reader

    def __getattr__(self, name: str) -> Any:
        return getattr(self.reader, name)

    def consume(self, most: int, seconds: float) -> list[Any]:
        del most
        time.sleep(seconds)
        return []


def test_it_ends_though_the_broker_goes_as_what_was_decided_is_read_back(
    fresh: LocalBroker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(fresh, small(1, "ACC-1", 0))
    with running(*OPTIONS):
        guards(fresh, 1)
    where, pipeline, recorder = connection(fresh), load_pipeline(), Recorder(Ledger(tmp_path / "ledger").make())
    rules = Rules(pipeline.agent_prompt, recorder.calls.append)
    schemas = Schemas(Registry(where, 2), tmp_path / "schemas.json")
    schemas.look_up([table.name for table in pipeline.tables], lambda: False)
    until = time.monotonic() + 8
    monkeypatch.setattr(triage, "reader", lambda *of: Away(reader(*of)))
    job = Job(where, pipeline, Options("other", tmp_path), rules, recorder)
    with rules.functions() as managed, closing(Kept(tmp_path / "answers.sqlite", print)) as kept:
        loop = triage.Triage(job, schemas, "test-triage", managed, kept)
        with pytest.raises(StoppedError):
            loop.run(lambda: time.monotonic() > until)
