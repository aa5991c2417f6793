"""Gives an alert its case: from the topics where they have it, else from the pipeline's SQL on this machine."""

from collections.abc import Callable, Sequence
from contextlib import ExitStack

from sentinel_cli.kafka.reading import Row, plain
from sentinel_cli.ledger.recorder import Recorder
from sentinel_cli.ledger.store import Ledger
from sentinel_cli.llm.functions import say_on_stderr
from sentinel_cli.local.engine import Engine, join_cases
from sql import Pipeline
from sql.topics import ALERTS, DISPOSITIONS, ENRICHED

_MANY = 5_000
"""Alerts decided elsewhere that the engine is told of at once, unless it has to decide before: a few cost as much."""


class Desk:
    """The enrichment and triage statements of the pipeline, run on alerts that nobody has decided; it records them."""

    def __init__(self, pipeline: Pipeline, ledger: Ledger, say: Callable[[str], None] = say_on_stderr) -> None:
        self.pipeline, self.recorder = pipeline, Recorder(ledger)
        self.answering = self.recorder.answering(pipeline, say)
        self._open = ExitStack()
        self._engine: Engine | None = None
        self._known: list[Row] = []
        """Alerts decided elsewhere that the engine has not been told of; others may repeat them."""

    @property
    def batch(self) -> int | None:
        """Alerts that are best decided together, where it matters."""
        return self.answering.batch

    def cases(self, found: Sequence[tuple[Row, Row | None, Row | None]]) -> list[Row]:
        """
        The case of each alert, of which summary and disposition are given as far as they are known.

        `enriched_by` and `decided_by` say where they are from: topic or local. LedgerError where it cannot be recorded.
        """
        made, prompts = self._summarise([alert for alert, summary, _ in found if not summary])
        # Of an alert dated before 1970 the statements make nothing.
        enriched = {a["alert_id"]: summary or made.get(a["alert_id"], a) for a, summary, _ in found}
        given = {alert["alert_id"]: disposition for alert, _, disposition in found if disposition}
        self._known += [row for alert_id, row in enriched.items() if alert_id in given]
        if len(self._known) >= _MANY:
            self._recall()
        read, decided = self._decide([row for alert_id, row in enriched.items() if alert_id not in given])
        self.recorder.record(prompts, [*made.values(), *read], decided)
        joined = join_cases({ENRICHED: list(enriched.values()), DISPOSITIONS: [*given.values(), *decided]})
        cases = {case["alert_id"]: case for case in joined}
        return [
            {
                **alert,
                **cases.get(alert["alert_id"], {}),
                "enriched_by": _from(summary),
                "decided_by": _from(disposition),
            }
            for alert, summary, disposition in found
        ]

    def close(self) -> None:
        """Let go of the engine and of the model."""
        self._open.close()
        self._engine = None

    def _summarise(self, alerts: Sequence[Row]) -> tuple[dict[str, Row], dict[str, str]]:
        """Alerts with a summary, and the prompts that asked for it, by alert."""
        if not alerts:
            return {}, {}
        engine = self._ready()
        engine.append(ALERTS, [plain(alert) for alert in alerts])
        engine.enrich()
        made, prompts = engine.rows(ENRICHED), engine.asked("ML_PREDICT")
        engine.clear()
        return {row["alert_id"]: row for row in made}, prompts

    def _recall(self) -> None:
        if self._known:
            self._ready().recall(ENRICHED, [plain(row) for row in self._known])
            self._known.clear()

    def _decide(self, enriched: Sequence[Row]) -> tuple[list[Row], list[Row]]:
        """What triage reads, and what it makes of it."""
        if not enriched:
            return [], []
        self._recall()
        engine = self._ready()
        engine.append(ENRICHED, [plain(row) for row in enriched])
        engine.decide()
        read, decided = engine.rows(ENRICHED), engine.rows(DISPOSITIONS)
        engine.clear()
        return read, decided

    def _ready(self) -> Engine:
        if self._engine is None:
            managed = self._open.enter_context(self.answering.functions())
            self._engine = self._open.enter_context(Engine(self.pipeline, after=ALERTS, managed=managed))
        return self._engine


def _from(row: Row | None) -> str:
    return "topic" if row else "local"
