"""The sections of the benchmark; sizes follow `events`, 5,000,000 in a full run."""

import json
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from statistics import median

from scripts.bench_figures import Figures
from scripts.bench_processes import first_alert, generate, json_file, measure, parquet_file, take_turns

TWO = ["structuring", "geo"]
THREE = [*TWO, "velocity"]
ROUNDS = 3


def replay_section(figures: Figures, folder: Path, events: int) -> None:
    """The embedded engine against Apache Flink: the mission's rules on the same file."""
    source, section = json_file(folder, events), "replay"
    forms = {"JSON": source, "Parquet": parquet_file(source)}
    configurations = {
        f"{form}, {threads} thread{'s'[: threads - 1]}, {len(rules)} rules": {
            "run": "embedded", "path": path, "rules": rules, "threads": threads
        }
        for form, path in forms.items() for threads in (1, 2) for rules in (TWO, THREE)
    }  # fmt: skip
    results = take_turns(configurations, ROUNDS)
    seconds = {name: figures.add(section, f"embedded, {name}", found, events) for name, found in results.items()}
    flink = measure("flink", source, rules=TWO)
    on_flink = figures.add(section, "Apache Flink, JSON, 2 rules", [flink], events)
    found = [result["alerts"] for name in results if name.endswith("2 rules") for result in results[name]]
    figures.same(section, "alerts of 2 rules on Flink and embedded", flink["alerts"], *found)
    figures.at_least(section, "JSON, 1 thread, to Flink", on_flink / seconds["JSON, 1 thread, 2 rules"], 5)
    figures.at_least(
        section, "Parquet, 2 threads, to Flink's JSON", on_flink / seconds["Parquet, 2 threads, 2 rules"], 10
    )
    for form in forms:
        name = f"{form}, 1 thread, 3 rules"
        figures.at_most(section, f"{name}, to 2 rules", seconds[name] / seconds[f"{form}, 1 thread, 2 rules"], 2)
        peak = max(result["peak_mb"] for result in results[name])
        figures.at_most(section, f"{name}, peak memory", peak, 1000, "MB")
    _velocity_on_flink(figures, folder, max(events // 25, 1))


def _velocity_on_flink(figures: Figures, folder: Path, events: int) -> None:
    """Flink calls a Python function for each window of velocity, which takes hours on the whole file: a smaller one."""
    source, section = json_file(folder, events), "replay"
    results = take_turns({"embedded": {"run": "embedded", "path": source, "rules": THREE, "threads": 1}}, ROUNDS)
    embedded = figures.add(
        section, f"embedded, JSON, 1 thread, 3 rules, {events:,} events", results["embedded"], events
    )
    flink = measure("flink", source, rules=THREE)
    on_flink = figures.add(section, f"Apache Flink, JSON, 3 rules, {events:,} events", [flink], events)
    figures.same(section, "alerts of 3 rules on Flink and embedded", flink["alerts"], results["embedded"][0]["alerts"])
    figures.at_least(section, f"JSON, 1 thread, 3 rules, {events:,} events, to Flink", on_flink / embedded, 5)


def polars_section(figures: Figures, folder: Path, events: int) -> None:
    """The embedded engine against the same two rules written by hand in Polars."""
    source, section = parquet_file(json_file(folder, events)), "polars"
    for threads in (1, 2):
        runs = {
            "embedded": {"run": "embedded", "path": source, "rules": TWO, "threads": threads},
            "Polars": {"run": "polars", "path": source, "polars_threads": threads},
        }
        results = take_turns(runs, ROUNDS)
        name = f"Parquet, {threads} thread{'s'[: threads - 1]}, 2 rules"
        seconds = {who: figures.add(section, f"{who}, {name}", found, events) for who, found in results.items()}
        figures.at_most(section, f"{name}, time to Polars", seconds["embedded"] / seconds["Polars"], 2)
        mine = alert_windows(results["embedded"][0]["alerts"])
        figures.same(section, f"{name}: windows, counts and totals", results["Polars"][0]["alerts"], mine)


def alert_windows(alerts: Sequence[str]) -> list[str]:
    """Alerts as Polars gives them: rule, account, window start, count and total in cents."""
    rows = []
    for row in map(json.loads, alerts):
        cents = None if row["total_amount"] is None else int(Decimal(row["total_amount"]) * 100)
        rows.append((row["rule_id"], row["account_id"], row["window_start"], row["transaction_count"], cents))
    return [json.dumps(row) for row in sorted(rows, key=lambda row: row[:3])]


def steps_section(figures: Figures, folder: Path, events: int) -> None:
    """
    The cost of a step as history grows: all rules, steps of a hundredth of the events.

    600 transactions to a customer, four months: the longest look-back, of a week, is full after the fourth step, and
    a step is not longer than it.
    """
    section, rows = "steps", max(events // 100, 1)
    source = parquet_file(json_file(folder, rows * 60, 600))
    found = measure("steps", source, rows=rows)
    figures.add(section, "all rules, in steps", [found], rows * 60)
    # The last step closes every window and is left out.
    around = {place: median(found["steps"][place - 3 : place + 2]) for place in (3, 20, 40, 57)}
    for place, seconds in around.items():
        figures.add(section, f"a step of {rows:,} rows around {place * rows:,}", [{"seconds": seconds}], rows)
    figures.at_most(section, "a step at the end, to one at the start", around[57] / around[3], 1.25)
    figures.at_most(section, "a step at the end, to one at a third", around[57] / around[20], 1.25)
    whole = measure("embedded", source, rules=None, threads=None)
    figures.add(section, "all rules, as one replay", [whole], rows * 60)
    figures.same(section, "alerts of the steps and of one replay", whole["alerts"], found["alerts"])


def generate_section(figures: Figures, folder: Path, events: int) -> None:
    """`sentinel generate` to a file."""
    wanted = max(events // 5, 1)
    results = [generate(folder / "generated.jsonl", wanted, max(wanted // 200, 1)) for _ in range(ROUNDS)]
    seconds = figures.add("generate", f"{wanted:,} events to a file", results, wanted)
    figures.at_least("generate", "events a second", wanted / seconds, 200_000, "events/s")


def demo_section(figures: Figures, _folder: Path, _events: int) -> None:
    """From the start of the process to the demo's first alert."""
    seconds = figures.add("demo", "start of the process to first alert", [first_alert() for _ in range(5)])
    figures.at_most("demo", "start of the process to first alert", seconds, 1.5, "s")


def program_section(figures: Figures, _folder: Path, _events: int) -> None:
    """The Pulumi program's part of a preview: its process from start to end, the engine's side answering at once."""
    from tests.stacks.recorder import record
    from tests.stacks.stack_configs import SECRETS, config_of

    for stack in ("dev", "prod"):
        runs = [record(config_of(stack), SECRETS["azureopenai"], stack=stack, dry_run=True) for _ in range(5)]
        seconds = figures.add("program", f"preview of {stack}", [{"seconds": run.seconds} for run in runs])
        figures.at_most("program", f"the program's part of a preview of {stack}", seconds, 2, "s")
