"""A pipeline's statements on the referee: detection as one job, then enrichment, then triage."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from sentinel_cli.flink.referee import Answers, Functions, ModuleFunction, Referee
from sentinel_cli.flink.tables import FlinkTable, Row, flink_table
from sql import Pipeline

_LOCAL = Path(__file__).parent.parent / "local"
STAND_INS: dict[str, Answers | ModuleFunction] = {
    "ML_DETECT_ANOMALIES": ModuleFunction(_LOCAL / "anomalies.py", "detect_last"),
    "ML_PREDICT": ModuleFunction(_LOCAL / "explainer.py", "explain"),
    "AI_RUN_AGENT": ModuleFunction(_LOCAL / "triager.py", "triage"),
}
"""The embedded engine's own stand-ins for the managed functions, so that both engines ask the same."""


def run_stage(
    referee: Referee, pipeline: Pipeline, source: str, rows: Iterable[Row] | Path, functions: Functions | None = None
) -> dict[str, list[dict[str, Any]]]:
    """
    Run every INSERT that reads the table `source`, on rows or on a file of JSON lines; the rows of each sink.

    A file holds each time column `c` as `c_ms`, epoch milliseconds.

    Raises:
        EngineError: Flink refused a statement or failed.
    """
    statements = [s for s in pipeline.statements if s.kind == "insert" and source in s.reads]
    tables = [_table(pipeline, name) for name in sorted({source, *(s.writes for s in statements)})]
    known = {**STAND_INS, **(functions or {})}
    texts = [s.sql for s in statements]
    if isinstance(rows, Path):
        return referee.run_files(tables, texts, {source: rows}, known).rows
    return referee.run(tables, texts, {source: rows}, known).rows


def _table(pipeline: Pipeline, name: str) -> FlinkTable:
    return flink_table(pipeline.table(name), pipeline.watermarks.get(name))
