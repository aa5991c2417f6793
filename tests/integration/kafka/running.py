"""`sentinel run` in the tests: started, stopped, and compared with a replay of the same log."""

import signal
import subprocess
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from random import Random
from typing import Any

import orjson

Row = dict[str, Any]
ALERTS, ENRICHED = "sentinel.aml_alerts", "sentinel.aml_alerts_enriched"
DISPOSITIONS, LATE = "sentinel.alert_dispositions", "sentinel.transactions_late"
DAY = 86_400_000


def start(*options: str, within: Sequence[str] = ()) -> subprocess.Popen[str]:
    """The service, in the folder's own state, saying what it says into a file; `within` is a command that runs it."""
    command = [*within, sys.executable, "-m", "sentinel_cli", "run", "--state", "state", *options]
    with Path("run.log").open("a") as log:
        return subprocess.Popen(command, stderr=log, text=True)


def stop(process: subprocess.Popen[str], number: int = signal.SIGTERM) -> int:
    """End it by a signal; its exit code."""
    process.send_signal(number)
    return process.wait(timeout=90)


@contextmanager
def running(*options: str) -> Iterator[subprocess.Popen[str]]:
    """The service, stopped by SIGTERM at the end."""
    process = start(*options)
    try:
        yield process
    finally:
        code = stop(process)
        print(Path("run.log").read_text())
    assert code == 0


def replayed(lines: list[bytes], *options: str) -> list[Row]:
    """The alerts that a replay of the lines gives, in order of their ids."""
    Path("in.jsonl").write_bytes(b"\n".join(lines) + b"\n")
    command = [sys.executable, "-m", "sentinel_cli", "replay", "in.jsonl", "--out", "out.jsonl", *options]
    subprocess.run(command, check=True, capture_output=True)
    return by_id(map(orjson.loads, Path("out.jsonl").read_bytes().splitlines()))


def by_id(rows: Iterable[Row]) -> list[Row]:
    """Rows without what is NULL, in order of the alerts' ids."""
    present = [{name: value for name, value in row.items() if value is not None} for row in rows]
    return sorted(present, key=lambda row: str(row["alert_id"]))


def disordered(lines: list[bytes], seed: int, reach: int) -> list[bytes]:
    """Lines of which every other arrives up to `reach` lines later, late behind the watermark."""
    dice = Random(seed)
    places = [(n + dice.randrange(reach) * (dice.random() < 0.5), n) for n in range(len(lines))]
    return [lines[n] for _, n in sorted(places)]
