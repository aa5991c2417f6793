"""Every rule that writes alerts is in the catalogue, with who answers for it, why it is there and since when."""

import tomllib
from collections.abc import Iterator
from datetime import date
from pathlib import Path

from pulumi_policy import ReportViolation, ResourceValidationArgs, ResourceValidationPolicy
from sqlglot import exp

import sql
from sql.topics import ALERTS
from stacks.policies.jobs import inserts_of, target, written

RULES = Path(str(sql.__file__)).parent / "rules"
"""The rules that the program deploys; the deployed text has no owner, and its parameters are filled in."""
TEXTS = {
    "owner": "who answers for it",
    "rationale": "why it is there",
    "citation": "the law or guidance that its typology belongs to",
}


def rules_of(args: ResourceValidationArgs) -> Iterator[str | None]:
    """The id of the rule of each job that writes alerts; None for one that writes no fixed id."""
    for insert in inserts_of(args):
        if target(insert) == ALERTS:
            value = written(insert).get("rule_id")
            literal = value.unalias() if value else None
            yield literal.name if isinstance(literal, exp.Literal) and literal.is_string else None


def findings(about: str, shown: str) -> Iterator[str]:
    """What a rule.toml leaves out."""
    try:
        declared = tomllib.loads(about)
    except tomllib.TOMLDecodeError as error:
        yield f"{shown}: {error}. Write it as CONTRIBUTING.md shows."
        return
    for key, meaning in TEXTS.items():
        if not str(declared.get(key, "")).strip():
            yield f"{shown}: {key} is missing. Write {meaning}."
    if type(declared.get("effective")) is not date:
        yield f"{shown}: effective is no date. Write since when the rule is in force, such as 2026-01-01."


def _validate(args: ResourceValidationArgs, report: ReportViolation) -> None:
    for rule in rules_of(args):
        if rule is None:
            report(
                f"A job writes {ALERTS} without a literal rule_id, so that no rule answers for its alerts. "
                "Deploy alerts only from a folder under sql/rules, and write :rule_id AS rule_id.",
                None,
            )
            continue
        path, shown = RULES / rule / "rule.toml", f"sql/rules/{rule}/rule.toml"
        if not path.is_file():
            report(f"The rule {rule} writes alerts, but there is no {shown}. Add it, or do not deploy the rule.", None)
            continue
        for message in findings(path.read_text(encoding="utf-8"), shown):
            report(message, None)


POLICY = ResourceValidationPolicy(
    name="rules-are-accounted-for",
    description="Every rule that writes alerts has an owner, a rationale, a citation and an effective date: "
    "an examiner asks who decided this, why, and since when.",
    validate=_validate,
)
