"""The prompts of alerts, rendered by the statements' own SQL: byte for byte what a model is asked on the platform."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sentinel_cli.local._run import Answers, Managed
from sentinel_cli.local.engine import Engine
from sentinel_cli.local.stand_ins import STAND_INS
from sql import Pipeline
from sql.topics import ALERTS, ENRICHED


@dataclass(frozen=True)
class Prompts:
    """What both models are asked of one alert."""

    alert_id: str
    enrichment: str
    """Instructions and facts, in one text."""
    triage: str
    """The facts and the summary; the agent's instructions are its own, in sql/ai/prompts/triage.txt."""


class EnrichmentPrompts:
    """
    The prompts of alerts as the SQL writes them.

    ML_PREDICT is not told whose prompt it is given: the statement runs a second time, and is answered with numbers.
    """

    def __init__(self, pipeline: Pipeline) -> None:
        self._prompts: list[str] = []
        self._engine = Engine(pipeline, after=ALERTS, until=ENRICHED, managed={"ML_PREDICT": self._number})

    def of(self, alerts: Sequence[Mapping[str, Any]]) -> dict[str, str]:
        """The prompt of each alert, by its id."""
        self._prompts.clear()
        self._engine.append(ALERTS, alerts)
        self._engine.decide()
        rows = self._engine.rows(ENRICHED)
        self._engine.clear()
        return {row["alert_id"]: self._prompts[int(row["summary"])] for row in rows}

    def _number(self, arguments: Sequence[tuple[str, ...]]) -> Answers:
        first = len(self._prompts)
        self._prompts.extend(prompt for _, prompt in arguments)
        return [[(str(n),)] for n in range(first, len(self._prompts))]


def rendered_prompts(
    pipeline: Pipeline, alerts: Sequence[Mapping[str, Any]], managed: Mapping[str, Managed] = STAND_INS
) -> list[Prompts]:
    """
    The prompts of alerts, the first of each id, in their order; `managed` answers, the summary among it.

    Alerts are rows of sentinel.aml_alerts with times as epoch milliseconds, and a pipeline that starts nowhere later.
    """
    requests: dict[str, str] = {}

    def run_agent(arguments: Sequence[tuple[str, ...]]) -> Answers:
        requests.update({alert_id: request for _, request, alert_id in arguments})
        return managed["AI_RUN_AGENT"](arguments)

    with Engine(pipeline, after=ALERTS, managed={**managed, "AI_RUN_AGENT": run_agent}) as engine:
        engine.append(ALERTS, alerts)
        engine.decide()
    enrichment = EnrichmentPrompts(pipeline).of(alerts)
    ids = dict.fromkeys(alert["alert_id"] for alert in alerts)
    return [Prompts(alert_id, enrichment[alert_id], requests[alert_id]) for alert_id in ids]
