"""The prompts of alerts, rendered by the statements' own SQL: byte for byte what a model is asked on the platform."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sentinel_cli.local._run import Managed
from sentinel_cli.local.engine import Engine
from sentinel_cli.local.stand_ins import STAND_INS
from sql import Pipeline
from sql.topics import ALERTS, DISPOSITIONS, ENRICHED


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
    with Engine(pipeline, after=ALERTS, managed=managed) as engine:
        engine.append(ALERTS, alerts)
        engine.decide()
        enrichment, triage = engine.asked("ML_PREDICT"), engine.asked("AI_RUN_AGENT")
    ids = dict.fromkeys(alert["alert_id"] for alert in alerts)
    return [Prompts(alert_id, enrichment[alert_id], triage[alert_id]) for alert_id in ids]


def triage_prompts(pipeline: Pipeline, enriched: Sequence[Mapping[str, Any]]) -> dict[tuple[str, str], str]:
    """
    What the agent is asked of enriched alerts: its instructions, a line break, and its input.

    By alert id and prompt version, which is the pipeline's own. The alerts are rows of sentinel.aml_alerts_enriched
    with times as epoch milliseconds; the rules on this machine are asked.
    """
    with Engine(pipeline, after=ENRICHED) as engine:
        engine.append(ENRICHED, enriched)
        engine.decide()
        asked, decided = engine.asked("AI_RUN_AGENT"), engine.rows(DISPOSITIONS)
    keys = [(row["alert_id"], row["prompt_version"]) for row in decided]
    return {key: f"{pipeline.agent_prompt}\n{asked[key[0]]}" for key in keys}
