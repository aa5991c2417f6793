"""What the stack's own components record of themselves, for whoever reads a preview."""

from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic.alias_generators import to_camel

from sentinel_cli.preview.digest import UNKNOWN, Step
from sql.errors import InputError


class _Props(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel, extra="ignore", hide_input_in_errors=True)


P = TypeVar("P", bound=_Props)


class StatementProps(_Props):
    """Of `sentinel:stacks:Statement`; `look_back_seconds` is None where the preview does not show the component."""

    kind: str = ""
    look_back_seconds: int | None = None
    has_history: bool = False
    starts_at: str = ""
    reads_from: str = ""
    reads: list[str] = []
    writes: list[str] = []
    stopped: bool = False
    digest: str = ""

    @property
    def tables(self) -> set[str]:
        """The tables among what it reads; models and agents have no dot in their names."""
        return {name for name in self.reads if "." in name}


class TopicProps(_Props):
    """Of `sentinel:stacks:Topic`; a negative `retention_ms` is for ever."""

    topic: str = ""
    retention_ms: int = -1


def statement_props(step: Step | None) -> tuple[StatementProps, StatementProps]:
    """The props of a statement before and after; those of a deleted one stand on both sides.

    Raises InputError where they are not those of a statement.
    """
    if step is None:
        return StatementProps(), StatementProps()
    before = _parsed(StatementProps, step, step.old)
    return before, _parsed(StatementProps, step, step.new) if step.new_state else before


def topic_props(step: Step) -> TopicProps:
    """The props of a topic after the change. Raises InputError where they are not those of a topic."""
    return _parsed(TopicProps, step, step.new)


def _parsed(model: type[P], step: Step, inputs: dict[str, Any]) -> P:
    known = {name: value for name, value in inputs.items() if value != UNKNOWN}
    try:
        return model.model_validate(known)
    except ValidationError as error:
        name = error.errors(include_input=False)[0]["loc"][0]
        raise InputError(f"{name} of {step.type} {step.name} is not what this program knows: is it older?") from None
