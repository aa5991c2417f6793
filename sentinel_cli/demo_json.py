"""What the demo writes with --json; apart from the screen, because Rich takes 0.1 s to import."""

import sys
from typing import Any

import orjson

from sentinel_cli.demo import Demo
from sentinel_cli.outputs import json_line
from sentinel_cli.scoring import score


def show_json(demo: Demo) -> None:
    """Write each alert as it fires as one JSON object a line, and last an object with the summary."""
    cases: list[dict[str, Any]] = []
    first = None
    for progress in demo.run():
        for case in progress.cases:
            first = first or progress.seconds
            sys.stdout.buffer.write(json_line(case))
        sys.stdout.buffer.flush()
        cases += progress.cases
    found = {
        s.typology: {"planted": s.episodes.labelled, "found": s.episodes.found}
        for s in score(demo.labels, cases)
        if s.episodes
    }
    summary = {
        "transactions": demo.events,
        "tables": demo.counts,
        "episodes": found,
        "first_alert_seconds": first,
        "seconds": round(demo.elapsed(), 3),
    }
    sys.stdout.buffer.write(orjson.dumps({"summary": summary}) + b"\n")
