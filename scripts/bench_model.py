"""Calls a second to a model that takes 300 ms, ten at a time: a stand-in of the OpenAI API in its own process."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from scripts.bench_figures import Figures
from sentinel_cli.replay import Request, replay
from tests.deposits import deposits

ALERTS, LATENCY, PARALLELISM = 500, 0.3, 10
_RUNS = 3


def model_section(figures: Figures, folder: Path, _events: int) -> None:
    """Two calls for each alert, a summary and a decision, the second after the first; sizes do not follow `_events`."""
    section, path = "model", folder / "deposits.jsonl"
    path.write_bytes(b"\n".join(deposits(ALERTS)))
    request = Request([str(path)], until="dispositions", rules=["structuring_rolling"])
    results = []
    with _stand_in():
        for _ in range(_RUNS):
            with replay(request) as outcome:
                assert [row["model"] for row in outcome.rows] == ["openai/stand-in"] * ALERTS
                results.append({"seconds": outcome.summary.seconds})
    name = f"{2 * ALERTS:,} calls of {LATENCY * 1000:.0f} ms, {PARALLELISM} at a time"
    seconds = figures.add(section, name, results)
    possible = PARALLELISM / LATENCY
    figures.at_least(section, f"{name}: to what is possible, {possible:.1f}/s", 2 * ALERTS / seconds / possible, 0.9)


@contextmanager
def _stand_in() -> Iterator[None]:
    """The stand-in, and an environment that names it alone."""
    command = [sys.executable, "-m", "tests.sentinel_cli.llm.stand_in", str(LATENCY)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        os.environ |= {
            "SENTINEL_LLM_ENDPOINT": server.stdout.readline().strip(),
            "SENTINEL_LLM_MODEL": "stand-in",
            "SENTINEL_LLM_API_KEY": "made-up-key-of-a-benchmark",
            "SENTINEL_LLM_PARALLELISM": str(PARALLELISM),
        }
        try:
            yield
        finally:
            server.terminate()
