"""
What the benchmark runs in a process of its own, so that its memory is its own: `python bench_runs.py NAME JSON`.

Prints one JSON object: `seconds`, and but for Flink, which is another process, `cpu_seconds` and `peak_mb`. Rows of
alerts go to a file, one JSON value a line, sorted.
"""

import json
import resource
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb

from sentinel_cli.flink.pipeline import STAND_INS
from sentinel_cli.flink.referee import Referee
from sentinel_cli.flink.replay import write_epoch_file
from sentinel_cli.flink.tables import flink_table
from sentinel_cli.inputs import load_transactions
from sentinel_cli.local.engine import Engine
from sentinel_cli.replay import Request, replay
from sql import load_pipeline
from sql.topics import ALERTS, RAW
from tests.engines import comparable

Result = dict[str, Any]


def run_embedded(path: str, alerts: str, rules: list[str] | None, threads: int | None) -> Result:
    """`sentinel replay`; `seconds` are reading and running, as its summary says."""
    with replay(Request([path], rules=rules, threads=threads)) as outcome:
        used = _used()
        _write(alerts, comparable(outcome.alerts))
        return {"seconds": outcome.summary.seconds, **used}


def run_flink(path: str, alerts: str, rules: list[str] | None) -> Result:
    """The same statements on Apache Flink; `seconds` are those of the job, without start and planning."""
    pipeline = load_pipeline(rules=rules)
    statements = [s for s in pipeline.statements if s.kind == "insert" and RAW in s.reads]
    names = sorted({RAW, *(s.writes for s in statements)})
    tables = [flink_table(pipeline.table(name), pipeline.watermarks.get(name)) for name in names]
    with tempfile.TemporaryDirectory() as folder, Referee(timeout=7_200, long_runs=True) as flink:
        source = Path(folder, "transactions.jsonl")
        with duckdb.connect() as connection:
            load_transactions(connection, [path], arrived=datetime.now(UTC))
            write_epoch_file(connection, source)
        outcome = flink.run_files(tables, [s.sql for s in statements], {RAW: source}, STAND_INS)
    _write(alerts, comparable(outcome.rows[ALERTS]))
    return {"seconds": outcome.seconds}


def run_polars(path: str, alerts: str) -> Result:
    """Structuring and geo by hand."""
    from scripts.bench_polars import polars_alerts

    started = time.perf_counter()
    found = polars_alerts(Path(path))
    seconds, used = time.perf_counter() - started, _used()
    _write(alerts, map(json.dumps, found))
    return {"seconds": seconds, **used}


def run_steps(path: str, alerts: str, rows: int) -> Result:
    """Every rule over a file in steps of so many rows; `steps` are the seconds of each, without reading its rows."""
    with Engine(load_pipeline(), until=ALERTS, incremental=True) as engine:
        connection, steps = engine.connection, []
        load_transactions(connection, [path], arrived=datetime.now(UTC))
        (end,) = connection.execute("SELECT max(__seq) + 1 FROM arrived_transactions").fetchall()[0]
        for start in range(0, end, rows):
            part = f"SELECT * FROM arrived_transactions WHERE __seq >= {start} AND __seq < {start + rows}"
            connection.execute(f"CREATE OR REPLACE TEMP TABLE arrived_now AS {part}")
            started = time.perf_counter()
            engine.step("arrived_now", is_last=start + rows >= end)
            steps.append(time.perf_counter() - started)
        used = _used()
        _write(alerts, comparable(engine.rows(ALERTS)))
    return {"seconds": sum(steps), **used, "steps": steps}


def _write(path: str, lines: Iterable[str]) -> None:
    Path(path).write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")


def _used() -> Result:
    """The process's CPU seconds so far, user and system, and its peak resident memory in MB (10^6 bytes)."""
    unit = 1 if sys.platform == "darwin" else 1024
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
    return {"cpu_seconds": time.process_time(), "peak_mb": round(peak / 1e6)}


def main() -> None:
    runs: dict[str, Callable[..., Result]] = {
        "embedded": run_embedded,
        "flink": run_flink,
        "polars": run_polars,
        "steps": run_steps,
    }
    print(json.dumps(runs[sys.argv[1]](**json.loads(sys.argv[2]))))


if __name__ == "__main__":
    main()
