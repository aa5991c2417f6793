"""One decision as the ledger keeps it."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from types import UnionType
from typing import Any, Literal, get_args, get_origin, get_type_hints

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
        return canonical({"id": self.id, **{name: getattr(self, name) for name in _KINDS}})


def read_record(content: str) -> Record:
    """
    The record of a content, if it is one and written as `content` writes it.

    Raises:
        ValueError: it is none, whatever it is.
    """
    try:
        found = json.loads(content)
        record = Record(**{name: found[name] for name in _KINDS})
        is_one = all(_fits(found[name], kind) for name, kind in _KINDS.items()) and record.content() == content
    except (ValueError, TypeError, KeyError, RecursionError):
        is_one = False
    if not is_one or any(isinstance(value, dict | list) for value in record.result.values()):
        raise ValueError("it is no record")
    return record


def canonical(value: object) -> str:
    """A value as JSON with one form only: keys sorted, no blanks, ASCII alone, whatever a model may have answered."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False)


def _fits(value: object, kind: Any) -> bool:
    """Whether a value of JSON is of an annotation's kind; true is no number."""
    if get_origin(kind) is UnionType:
        return any(_fits(value, each) for each in get_args(kind))
    if get_origin(kind) is Literal:
        return value in get_args(kind)
    return type(value) is (dict if get_origin(kind) is Mapping else kind)


_KINDS = get_type_hints(Record)
