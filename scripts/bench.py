"""
Benchmarks: a table and JSON, every figure of one run on one machine.

    uv run --group dev python scripts/bench.py [--events N] [--flink-events N] [--json FILE] [--only demo,replay,...]

Each measured run is a process of its own, so that its memory is its own. Ratios are the point; the rest is the machine.
"""

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb

MISSION = ("structuring", "velocity", "geo")
SENTINEL = str(Path(sys.executable).parent / "sentinel")
Figures = dict[str, Any]


def replay_embedded(path: str, threads: int, rules: str) -> Figures:
    """One replay through the product's own path, in this process: seconds, peak memory and the alerts."""
    from sentinel_cli.replay import Request, replay
    from tests.engines import comparable

    request = Request([path], threads=threads, rules=rules.split(","))
    with replay(request) as outcome:
        figures = {"events": outcome.summary.rows_read, "seconds": outcome.summary.seconds}
        figures["mb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
        return figures | {"alerts": comparable(outcome.alerts)}


def replay_flink(path: str, _threads: int, rules: str) -> Figures:
    """The same on Apache Flink: seconds of the job, without its start."""
    from sentinel_cli.flink.pipeline import ALERTS, RAW, run_stage
    from sentinel_cli.flink.referee import Referee
    from sentinel_cli.flink.replay import write_epoch_file
    from sentinel_cli.inputs import load_transactions
    from sql import load_pipeline
    from tests.engines import comparable

    with tempfile.TemporaryDirectory() as folder, duckdb.connect() as connection:
        report = load_transactions(connection, [path], arrived=datetime.now(UTC))
        file = Path(folder, "events.jsonl")
        write_epoch_file(connection, file)
        with Referee(timeout=3_600, long_runs=True) as referee:
            pipeline = load_pipeline(rules=rules.split(","))
            started = time.perf_counter()
            rows = run_stage(referee, pipeline, RAW, file)
            seconds = time.perf_counter() - started
    return {"events": report.rows_read, "seconds": round(seconds, 2), "alerts": comparable(rows[ALERTS])}


def replay_polars(path: str, threads: int, _rules: str) -> Figures:
    """`structuring` and `geo` by hand, with the contract's checks: accounts and windows that fire."""
    os.environ["POLARS_MAX_THREADS"] = str(threads)
    import polars as pl

    started = time.perf_counter()
    amount, text = pl.col("amount"), pl.col
    sound = (
        text("event_id").str.len_chars().is_between(1, 64)
        & text("account_id").str.len_chars().is_between(1, 64)
        & text("customer_id").str.len_chars().is_between(1, 64)
        & (amount > 0)
        & (amount <= 1e12)
        & ((amount * 100).round() / 100 == amount)
        & text("currency").str.contains(r"^[A-Z]{3}$")
        & text("country").str.contains(r"^[A-Z]{2}$")
        & text("direction").is_in(["IN", "OUT"])
        & (text("transaction_type") != "HEARTBEAT")
        & (text("event_time") < int(time.time() * 1000) + 86_400_000)
    )
    events = pl.scan_parquet(path).filter(sound)

    def windows(frame: pl.LazyFrame, size: int, *aggregates: pl.Expr) -> pl.LazyFrame:
        return frame.group_by("account_id", (text("event_time") // size * size).alias("window_start")).agg(*aggregates)

    cash = events.filter(
        text("transaction_type").is_in(["CASH_DEPOSIT", "CASH_WITHDRAWAL", "EFT"]) & (text("currency") == "USD")
    )
    structuring = windows(
        cash, 3_600_000, pl.len().alias("n"), (amount < 10_000).sum().alias("below"), amount.sum().alias("total")
    )
    structuring = structuring.filter((text("n") >= 5) & (text("below") >= 4) & (text("total") >= 30_000))
    geo = windows(events, 1_800_000, text("country").n_unique().alias("countries")).filter(text("countries") >= 3)
    found = [frame.select("account_id", "window_start").collect().rows() for frame in (structuring, geo)]
    seconds = time.perf_counter() - started
    alerts = sorted([["structuring", *row] for row in found[0]] + [["geo", *row] for row in found[1]])
    return {
        "seconds": round(seconds, 2),
        "mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
        "alerts": alerts,
    }


def steps(path: str, _threads: int, _rules: str) -> Figures:
    """An incremental run of all rules in steps of 50,000 rows: what a step costs as history grows."""
    from sentinel_cli.inputs import load_transactions
    from sentinel_cli.local.engine import Engine
    from sql import load_pipeline
    from tests.engines import comparable

    size, cost = 50_000, list[float]()
    with Engine(load_pipeline(), until="sentinel.aml_alerts") as engine:
        report = load_transactions(engine.connection, [path], arrived=datetime.now(UTC))
        for start in range(0, report.rows_read, size):
            started = time.perf_counter()
            batch = f"(SELECT * FROM arrived_transactions WHERE __seq >= {start} AND __seq < {start + size})"
            engine.step(batch, is_last=start + size >= report.rows_read)
            cost.append(time.perf_counter() - started)
        alerts = comparable(engine.rows("sentinel.aml_alerts"))
    with Engine(load_pipeline(), until="sentinel.aml_alerts") as engine:
        load_transactions(engine.connection, [path], arrived=datetime.now(UTC))
        engine.replay("arrived_transactions")
        same = comparable(engine.rows("sentinel.aml_alerts")) == alerts
    marks = [mark for mark in (2, 10, 20, 30, 40, 50, 58) if mark + 2 < len(cost)]
    return {
        "same_as_replay": same,
        "alerts": len(alerts),
        "step_seconds": {m * size: round(statistics.median(cost[m - 2 : m + 3]), 3) for m in marks},
    }


WORKERS: dict[str, Callable[[str, int, str], Figures]] = {
    "embedded": replay_embedded,
    "flink": replay_flink,
    "polars": replay_polars,
    "steps": steps,
}


def measured(worker: str, path: Path, threads: int = 1, rules: tuple[str, ...] = MISSION) -> Figures:
    """The figures of a worker in a process of its own."""
    command = [sys.executable, __file__, "--worker", worker, str(path), str(threads), ",".join(rules)]
    done = subprocess.run(command, stdout=subprocess.PIPE, check=True, text=True)
    found: Figures = json.loads(done.stdout.splitlines()[-1])
    return found


def made(folder: Path, events: int, customers: int) -> dict[str, Path]:
    """A generated stream as JSON Lines and as Parquet."""
    lines, parquet = folder / f"{events}.jsonl", folder / f"{events}.parquet"
    with lines.open("wb") as file:
        subprocess.run(
            [SENTINEL, "generate", "--events", str(events), "--customers", str(customers)], stdout=file, check=True
        )
    with duckdb.connect() as connection:
        connection.execute(
            f"COPY (SELECT * FROM read_json('{lines}', format = 'newline_delimited')) TO '{parquet}' (FORMAT parquet)"
        )
    return {"json": lines, "parquet": parquet}


def bench_replay(folder: Path, events: int, flink_events: int) -> list[Figures]:
    """The mission's rules, embedded with 1 and 2 threads, against Apache Flink on the first so many events."""
    files, small = made(folder, events, events // 100), made(folder, flink_events, events // 100)
    flink = measured("flink", small["json"])
    flink_rate = flink["events"] / flink["seconds"]
    rows = [{"what": "Apache Flink 2.3", "input": "json", **flink, "rate": round(flink_rate)}]
    reference = measured("embedded", small["json"])
    rows[0]["same_alerts"] = reference["alerts"] == flink["alerts"]
    for name, path in files.items():
        for threads in (1, 2):
            run = measured("embedded", path, threads)
            rate = run["events"] / run["seconds"]
            rows.append(
                {
                    "what": f"embedded, {threads} threads",
                    "input": name,
                    **run,
                    "rate": round(rate),
                    "to_flink": round(rate / flink_rate, 1),
                }
            )
    without = measured("embedded", files["parquet"], 1, ("structuring", "geo"))
    rows.append({"what": "embedded, 1 thread, without velocity", "input": "parquet", **without})
    for threads in (1, 2):
        two = measured("embedded", files["parquet"], threads, ("structuring", "geo"))
        polars = measured("polars", files["parquet"], threads)
        found = [json.loads(alert) for alert in two["alerts"]]
        mine = sorted([a["rule_id"], a["account_id"], a["window_start"]] for a in found)
        rows.append({"what": f"structuring and geo, {threads} threads", "input": "parquet", **two})
        rows.append(
            {
                "what": f"the same in Polars, {threads} threads",
                "input": "parquet",
                **polars,
                "same_alerts": mine == sorted(polars["alerts"]),
                "embedded_to_polars": round(two["seconds"] / polars["seconds"], 2),
            }
        )
    return [{k: len(v) if k == "alerts" else v for k, v in row.items()} for row in rows]


def bench_steps(folder: Path, events: int) -> list[Figures]:
    """What a step costs; 500 customers, so that the state, which is bounded by the look-back, is full early."""
    return [measured("steps", made(folder, min(events, 3_000_000), 500)["parquet"])]


def bench_generate(folder: Path, _events: int) -> list[Figures]:
    """Events per second of `generate` to a file, start included."""
    times = []
    for _ in range(3):
        started = time.perf_counter()
        with (folder / "generated").open("wb") as file:
            subprocess.run(
                [SENTINEL, "generate", "--events", "1000000", "--customers", "5000"], stdout=file, check=True
            )
        times.append(time.perf_counter() - started)
    return [{"events_per_second": round(1_000_000 / statistics.median(times))}]


def bench_demo(_folder: Path, _events: int) -> list[Figures]:
    """From the start of the process to the first alert on its stdout, median of 5."""
    times = []
    for _ in range(6):
        started = time.perf_counter()
        with subprocess.Popen([SENTINEL, "demo", "--json"], stdout=subprocess.PIPE) as process:
            assert process.stdout is not None
            process.stdout.readline()
            times.append(time.perf_counter() - started)
            process.stdout.read()
    return [{"first_alert_seconds": round(statistics.median(times[1:]), 2)}]


def main() -> None:
    """Run the sections asked for, print each as it ends, and write all as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=5_000_000)
    parser.add_argument(
        "--flink-events", type=int, default=500_000, help="Flink calls Python for each window of velocity"
    )
    parser.add_argument("--json", type=Path)
    parser.add_argument("--only", default="demo,generate,replay,steps")
    parser.add_argument("--worker", nargs=4, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.worker:
        name, path, threads, rules = options.worker
        print(json.dumps(WORKERS[name](path, int(threads), rules)))
        return
    results: dict[str, list[Figures]] = {}
    with tempfile.TemporaryDirectory() as folder:
        for name in options.only.split(","):
            section = {"demo": bench_demo, "generate": bench_generate, "steps": bench_steps}.get(name)
            results[name] = (
                section(Path(folder), options.events)
                if section
                else bench_replay(Path(folder), options.events, options.flink_events)
            )
            for row in results[name]:
                print(name, " ".join(f"{key}={value}" for key, value in row.items()), flush=True)
    if options.json:
        options.json.write_text(json.dumps(results, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
