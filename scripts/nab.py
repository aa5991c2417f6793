"""Print what the anomaly model finds on NAB series and on counts without anomaly: the tables of docs/anomalies.md."""

import csv
import gzip
import json
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from sentinel_cli.local.anomalies import DetectOptions, Flags, Floats, detect_anomalies

NAB = Path(__file__).parent.parent / "tests" / "data" / "nab"
CONFIDENCES = (99.0, 99.9)
PROBATION = 0.15  # NAB scores what follows the first 15 % of a series


def options(confidence: float) -> DetectOptions:
    return DetectOptions(16, 288, confidence, False)


def read_series(name: str) -> tuple[NDArray[np.datetime64], Floats]:
    with gzip.open(NAB / f"{name}.csv.gz", "rt") as file:
        rows = list(csv.DictReader(file))
    times = np.array([datetime.fromisoformat(row["timestamp"]) for row in rows], dtype="datetime64[us]")
    return times, np.array([float(row["value"]) for row in rows])


def alarms(partition: NDArray[np.int64], value: Floats, confidence: float) -> Iterator[tuple[str, Flags]]:
    found = detect_anomalies(partition, value, options(confidence))
    yield "above", (found["is_anomaly"] == 1) & (value > found["upper_bound"])
    yield "both sides", found["is_anomaly"] == 1


def print_series(name: str, labelled: list[list[str]]) -> None:
    times, value = read_series(name)
    scored = np.arange(len(value)) >= PROBATION * len(value)
    windows = [(times >= np.datetime64(begin)) & (times <= np.datetime64(end)) for begin, end in labelled]
    normal = scored & ~np.any([np.zeros_like(scored), *windows], axis=0)
    for confidence in CONFIDENCES:
        for side, alarm in alarms(np.zeros(len(value), dtype=np.int64), value, confidence):
            hits = sum(bool((alarm & scored & window).any()) for window in windows)
            false = 1000 * alarm[normal].mean()
            print(f"| {name} | {confidence} | {side} | {hits} of {len(windows)} | {false:.1f} |")


def arrivals(mean: float, rows: int) -> Floats:
    """Counts of independent arrivals, empty windows left out as TUMBLE leaves them out, by the inverse of their CDF."""
    terms = np.cumprod(np.concatenate(([np.exp(-mean)], mean / np.arange(1, 200))))
    below = (np.cumsum(terms) - terms[0]) / (1 - terms[0])
    return np.searchsorted(below, np.random.default_rng(0).random(rows)).astype(np.float64)


def print_counts(mean: float, accounts: int = 500, rows: int = 200) -> None:
    value = arrivals(mean, accounts * rows)
    partition = np.repeat(np.arange(accounts), rows)
    judged = partition == np.roll(partition, options(99.0).min_training_size)
    for confidence in CONFIDENCES:
        side, alarm = next(alarms(partition, value, confidence))
        print(f"| {mean} | {confidence} | {side} | {1000 * alarm[judged].mean():.1f} |")


def main() -> None:
    print("| series | confidence | alarm | labelled windows hit | false alarms per 1,000 points |")
    print("|---|---|---|---|---|")
    for path, labelled in json.loads((NAB / "windows.json").read_text()).items():
        print_series(Path(path).stem, labelled)
    print()
    print("| arrivals per window | confidence | alarm | false alarms per 1,000 windows |")
    print("|---|---|---|---|")
    for mean in (0.2, 1.0, 5.0, 20.0):
        print_counts(mean)


if __name__ == "__main__":
    main()
