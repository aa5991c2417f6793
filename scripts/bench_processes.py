"""Inputs of the benchmark, and the processes that are measured."""

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import duckdb

from scripts.bench_figures import Result

RUNS = Path(__file__).with_name("bench_runs.py")
SENTINEL = Path(sys.executable).with_name("sentinel")
_COLUMNS = {
    **dict.fromkeys(("event_id", "account_id", "customer_id"), "VARCHAR"),
    "amount": "DOUBLE",
    **dict.fromkeys(("currency", "transaction_type", "direction", "country", "counterparty_id"), "VARCHAR"),
    "event_time": "BIGINT",
}


def json_file(folder: Path, events: int, per_customer: int = 100) -> Path:
    """Transactions as `sentinel generate` writes them, so many to a customer (a hundred: 20 days); made once."""
    path = folder / f"transactions-{events}-{per_customer}.jsonl"
    if not path.exists():
        generate(path, events, max(events // per_customer, 1))
    return path


def parquet_file(path: Path) -> Path:
    """The same transactions as Parquet: the contract's fields as they are, times as epoch milliseconds."""
    parquet = path.with_suffix(".parquet")
    if not parquet.exists():
        read = f"read_json('{path}', format = 'newline_delimited', columns = {_COLUMNS})"
        with duckdb.connect() as connection:
            connection.execute(f"COPY (SELECT * FROM {read}) TO '{parquet}' (FORMAT parquet)")
    return parquet


def generate(path: Path, events: int, customers: int) -> Result:
    """`sentinel generate` to a file; the start of the process counts."""
    command = [str(SENTINEL), "generate", "--events", str(events), "--customers", str(customers)]
    started = time.perf_counter()
    with path.open("wb") as stdout:
        subprocess.run(command, stdout=stdout, check=True)
    return {"seconds": time.perf_counter() - started}


def first_alert() -> Result:
    """`sentinel demo --json` up to its first line, the start of the process included."""
    started = time.perf_counter()
    with subprocess.Popen([str(SENTINEL), "demo", "--json"], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        alert = json.loads(process.stdout.readline())
        seconds = time.perf_counter() - started
        process.stdout.read()
    assert "alert_id" in alert
    return {"seconds": seconds}


def measure(run: str, path: Path, polars_threads: int | None = None, **arguments: Any) -> Result:
    """One run of bench_runs.py, with the lines of its alerts."""
    environment = {**os.environ, **({"POLARS_MAX_THREADS": str(polars_threads)} if polars_threads else {})}
    with tempfile.TemporaryDirectory() as folder:
        alerts = Path(folder, "alerts.jsonl")
        asked = json.dumps({"path": str(path), "alerts": str(alerts), **arguments})
        command = [sys.executable, str(RUNS), run, asked]
        answer = subprocess.run(command, env=environment, stdout=subprocess.PIPE, check=True)
        return {**json.loads(answer.stdout), "alerts": alerts.read_text(encoding="utf-8").splitlines()}


def take_turns(runs: Mapping[str, Mapping[str, Any]], rounds: int) -> dict[str, list[Result]]:
    """Measure each run once a round, so that other work on the machine falls on all of them."""
    results: dict[str, list[Result]] = {name: [] for name in runs}
    for number in range(rounds):
        for name, arguments in runs.items():
            print(f"round {number + 1} of {rounds}: {name}", file=sys.stderr)
            results[name].append(measure(**arguments))
    return results
