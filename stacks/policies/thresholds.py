"""No number that a rule decides by stands in its SQL: each is a parameter, with a meaning, bounds and an owner."""

import re
from collections.abc import Iterator

from pulumi_policy import ReportViolation, ResourceValidationArgs, ResourceValidationPolicy
from sqlglot import exp

from sql.dialect import parse
from sql.errors import PipelineError
from stacks.policies.accounted import RULES, rules_of

LONGEST_EVIDENCE = "50"
"""How many events an alert names: the contract of the table, not of a rule."""


def literals(sql: str, file: str) -> Iterator[tuple[int, str]]:
    """
    Line and text of each literal of a rule that is no parameter, though it holds a number.

    Allowed are, each in its place and nowhere else:
        DECIMAL(18, 2), TIMESTAMP_LTZ(3)             the precision of a type
        ARRAY_SLICE(..., 1, 50)                      the most evidence that an alert carries
        SUM(CASE WHEN ... THEN 1 ELSE 0 END)         a count of what the condition holds for
        ROW_NUMBER() ... AS n and n = 1              the first of several

    TRUE, FALSE and NULL hold no number. A text with a digit counts as one: '10000' compares as a number does.

    Raises:
        PipelineError: the text cannot be parsed.
    """
    tree = parse(sql, file)
    firsts = {alias.alias for alias in tree.find_all(exp.Alias) if alias.find(exp.RowNumber)}
    for interval in tree.find_all(exp.Interval):
        yield _line(interval.this), interval.sql()
    for literal in tree.find_all(exp.Literal):
        if re.search(r"\d", literal.name) and not _is_allowed(literal, firsts):
            yield _line(literal), _in_context(literal)


def _is_allowed(literal: exp.Literal, firsts: set[str]) -> bool:
    parent, value = literal.parent, literal.name
    match parent:
        case exp.DataTypeParam() | exp.Interval():
            return True  # an interval is reported whole
        case exp.ArraySlice():
            return (literal.arg_key, value) in {("start", "1"), ("end", LONGEST_EVIDENCE)}
        case exp.If() | exp.Case():
            return value in {"0", "1"} and literal.arg_key != "this" and _is_summed(parent)
        case exp.EQ():
            return value == "1" and parent.this.name in firsts
    return False


def _is_summed(branch: exp.Expr) -> bool:
    case = branch if isinstance(branch, exp.Case) else branch.parent
    return isinstance(case, exp.Case) and isinstance(case.parent, exp.Sum)


def _line(literal: exp.Expr | None) -> int:
    return int(literal.meta.get("line", 1)) if literal else 1


def _in_context(literal: exp.Literal) -> str:
    """The comparison, or the call, that the literal stands in."""
    inside = literal.find_ancestor(exp.Predicate, exp.Func) or literal
    text = inside.sql()
    return text if len(text) <= 80 else literal.sql()


def _validate(args: ResourceValidationArgs, report: ReportViolation) -> None:
    for rule in rules_of(args):
        path = RULES / str(rule) / "rule.sql"
        if path.is_file():
            for message in findings(path.read_text(encoding="utf-8"), f"sql/rules/{rule}/rule.sql"):
                report(message, None)


def findings(sql: str, shown: str) -> Iterator[str]:
    """What is wrong with a rule's file."""
    try:
        for line, text in literals(sql, shown):
            yield (
                f"{shown}:{line}: {text} holds a number of its own. "
                "Declare it under [parameters] in the rule.toml beside it, and write its name with a colon here."
            )
    except PipelineError as error:
        yield f"The rule cannot be judged: {error}"


POLICY = ResourceValidationPolicy(
    name="thresholds-are-parameters",
    description="Every number that a rule decides or windows by is a parameter: whoever answers for it can see it, "
    "bound it and change it per stack without touching the SQL.",
    validate=_validate,
)
