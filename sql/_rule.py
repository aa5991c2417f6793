"""Rules: one folder each, with what the rule is and why."""

from dataclasses import dataclass
from datetime import date
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from sql._files import read_toml
from sql._parameters import Parameter, Value


class RuleFile(BaseModel):
    """What rule.toml declares."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    typology: str
    owner: str
    rationale: str
    citation: str
    jurisdiction: str
    effective: date
    parameters: dict[str, Parameter]


@dataclass(frozen=True)
class Rule:
    """A detection rule with the values of its parameters."""

    id: str
    about: RuleFile
    values: dict[str, Value]
    version: str
    """First 8 hex digits of SHA-256 over the rule's SQL with its parameters."""
    folder: Path


def read_rule(folder: Path) -> RuleFile:
    """What a rule's folder declares; PipelineError if rule.toml is not as it should be."""
    return read_toml(folder / "rule.toml", RuleFile)
