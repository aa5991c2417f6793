"""One call of a model, as it was made and answered."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal


@dataclass(frozen=True)
class Call:
    """What a model was asked for one alert, and what came of it."""

    stage: Literal["enrichment", "triage"]
    session: str
    """The alert's id for triage; empty for enrichment, whose function is not told it."""
    prompt: str
    provider: str
    model: str
    parameters: Mapping[str, object]
    answer: str | None
    """As it came; None where there was none."""
    status: str
    latency_ms: int
    input_tokens: int | None
    output_tokens: int | None
    cost: Decimal | None
    """USD; None where no price is known."""
    time: int
    """When it was answered, epoch ms."""
