"""The managed table functions on one machine: deterministic, without a model."""

from collections.abc import Sequence

from sentinel_cli.local._run import Answers, Managed
from sentinel_cli.local.explainer import explain
from sentinel_cli.local.triager import triage


def ml_predict(arguments: Sequence[tuple[str, ...]]) -> Answers:
    """ML_PREDICT(model, prompt): one row with the summary."""
    return [[(explain(prompt),)] for _, prompt in arguments]


def ai_run_agent(arguments: Sequence[tuple[str, ...]]) -> Answers:
    """AI_RUN_AGENT(agent, prompt, key): one row of status and response."""
    return [[triage(prompt)] for _, prompt, _ in arguments]


STAND_INS: dict[str, Managed] = {"ML_PREDICT": ml_predict, "AI_RUN_AGENT": ai_run_agent}
