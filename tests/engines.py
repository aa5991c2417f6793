"""Both engines on the same rows, and their results in one form: every column, compared as a set of rows."""

import json
from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from sentinel_cli.flink.pipeline import run_stage
from sentinel_cli.flink.referee import Answers, Referee
from sentinel_cli.local._capture import Capture
from sentinel_cli.local._run import Managed
from sentinel_cli.local.engine import Engine, join_cases
from sentinel_cli.local.stand_ins import STAND_INS
from sql import Pipeline
from sql.topics import ALERTS, DISPOSITIONS, ENRICHED, RAW
from tests.answers import answer
from tests.cases import load_batch

Row = Mapping[str, Any]
Result = dict[str, list[str]]
"""Rows by table, each as JSON with sorted keys, sorted."""
DETECTED = (ALERTS, "sentinel.transactions_late", "sentinel.dead_letters")
DISMISSALS = {
    "ai.never_dismiss_total": "1000000.00",
    "ai.never_dismiss_severity": "CRITICAL",
    "ai.quality_control_percent": "0",
}
"""Parameters by which an agent may dismiss nearly every alert that is no repeat."""


def embedded_detection(pipeline: Pipeline, events: Sequence[Row], step: int | None = None) -> Result:
    """Alerts, late rows and dead letters of the embedded engine, as one replay or in steps of so many rows."""
    with Engine(pipeline, until=ALERTS, incremental=step is not None) as engine:
        _run(engine, events, step)
        return {table: comparable(engine.rows(table)) for table in DETECTED}


def _run(engine: Engine, events: Sequence[Row], step: int | None) -> None:
    batch = load_batch(engine.connection, events)
    if step is None:
        engine.replay(batch)
    else:
        for start in range(0, len(events), step):
            rows = f"(SELECT * FROM {batch} WHERE __seq >= {start} AND __seq < {start + step})"
            engine.step(rows, is_last=start + step >= len(events))


def embedded_decisions(
    pipeline: Pipeline, events: Sequence[Row], step: int | None = None
) -> list[tuple[str, datetime, str, str | None]]:
    """Rule, time, decision and guard of each alert by an agent that dismisses all, in order of decision."""
    managed: dict[str, Managed] = {**STAND_INS, "AI_RUN_AGENT": lambda asked: [[("SUCCESS", answer())] for _ in asked]}
    with Engine(pipeline, incremental=step is not None, managed=managed) as engine:
        _run(engine, events, step)
        cases = join_cases({table: engine.rows(table) for table in (ENRICHED, DISPOSITIONS)})
    return [(case["rule_id"], case["detected_at"], case["decision"], case["guard"]) for case in cases]


def partitioned_detection(
    pipeline: Pipeline, events: Sequence[Row], partitions: int, step: int, lead: int = 0
) -> Result:
    """
    The same in steps over several partitions; event number n is in partition `n % 7 % partitions`.

    Those of partition 0 arrive so many events before others of their time, as where it alone is read back.
    """
    places = [number % 7 % partitions for number in range(len(events))]
    order = sorted(range(len(events)), key=lambda number: (number - lead * (places[number] == 0), number))
    with Engine(pipeline, until=ALERTS, incremental=True) as engine:
        batch = load_batch(engine.connection, [events[number] for number in order])
        place = f"({[places[number] for number in order]}::INTEGER[])[__seq + 1]"
        placed = f"(SELECT *, {place} AS __partition FROM {batch})"
        for start in range(0, len(events), step):
            rows = f"(SELECT * FROM {placed} WHERE __seq >= {start} AND __seq < {start + step})"
            engine.step(rows, is_last=start + step >= len(events), has_partitions=True)
        return {table: comparable(engine.rows(table)) for table in DETECTED}


def interrupted_detection(pipeline: Pipeline, events: Sequence[Row], step: int, at: int, folder: Path) -> Result:
    """
    The same over three partitions, on an engine whose state is captured and another that goes on from there.

    The first goes on too, and forgets a partition, before it writes what was captured.
    """
    found: dict[str, list[Row]] = {table: [] for table in DETECTED}
    at -= at % step
    for first, last in ((0, at), (at, len(events))):
        with Engine(pipeline, until=ALERTS, incremental=True) as engine:
            batch = load_batch(engine.connection, events)
            placed = f"(SELECT *, (__seq % 7 % 3)::INTEGER AS __partition FROM {batch})"
            for path in folder.glob("*"):
                number, _, mark = path.name.partition("@")
                engine.load(int(number), path, int(mark))
            for start in range(first, last, step):
                rows = f"(SELECT * FROM {placed} WHERE __seq >= {start} AND __seq < {start + step})"
                engine.step(rows, is_last=start + step >= len(events), has_partitions=True)
            for table in DETECTED:
                found[table] += engine.drain(table)
            if last == at:
                captured = {f"{p}@{mark}": engine.capture(p) for p, mark in engine.watermarks.items()}
                engine.step(f"(SELECT * FROM {placed} WHERE __seq >= {at})", is_last=True, has_partitions=True)
                engine.forget(0)
                _write(captured, folder)
    return {table: comparable(rows) for table, rows in found.items()}


def _write(captured: Mapping[str, Capture], folder: Path) -> None:
    for name, capture in captured.items():
        (folder / name).mkdir()
        with closing(capture):
            capture.write(folder / name)


def flink_detection(flink: Referee, pipeline: Pipeline, events: Iterable[Row]) -> Result:
    """Alerts, late rows and dead letters of Apache Flink."""
    rows = [{"$rowtime": event["event_time"], **event, "key": event["account_id"]} for event in events]
    found = run_stage(flink, pipeline, RAW, rows)
    return {table: comparable(found[table]) for table in DETECTED}


def embedded_stage(pipeline: Pipeline, source: str, rows: Sequence[Row], answers: Answers | None = None) -> Result:
    """What the statements that read a table write, on the embedded engine; answers as the agent's."""
    managed = dict(STAND_INS)
    if answers is not None:
        managed["AI_RUN_AGENT"] = lambda asked: [
            [tuple(row) for row in answers.answers.get(key, answers.default)] for _, _, key in asked
        ]
    with Engine(pipeline, managed=managed) as engine:
        for row in rows:
            engine.append(source, [row])
            engine.decide()
        sinks = {s.writes for s in pipeline.statements if s.kind == "insert" and source in s.reads}
        return {table: comparable(engine.rows(table)) for table in sinks}


def flink_stage(
    flink: Referee, pipeline: Pipeline, source: str, rows: Iterable[Row], answers: Answers | None = None
) -> Result:
    """What the statements that read a table write, on Apache Flink."""
    functions = {} if answers is None else {"AI_RUN_AGENT": answers}
    return {table: comparable(found) for table, found in run_stage(flink, pipeline, source, rows, functions).items()}


def comparable(rows: Iterable[Row]) -> list[str]:
    """Rows in the one form: times epoch milliseconds, money as text, JSON text as what it says."""
    return sorted(json.dumps(_plain(row), sort_keys=True) for row in rows)


def _plain(row: Row) -> dict[str, Any]:
    return {name: _value(name, value) for name, value in row.items() if name not in {"key", "$rowtime"}}


def _value(name: str, value: Any) -> Any:
    if name in {"detail", "record"} and value is not None:
        return json.loads(value)
    if isinstance(value, datetime):
        return round(value.replace(tzinfo=UTC).timestamp() * 1000)
    return f"{value:f}" if isinstance(value, Decimal) else value


__all__ = [
    "ALERTS",
    "ENRICHED",
    "RAW",
    "Result",
    "comparable",
    "embedded_detection",
    "embedded_stage",
    "flink_detection",
    "flink_stage",
]
