"""The demo: a synthetic stream through the whole pipeline in this process, alerts as they fire."""

import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sentinel_cli.generator import Mode
from sentinel_cli.generator import generate as open_stream
from sentinel_cli.ledger.recorder import Recorder, recording
from sentinel_cli.llm.functions import Answering, find_answering
from sentinel_cli.llm.rules import never
from sentinel_cli.local.engine import Engine, join_cases
from sentinel_cli.scoring import Label
from sql import load_pipeline
from sql.topics import DISPOSITIONS, ENRICHED, RAW

_STEPS = 16
"""Steps into which the stream is cut, at the least: how often the screen moves."""


@dataclass(frozen=True)
class Progress:
    """What one step of the stream brought."""

    transactions: int
    """Taken so far, heartbeats not counted."""
    watermark: datetime | None
    cases: list[dict[str, Any]]
    """Alerts with summary and disposition, in the order in which they were decided."""
    seconds: float
    """Since the demo began."""


class Demo:
    """A seeded stream and the pipeline that runs over it."""

    recorder: Recorder | None = None
    """Writes each decision down before it is given."""

    def __init__(self, events: int, customers: int, mode: Mode, seed: int, lap: int = 0) -> None:
        self.started = time.perf_counter()
        self.events = events
        self.stream = open_stream(events, customers, mode, seed, lap)
        self.labels: tuple[Label, ...] = self.stream.labels
        self.counts: dict[str, int] = {}

    def run(self, answering: Answering | None = None, stopping: Callable[[], bool] = never) -> Iterator[Progress]:
        """
        Take the stream step by step; the closing heartbeat ends the last window.

        Args:
            answering: Who explains and triages, and tells the recorder of it; else whoever is configured.
            stopping: Whether to give up what a model is asked.

        Raises:
            StoppedError: `stopping` said so while a model was asked.
            LedgerError: what was decided cannot be recorded.
        """
        from sentinel_cli.inputs import load_transactions

        pipeline = load_pipeline()
        if answering is None:
            answering = self.recorder.answering(pipeline) if self.recorder else find_answering(pipeline)
        with (
            tempfile.TemporaryDirectory() as folder,
            answering.functions(stopping) as managed,
            Engine(pipeline, incremental=True, managed=managed) as engine,
        ):
            path = Path(folder, "stream.jsonl")
            path.write_bytes(b"".join(self.stream.blocks()))
            load_transactions(engine.connection, [str(path)], arrived=datetime.now(UTC))
            size = min(5_000, max(1, -(-self.events // _STEPS)))
            seen = 0
            for start in range(0, self.events + 1, size):
                batch = f"(SELECT * FROM arrived_transactions WHERE __seq >= {start} AND __seq < {start + size})"
                with recording(self.recorder, engine):
                    engine.step(batch, is_last=start + size > self.events)
                cases = join_cases({ENRICHED: engine.rows(ENRICHED), DISPOSITIONS: engine.rows(DISPOSITIONS, seen)})
                seen += len(cases)
                cases.sort(key=lambda case: (case["detected_at"], case["alert_id"]))
                yield Progress(
                    min(start + size, self.events), _instant(engine.watermarks.get(0)), cases, self.elapsed()
                )
            tables = [table.name for table in engine.pipeline.tables if table.name != RAW]
            self.counts = {table: engine.count(table) for table in tables}

    def elapsed(self) -> float:
        """Seconds since the demo began."""
        return time.perf_counter() - self.started


def _instant(watermark: int | None) -> datetime | None:
    return None if watermark is None else datetime.fromtimestamp(watermark / 1000, UTC)
