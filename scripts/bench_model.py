"""
Calls a second to a model that takes 300 ms, ten at a time: a stand-in of the OpenAI API in its own process.

Once in a replay, and once in the service, which reads its alerts from a broker and commits what it makes of them.
"""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import orjson

from scripts.bench_figures import Figures, Result
from scripts.bench_service import counted, service
from sentinel_cli.broker.local import LocalBroker
from sentinel_cli.replay import Request, replay
from sql.topics import ALERTS as TOPIC
from tests.alerts import alert
from tests.deposits import deposits
from tests.integration.kafka.log import write
from tests.integration.kafka.topics import connection, make_topics

ALERTS, LATENCY, PARALLELISM = 500, 0.3, 10
BACKLOG = 2_000
"""Alerts that wait for the service: it takes more at a time once it knows how quick the model is."""
_RUNS = 3


def model_section(figures: Figures, folder: Path, _events: int) -> None:
    """Two calls for each alert, a summary and a decision, the second after the first; sizes do not follow `events`."""
    with _stand_in():
        _replay(figures, folder)
        _service(figures, folder / "model")


def _replay(figures: Figures, folder: Path) -> None:
    path = folder / "deposits.jsonl"
    path.write_bytes(b"\n".join(deposits(ALERTS)))
    request = Request([str(path)], until="dispositions", rules=["structuring_rolling"])
    results = []
    for _ in range(_RUNS):
        with replay(request) as outcome:
            assert [row["model"] for row in outcome.rows] == ["openai/stand-in"] * ALERTS
            results.append({"seconds": outcome.summary.seconds})
    _add(figures, "replay", ALERTS, results)


def _service(figures: Figures, home: Path) -> None:
    """From the first batch that is committed to the last."""
    broker = LocalBroker(home / "broker")
    try:
        broker.start()
        make_topics(connection(broker))
        waiting = (alert(number, total_amount=30_000 + number) for number in range(BACKLOG))
        write(broker, map(orjson.dumps, waiting), TOPIC)
        os.environ |= broker.settings()
        with service(home):
            while not (first := counted("dispositions")):
                time.sleep(0.5)
            begun = time.perf_counter()
            while counted("dispositions") < BACKLOG:
                time.sleep(0.5)
            seconds = time.perf_counter() - begun
    finally:
        broker.delete()
    _add(figures, "run", BACKLOG - first, [{"seconds": seconds}])


def _add(figures: Figures, command: str, alerts: int, results: list[Result]) -> None:
    name = f"{command}, {alerts:,} alerts, {LATENCY * 1000:.0f} ms a call, {PARALLELISM} at a time"
    rate, possible = 2 * alerts / figures.add("model", name, results), PARALLELISM / LATENCY
    figures.at_least("model", f"{name}: to what is possible, {possible:.1f} calls/s", rate / possible, 0.9)


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
