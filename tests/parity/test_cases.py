"""Every case of every rule: Apache Flink gives what the case says, and what the embedded engine gives."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import pytest

from sentinel_cli.flink.referee import Referee
from sql import load_pipeline
from tests.cases import TIMES, Case, all_cases
from tests.engines import ALERTS, Result, embedded_detection, flink_detection

PIPELINE = load_pipeline()
DAY = 86_400_000
APART = 40
"""Days between two cases: longer than any look-back, so that none knows of the one before."""
STAMP = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3}")


@dataclass(frozen=True)
class Moved:
    """A case with accounts of its own, some whole days later: all cases then make one stream, and one Flink job."""

    case: Case
    prefix: str
    days: int

    def events(self) -> Iterator[dict[str, Any]]:
        """What arrives; an account id that breaks the contract still breaks it."""
        for event in self.case.events:
            times = {n: event[n] + self.days * DAY for n in ("event_time", "$rowtime") if event.get(n) is not None}
            account = event["account_id"]
            sound = isinstance(account, str) and 0 < len(account) <= 64 - len(self.prefix)
            yield {**event, **times, "account_id": self.prefix + account if sound else account}

    def alerts(self, found: Result) -> list[dict[str, Any]]:
        """The alerts of the case's rule that came of it, back in its own time; an id is a hash, which stays out."""
        rows = [json.loads(self._stamped(row)) for row in found[ALERTS] if f'"{self.prefix}' in row]
        own = [row for row in rows if row["rule_id"] == self.case.rule]
        for row in own:
            row |= {name: row[name] - self.days * DAY for name in TIMES}
            row["account_id"] = row["account_id"].removeprefix(self.prefix)
        return sorted((comparable(row) for row in own), key=json.dumps)

    def _stamped(self, row: str) -> str:
        return STAMP.sub(lambda stamp: _earlier(stamp.group(), self.days), row)


def comparable(row: Mapping[str, Any]) -> dict[str, Any]:
    return {name: row[name] for name in sorted(row) if name not in {"alert_id", "rule_version"}}


def _earlier(stamp: str, days: int) -> str:
    return (datetime.fromisoformat(stamp) - timedelta(days=days)).isoformat(" ", "milliseconds")


def moved(cases: list[Case]) -> Iterator[Moved]:
    """The cases one after the other."""
    end = 0
    for number, case in enumerate(cases):
        arrivals = [event.get("$rowtime", event["event_time"]) for event in case.events]
        days = max(0, -(-(end + APART * DAY - min(arrivals)) // DAY)) if number else 0
        end = max(arrivals) + days * DAY
        yield Moved(case, f"case-{number}:", days)


CASES = list(moved(all_cases()))
EVENTS = [event for case in CASES for event in case.events()]


@pytest.fixture(scope="module")
def on_flink(flink: Referee) -> Result:
    """What Flink makes of all cases."""
    return flink_detection(flink, PIPELINE, EVENTS)


def test_both_engines_give_the_same_rows(on_flink: Result) -> None:
    assert embedded_detection(PIPELINE, EVENTS) == on_flink


@pytest.mark.parametrize("case", CASES, ids=lambda moved: str(moved.case))
def test_flink_gives_the_alerts_of_the_case(on_flink: Result, case: Moved) -> None:
    assert case.alerts(on_flink) == sorted((comparable(alert) for alert in case.case.alerts), key=json.dumps)
