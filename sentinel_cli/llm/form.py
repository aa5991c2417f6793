"""The parameters of a request: by the model's family, and by what the endpoint turned out to take."""

import json
import re
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any, Literal

from sentinel_cli.llm.call import Stage

_REASONS = re.compile(r"(?:[a-z]+\.)?(?:openai[./])?(?:gpt-(?:[5-9]|\d\d)(?!\S*-chat)|o\d)")
"""Names of models that reason: those take `max_completion_tokens`, and no temperature but their own."""
TokenParameter = Literal["max_completion_tokens", "max_tokens"]
Answers = Literal["json_schema", "json_object", "text"]
_NEXT: dict[Answers, Answers] = {"json_schema": "json_object", "json_object": "text"}


@dataclass(frozen=True)
class Form:
    """What requests look like; `after` gives the next to try when an endpoint refuses one."""

    tokens: TokenParameter
    has_temperature: bool
    answers: Answers = "json_schema"
    """How a disposition is asked for; a summary is text."""
    is_swapped: bool = False
    """Whether the other token parameter has been refused."""

    def parameters(self, stage: Stage, most: int) -> dict[str, Any]:
        """The parameters of a request for an answer of at most so many tokens."""
        parameters: dict[str, Any] = {self.tokens: most}
        if self.has_temperature:
            parameters["temperature"] = 0
        if stage == "triage" and self.answers == "json_object":
            parameters["response_format"] = {"type": "json_object"}
        if stage == "triage" and self.answers == "json_schema":
            schema = {"name": "disposition", "strict": True, "schema": _schema()}
            parameters["response_format"] = {"type": "json_schema", "json_schema": schema}
        return parameters

    def after(self, stage: Stage, parameter: str, message: str) -> "Form | None":
        """
        The form to try when a request was refused with HTTP 400; None where there is none left.

        Args:
            stage: What was asked for.
            parameter: The one that the endpoint names, if it names one.
            message: What it says.
        """
        said = parameter or message
        if self.has_temperature and "temperature" in said:
            return replace(self, has_temperature=False)
        if self.tokens in said and not self.is_swapped:
            other: TokenParameter = "max_tokens" if self.tokens == "max_completion_tokens" else "max_completion_tokens"
            return replace(self, tokens=other, is_swapped=True)
        # Whatever it says of response_format, or of nothing in particular: not every server knows why it refuses.
        if stage == "triage" and self.answers in _NEXT:
            return replace(self, answers=_NEXT[self.answers])
        return None


def first_form(family: str) -> Form:
    """What a model of this name takes, as far as its name says."""
    if _REASONS.match(family):
        return Form("max_completion_tokens", has_temperature=False)
    return Form("max_tokens", has_temperature=True)


@cache
def _schema() -> dict[str, Any]:
    path = Path(__file__).parent / "disposition.schema.json"
    schema: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return schema
