"""
Count what is lost and what comes twice when things fail at random moments; print a table in Markdown.

    uv run --group dev python scripts/faults.py [--runs 20] [--only run_killed,...] [--json FILE]

The faults are those of the tests, on a broker and a registry of their own; a fault takes half a minute, one in which
the broker is away for a minute longer. Each run has a seed: its number. With --json, runs that stand in the file are
not done again, so that it can be gone on with.
"""

import argparse
import json
import os
import signal
import sys
import tempfile
from collections.abc import Callable, Sequence
from contextlib import chdir
from pathlib import Path
from typing import Any

from sentinel_cli.broker.local import LocalBroker
from tests.integration.kafka import consume_faults, faults, produce_faults
from tests.integration.kafka.topics import connection, make_topics

Result = dict[str, Any]
_HEAD = ("command", "fault", "runs", "counted", "lost", "twice", "unaccounted", "to the file")


def main() -> None:
    """Run what was asked for, and print the table of all results."""
    parser = argparse.ArgumentParser(description="Faults, repeated.")
    parser.add_argument("--runs", type=int, default=20, help="runs of each fault (20)")
    parser.add_argument("--only", default=",".join(_FAULTS), help=f"faults: {','.join(_FAULTS)}")
    parser.add_argument("--json", type=Path, metavar="FILE", help="results so far, a line each; added to")
    options = parser.parse_args()
    if unknown := set(options.only.split(",")) - _FAULTS.keys():
        parser.error(f"--only: no fault {', '.join(sorted(unknown))}; there are {', '.join(_FAULTS)}")
    # A shell starts what runs in the background with SIGINT ignored, which the commands would inherit.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    known: list[Result] = []
    if options.json and options.json.is_file():
        known = [json.loads(line) for line in options.json.read_text().splitlines()]
    wanted = [(fault, seed) for seed in range(options.runs) for fault in options.only.split(",")]
    done = {(result["fault"], result["seed"]) for result in known}
    with tempfile.TemporaryDirectory(prefix="sentinel-faults-") as folder:
        known += _run([each for each in wanted if each not in done], Path(folder), options.json)
    print(_table(known))


def _run(wanted: Sequence[tuple[str, int]], folder: Path, log: Path | None) -> list[Result]:
    broker = LocalBroker(folder / "broker")
    results = []
    try:
        for fault, seed in wanted:
            result = {"fault": fault, "seed": seed, **_one(broker, fault, seed, folder / f"{fault}-{seed}")}
            print(json.dumps(result), file=sys.stderr)
            if log:
                with log.open("a") as file:
                    file.write(json.dumps(result) + "\n")
            results.append(result)
    finally:
        broker.delete()
    return results


def _one(broker: LocalBroker, fault: str, seed: int, home: Path) -> Result:
    """One fault, in a folder of its own and with topics made anew."""
    broker.start()
    make_topics(connection(broker))
    os.environ |= {**broker.settings(), "SENTINEL_LEDGER": str(home / "ledger.sqlite")}
    home.mkdir()
    with chdir(home):
        return _FAULTS[fault](broker, seed)


def _of_run(fault: faults.Fault) -> Callable[[LocalBroker, int], Result]:
    def count(broker: LocalBroker, seed: int) -> Result:
        found = faults.count(broker, fault, seed)
        return {
            "counted": 3 * found.expected,
            "lost": found.lost,
            "twice": found.twice,
            "unaccounted": found.unaccounted,
        }

    return count


def _of_produce(fault: Callable[[LocalBroker, int], produce_faults.Events]) -> Callable[[LocalBroker, int], Result]:
    def count(broker: LocalBroker, seed: int) -> Result:
        found = fault(broker, seed)
        return {"counted": found.taken, "lost": found.lost, "twice": found.twice, "to the file": found.undelivered}

    return count


def _of_consume(broker: LocalBroker, seed: int) -> Result:
    found = consume_faults.killed(broker, seed)
    return {"counted": found.expected, "lost": found.lost, "twice": found.again}


_FAULTS: dict[str, Callable[[LocalBroker, int], Result]] = {
    **{f"produce_{name}": _of_produce(fault) for name, fault in produce_faults.FAULTS.items()},
    "consume_killed": _of_consume,
    **{name: _of_run(fault) for name, fault in faults.FAULTS.items()},
}


def _table(results: Sequence[Result]) -> str:
    lines = [_HEAD, ["---"] * len(_HEAD)]
    for fault in dict.fromkeys(result["fault"] for result in results):
        found = [result for result in results if result["fault"] == fault]
        sums = [f"{sum(result[name] for result in found):,}" if name in found[0] else "-" for name in _HEAD[3:]]
        command = next((each for each in ("produce", "consume") if fault.startswith(f"{each}_")), "run")
        lines.append([command, fault.removeprefix(f"{command}_").replace("_", " "), str(len(found)), *sums])
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


if __name__ == "__main__":
    main()
