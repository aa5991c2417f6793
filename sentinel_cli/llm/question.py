"""What is put to a model."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sentinel_cli.llm.call import Stage


@dataclass(frozen=True)
class Question:
    """One call of ML_PREDICT or AI_RUN_AGENT."""

    stage: Stage
    object: str
    """The model or agent that the SQL names."""
    session: str
    """The alert id that AI_RUN_AGENT is given, no part of the text; empty for ML_PREDICT."""
    system: str
    """The agent's prompt; empty for ML_PREDICT, whose prompt is in the input."""
    input: str

    @property
    def messages(self) -> list[Any]:
        """The text as chat messages."""
        system = [{"role": "system", "content": self.system}] if self.system else []
        return [*system, {"role": "user", "content": self.input}]

    @property
    def text(self) -> str:
        """The text in one piece."""
        return f"{self.system}\n{self.input}" if self.system else self.input


def enrichment(arguments: Sequence[str]) -> Question:
    """The question of ML_PREDICT(model, input)."""
    model, text = arguments
    return Question("enrichment", model, "", "", text)


def triage(arguments: Sequence[str], agent_prompt: str) -> Question:
    """The question of AI_RUN_AGENT(agent, input, session)."""
    agent, text, session = arguments
    return Question("triage", agent, session, agent_prompt, text)
