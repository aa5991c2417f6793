"""What is written down of one question that was put to a model, or to the rules in its place."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

Stage = Literal["enrichment", "triage"]
LOCAL = "local"
"""The provider of what rules answer."""


@dataclass(frozen=True)
class Call:
    """One question and what came of it, its repeats included; it holds no key."""

    stage: Stage
    session: str
    """The alert id that AI_RUN_AGENT was given; empty for ML_PREDICT."""
    prompt: str
    """The full text, the agent's prompt before a line break and the input."""
    provider: str
    """LOCAL where rules answered."""
    model: str
    """The model, or of Azure the deployment, that was asked; of rules the name that stands in the row."""
    parameters: Mapping[str, object]
    """What was asked for beside the text."""
    answer: str | None
    """As it came; None where none did."""
    status: str
    """SUCCESS, or why there is no answer of the model; `status.py` lists them."""
    latency_ms: int
    """From the first request to the end of the last, pauses between them included."""
    input_tokens: int | None
    """As the endpoint counted, of the request that was answered; None where it did not."""
    output_tokens: int | None
    cost: Decimal | None
    """US dollars by the price table; None where tokens or price are not known."""
    time: int
    """When it began, epoch milliseconds."""


OnCall = Callable[[Call], None]


def no_record(_: Call) -> None:
    """Write nothing down."""
