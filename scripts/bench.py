"""
Measure the embedded engine, the commands on Kafka, calls to a model and the Pulumi program; print tables in Markdown.

    uv run --group dev python scripts/bench.py [--events 5000000] [--only replay,polars,...] [--json FILE]

Every run has a process of its own, on files made at the start (4 GB of temporary space for five million transactions).
Runs that are compared take turns, and their medians are compared: other work on the machine then falls on all of them.
"""

import argparse
import json
import os
import platform
import sys
import tempfile
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

from scripts.bench_figures import Figures, tables
from scripts.bench_model import model_section
from scripts.bench_produce import produce_section
from scripts.bench_sections import (
    demo_section,
    generate_section,
    polars_section,
    program_section,
    replay_section,
    steps_section,
)
from scripts.bench_service import memory_section, service_section

SECTIONS = {
    "replay": replay_section,
    "polars": polars_section,
    "steps": steps_section,
    "generate": generate_section,
    "produce": produce_section,
    "service": service_section,
    "memory": memory_section,
    "model": model_section,
    "demo": demo_section,
    "program": program_section,
}


def main() -> None:
    """Measure what was asked for."""
    parser = argparse.ArgumentParser(description="Benchmark; sizes follow --events.")
    parser.add_argument("--events", type=int, default=5_000_000, help="transactions of a replay (5000000)")
    parser.add_argument("--only", default=",".join(SECTIONS), help=f"sections: {','.join(SECTIONS)}")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all figures here")
    options = parser.parse_args()
    if unknown := set(options.only.split(",")) - SECTIONS.keys():
        parser.error(f"--only: no section {', '.join(sorted(unknown))}; there are {', '.join(SECTIONS)}")
    figures, machine = Figures(), _machine()
    with tempfile.TemporaryDirectory(prefix="sentinel-bench-") as folder:
        for section in options.only.split(","):
            SECTIONS[section](figures, Path(folder), options.events)
    machine["load_after"] = _load()
    print(f"{json.dumps(machine)}\n\n{tables(figures)}")
    if options.json:
        found = {"command": sys.argv, "machine": machine, **asdict(figures)}
        options.json.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")


def _machine() -> dict[str, object]:
    return {
        "date": datetime.now(UTC).date().isoformat(),
        "machine": f"{platform.system()} {platform.machine()}",
        "cores": os.cpu_count(),
        "memory_gb": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9),
        "python": platform.python_version(),
        "load_before": _load(),
    }


def _load() -> float:
    """Processes that wanted a core, mean of the last minute."""
    return round(os.getloadavg()[0], 2)


if __name__ == "__main__":
    main()
