"""Cases of the rules: what arrives, and the alerts it must give; `sql/rules/<rule>/cases/<name>.jsonl`."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb

from sentinel_cli.local.engine import Engine
from sql import Pipeline

RULES = Path(__file__).parents[1] / "sql" / "rules"
TEXTS = (
    "event_id",
    "account_id",
    "customer_id",
    "currency",
    "transaction_type",
    "direction",
    "country",
    "counterparty_id",
)
TIMES = ("window_start", "window_end", "detected_at")

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Case:
    """One case of one rule. Times are epoch milliseconds UTC."""

    rule: str
    name: str
    sentence: str
    """What the case says, for a compliance officer to read."""
    events: tuple[Row, ...]
    """Transactions in order of arrival; `$rowtime` is there where it differs from event_time."""
    alerts: tuple[Row, ...]
    """All columns of aml_alerts but rule_version, which changes with the SQL; detail as an object; by alert id."""
    lates: tuple[str, ...]
    """Event ids of transactions_late, sorted."""
    dead_letters: tuple[tuple[str, str], ...]
    """Event id and reason of each dead letter, sorted."""

    def __str__(self) -> str:
        return f"{self.rule}/{self.name}"


def all_cases(rules: Path = RULES) -> list[Case]:
    """Every case below a folder of rules, by rule and name."""
    return [read_case(path) for path in sorted(rules.glob("*/cases/*.jsonl"))]


def read_case(path: Path) -> Case:
    """The case of a file; ValueError for a line that is not exactly one of the five kinds."""
    found: dict[str, list[Any]] = {"case": [], "event": [], "alert": [], "late": [], "dead_letter": []}
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        entries = list(json.loads(line).items())
        if len(entries) != 1 or entries[0][0] not in found or (entries[0][0] == "case") != (number == 1):
            raise ValueError(f"{path}:{number}: expected a case first, then event, alert, late or dead_letter")
        found[entries[0][0]].append(entries[0][1])
    return Case(
        path.parents[1].name,
        path.stem,
        found["case"][0],
        tuple(found["event"]),
        tuple(sorted(found["alert"], key=lambda alert: str(alert["alert_id"]))),
        tuple(sorted(found["late"])),
        tuple(sorted((letter["event_id"], letter["reason"]) for letter in found["dead_letter"])),
    )


def load_batch(connection: duckdb.DuckDBPyConnection, events: Sequence[Row]) -> str:
    """The relation of transactions in order of arrival, as the engine takes a batch; `__seq` counts from 0."""
    columns: dict[str, list[Any]] = {name: [event.get(name) for event in events] for name in TEXTS}
    columns["amount"] = [event["amount"] for event in events]
    columns["event_time"] = [event["event_time"] for event in events]
    columns["$rowtime"] = [event.get("$rowtime", event["event_time"]) for event in events]
    types = dict.fromkeys(columns, "BIGINT") | dict.fromkeys(TEXTS, "VARCHAR") | {"amount": "DOUBLE"}
    cells = ", ".join(f'unnest(?::{types[name]}[]) AS "{name}"' for name in columns)
    times = 'make_timestamp_ms(event_time) AS event_time, make_timestamp_ms("$rowtime") AS "$rowtime"'
    connection.execute(
        f"CREATE OR REPLACE TABLE batch AS SELECT (row_number() OVER ()) - 1 AS __seq, * REPLACE ({times}) "
        f"FROM (SELECT {cells})",
        list(columns.values()),
    )
    return "batch"


def run_replay(pipeline: Pipeline, events: Sequence[Row]) -> Engine:
    """An engine that has seen all events at once."""
    engine = Engine(pipeline, until="sentinel.aml_alerts")
    engine.replay(load_batch(engine.connection, events))
    return engine


def run_steps(pipeline: Pipeline, events: Sequence[Row]) -> Engine:
    """An engine that has seen the events one by one."""
    engine = Engine(pipeline, until="sentinel.aml_alerts", incremental=True)
    batch = load_batch(engine.connection, events)
    for number in range(len(events)):
        engine.step(f"(SELECT * FROM {batch} WHERE __seq = {number})", is_last=number == len(events) - 1)
    return engine


def alerts_of(engine: Engine) -> tuple[Row, ...]:
    """The alerts that an engine gave, in the form of a case."""
    rows = (_alert(row) for row in engine.rows("sentinel.aml_alerts"))
    return tuple(sorted(rows, key=lambda alert: str(alert["alert_id"])))


def lates_of(engine: Engine) -> tuple[str, ...]:
    """Event ids of the transactions that an engine reported as late, sorted."""
    return tuple(sorted(str(row["event_id"]) for row in engine.rows("sentinel.transactions_late")))


def dead_letters_of(engine: Engine) -> tuple[tuple[str, str], ...]:
    """Event id and reason of each dead letter that an engine wrote, sorted."""
    rows = engine.rows("sentinel.dead_letters")
    return tuple(sorted((json.loads(str(row["record"]))["event_id"], str(row["reason"])) for row in rows))


def epoch_ms(time: object) -> int:
    """Epoch milliseconds of a naive UTC datetime."""
    assert isinstance(time, datetime)
    return round(time.replace(tzinfo=UTC).timestamp() * 1000)


def _alert(row: Mapping[str, object]) -> Row:
    total = row["total_amount"]
    return {
        **{name: value for name, value in row.items() if name != "rule_version"},
        **{name: epoch_ms(row[name]) for name in TIMES},
        "total_amount": None if total is None else str(total),
        "detail": json.loads(str(row["detail"])),
    }
