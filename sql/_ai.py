"""Names, prompts and files of the AI statements: a name carries the hash of what it stands for."""

import hashlib
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from sql._files import read_text, read_toml, shown
from sql._parameters import Parameter, Value, literal, resolve
from sql._template import bare, render

LOCAL_MODEL = "sentinel_llm_local"
LOCAL_AGENT = "sentinel_triage_agent_local"
_CALLS = {"enrichment": "ML_PREDICT(", "triage": "AI_RUN_AGENT("}
"""By prompt: what its statement calls with the text that it has put together."""


class _AiFile(BaseModel):
    model_config = ConfigDict(extra="forbid")

    parameters: dict[str, Parameter]


def ai_statements(folder: Path, provider: str | None) -> list[tuple[str, Path]]:
    """Name and file of each AI statement; without a provider there is neither model nor agent."""
    made = [("model", folder / f"model_{provider}.sql"), ("agent", folder / "agent.sql")] if provider else []
    return [*made, ("enrichment", folder / "enrichment.sql"), ("triage", folder / "triage.sql")]


def prompt_text(folder: Path, name: str) -> str:
    """The text of a prompt's file, as it stands in the statements."""
    return read_text(folder / "prompts" / f"{name}.txt")


def ai_values(folder: Path, given: Mapping[str, object]) -> dict[str, Value]:
    """The values of what ai.toml declares."""
    return resolve("ai", ai_parameters(folder), dict(given), shown(folder / "ai.toml"))


def ai_parameters(folder: Path) -> dict[str, Parameter]:
    """What ai.toml declares."""
    return read_toml(folder / "ai.toml", _AiFile).parameters


def ai_literals(folder: Path, given: Mapping[str, object], provider: str | None) -> dict[str, str]:
    """
    The literals of the AI statements, and the two expressions that both of them render an alert with.

    A model is named by its options, an agent by its prompt, options and model: `CREATE ... IF NOT EXISTS` would
    silently keep an old one under an old name. A prompt's version stands for its text and for how an alert is rendered.
    """
    values = ai_values(folder, given)
    literals = {name: literal(value) for name, value in values.items()}
    literals["max_completion_tokens_text"] = literal(str(values["max_completion_tokens"]))
    literals["quality_control_below"] = literal(_share_of_hashes(values["quality_control_percent"]))
    literals["evidence_facts"] = bare(read_text(folder / "evidence.sql"))
    literals["alert_facts"] = bare(read_text(folder / "facts.sql"))
    for prompt, call in _CALLS.items():
        text = prompt_text(folder, prompt)
        literals[f"{prompt}_prompt"] = literal(text)
        rendering = bare(read_text(folder / f"{prompt}.sql")).partition(call)[0]
        told = f"{text}{rendering}{literals['evidence_facts']}{literals['alert_facts']}"
        literals[f"{prompt}_prompt_version"] = literal(_hash(told))
    model, agent = LOCAL_MODEL, LOCAL_AGENT
    if provider:
        model = f"sentinel_llm_{_hash(_nameless(folder / f'model_{provider}.sql', literals))}"
        literals["model_object"] = f"`{model}`"
        agent = f"sentinel_triage_agent_{_hash(_nameless(folder / 'agent.sql', literals))}"
        literals["agent_object"] = f"`{agent}`"
    return literals | {"model_name": literal(model), "agent_name": literal(agent)}


def _share_of_hashes(percent: Value) -> str:
    """What the hexadecimal SHA-256 of this share of texts is below."""
    below = int(Decimal(str(percent)) * 2**256 / 100)
    return f"{below:064x}" if below < 2**256 else "g"


def _nameless(path: Path, literals: Mapping[str, str]) -> str:
    blank = {"model_object": "", "agent_object": ""}
    return render(read_text(path), {**blank, **literals}, shown(path))


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:8]
