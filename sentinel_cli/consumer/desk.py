"""Gives an alert its case: from the topics where they have it, else from the pipeline's SQL on this machine."""

from collections.abc import Callable, Sequence
from contextlib import ExitStack

from sentinel_cli.kafka.reading import Row
from sentinel_cli.ledger.recorder import Recorder
from sentinel_cli.ledger.store import Ledger
from sentinel_cli.llm.functions import say_on_stderr
from sentinel_cli.local.engine import Engine, join_cases
from sentinel_cli.scoring import epoch_ms
from sql import Pipeline
from sql.topics import ALERTS, DISPOSITIONS, ENRICHED


class Desk:
    """The enrichment and triage statements of the pipeline, run on alerts that nobody has decided; it records them."""

    def __init__(self, pipeline: Pipeline, ledger: Ledger, say: Callable[[str], None] = say_on_stderr) -> None:
        self.pipeline, self.recorder = pipeline, Recorder(ledger)
        self.answering = self.recorder.answering(pipeline, say)
        self._open = ExitStack()
        self._engine: Engine | None = None

    @property
    def batch(self) -> int | None:
        """Alerts that are best decided together, where it matters."""
        return self.answering.batch

    def cases(self, found: Sequence[tuple[Row, Row | None, Row | None]]) -> list[Row]:
        """
        The case of each alert, of which summary and disposition are given as far as they are known.

        `enriched_by` and `decided_by` say where they are from: topic or local. LedgerError where it cannot be recorded.
        """
        missing = [(alert, summary) for alert, summary, disposition in found if not (summary and disposition)]
        made = {case["alert_id"]: case for case in self._decide(missing)}
        return [
            _case(alert, summary, disposition, made.get(alert["alert_id"])) for alert, summary, disposition in found
        ]

    def close(self) -> None:
        """Let go of the engine and of the model."""
        self._open.close()
        self._engine = None

    def _decide(self, alerts: Sequence[tuple[Row, Row | None]]) -> list[Row]:
        if not alerts:
            return []
        engine = self._ready()
        engine.append(ALERTS, [_plain(alert) for alert, summary in alerts if summary is None])
        engine.append(ENRICHED, [_plain(summary) for _, summary in alerts if summary is not None])
        engine.decide()
        made = {topic: engine.rows(topic) for topic in (ENRICHED, DISPOSITIONS)}
        prompts = engine.asked("ML_PREDICT")
        engine.clear()
        self.recorder.record(prompts, made[ENRICHED], made[DISPOSITIONS])
        return join_cases(made)

    def _ready(self) -> Engine:
        if self._engine is None:
            managed = self._open.enter_context(self.answering.functions())
            self._engine = self._open.enter_context(Engine(self.pipeline, after=ALERTS, managed=managed))
        return self._engine


def _case(alert: Row, summary: Row | None, disposition: Row | None, made: Row | None) -> Row:
    if summary and disposition:
        (case,) = join_cases({ENRICHED: [summary], DISPOSITIONS: [disposition]})
    else:
        case = (made or {}) | (disposition or {})
    sources = ("topic" if row else "local" for row in (summary, disposition))
    return {**alert, **case, **dict(zip(("enriched_by", "decided_by"), sources, strict=True))}


def _plain(row: Row) -> Row:
    """A row with its times as the engine takes them."""
    return {name: epoch_ms(value) if hasattr(value, "timestamp") else value for name, value in row.items()}
