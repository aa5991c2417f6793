"""One decision as the ledger keeps it."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, fields
from functools import cached_property
from typing import Any, Literal

Stage = Literal["enrichment", "triage", "analyst"]


@dataclass(frozen=True)
class Record:
    """
    What was asked, what was answered, and what was made of it.

    Values are those of JSON; money is text, times are epoch ms.
    """

    alert_id: str
    stage: Stage
    prompt_version: str | None
    prompt: str | None
    """As it was sent, or rendered again where `parameters` say so; None of a person, or where it is not known."""
    provider: str
    """Who answered: a model's provider, `local` for the rules on this machine, `platform`, or `analyst`."""
    model: str
    parameters: Mapping[str, Any]
    answer: str | None
    """As it came."""
    status: str
    result: Mapping[str, Any]
    """What the SQL read in the answer: the columns of the summary, or of the disposition."""
    guard: str | None
    """Why the agent's decision was overruled; None where it stands."""
    latency_ms: int | None
    input_tokens: int | None
    output_tokens: int | None
    cost: str | None
    """USD."""
    time: int
    alert: Mapping[str, Any] | None
    """The enriched alert that triage read, by which the answer can be judged again."""

    @cached_property
    def id(self) -> str:
        """
        The same for one question, answer and outcome, so that a repeated transaction adds no second record.

        When and how fast it was answered, and by whom, does not count.
        """
        asked = [self.alert_id, self.stage, self.prompt]
        text = canonical([*asked, self.answer, self.status, self.result, self.guard])
        return hashlib.sha256(text.encode()).hexdigest()

    def content(self) -> str:
        """The record as canonical JSON, its id included."""
        return canonical({"id": self.id, **{name: getattr(self, name) for name in _NAMES}})


def read_record(content: str) -> Record:
    """
    The record of a content.

    Raises:
        ValueError: it is none.
    """
    found = json.loads(content)
    if not isinstance(found, dict) or not found.keys() >= _NAMES:
        raise ValueError("it is no record")
    return Record(**{name: found[name] for name in _NAMES})


def canonical(value: object) -> str:
    """A value as JSON with one form only: keys sorted, no blanks, ASCII alone, whatever a model may have answered."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False)


_NAMES = frozenset(field.name for field in fields(Record))
