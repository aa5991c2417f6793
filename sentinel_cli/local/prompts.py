"""The prompts of alerts, rendered by the statements' own SQL: byte for byte what a model is asked on the platform."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sentinel_cli.local._run import Answers, Managed
from sentinel_cli.local.engine import Engine
from sentinel_cli.local.stand_ins import STAND_INS
from sql import Pipeline
from sql.topics import ALERTS


@dataclass(frozen=True)
class Prompts:
    """What both models are asked of one alert."""

    alert_id: str
    enrichment: str
    """Instructions and facts, in one text."""
    triage: str
    """The facts and the summary; the agent's instructions are its own, in sql/ai/prompts/triage.txt."""


def rendered_prompts(
    pipeline: Pipeline, alerts: Sequence[Mapping[str, Any]], managed: Mapping[str, Managed] = STAND_INS
) -> list[Prompts]:
    """
    The prompts of alerts, the first of each id, in their order; `managed` answers, the summary among it.

    Alerts are rows of sentinel.aml_alerts with times as epoch milliseconds, and a pipeline that starts nowhere later.
    """
    asked: dict[str, list[tuple[str, ...]]] = {name: [] for name in managed}

    def noting(name: str) -> Managed:
        def note(arguments: Sequence[tuple[str, ...]]) -> Answers:
            asked[name] += arguments
            return managed[name](arguments)

        return note

    with Engine(pipeline, managed={name: noting(name) for name in managed}) as engine:
        engine.append(ALERTS, alerts)
        engine.decide()
    requests = {alert_id: request for _, request, alert_id in asked["AI_RUN_AGENT"]}
    ids = dict.fromkeys(alert["alert_id"] for alert in alerts)
    summarised = zip(ids, asked["ML_PREDICT"], strict=True)
    return [Prompts(alert_id, prompt, requests[alert_id]) for alert_id, (_, prompt) in summarised]
