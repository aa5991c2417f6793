"""The INSERTs of a Flink statement, by itself or in a statement set, as syntax trees."""

import re
from collections.abc import Iterator

from pulumi_policy import ReportViolation, ResourceValidationArgs, ResourceValidationPolicy
from sqlglot import exp
from sqlglot.errors import SqlglotError
from sqlglot.tokenizer_core import TokenType

from sql.dialect import Flink, parse
from sql.errors import PipelineError
from stacks.policies.resources import FLINK_STATEMENT, known

_SPACE = r"(?:\s|--[^\n]*(?:\n|$)|/\*.*?\*/)*"
_SET = re.compile(rf"{_SPACE}EXECUTE\s+STATEMENT\s+SET\s+BEGIN\b(.*)\bEND\s*;?\s*$", re.DOTALL | re.IGNORECASE)
_DECLARES = re.compile(rf"{_SPACE}(?:ALTER\s+TABLE|CREATE\s+(?:MODEL|AGENT))\b", re.DOTALL | re.IGNORECASE)
"""What moves no rows; sqlglot has no grammar for it."""
_INSERTS = re.compile(rf"{_SPACE}INSERT\s+INTO\b", re.DOTALL | re.IGNORECASE)


def text_of(args: ResourceValidationArgs) -> str:
    """The SQL of a Flink statement; empty for any other resource."""
    return str(known(args.props, "statement") or "") if args.resource_type == FLINK_STATEMENT else ""


def inserts_of(args: ResourceValidationArgs) -> list[exp.Insert]:
    """The INSERTs that a resource submits; none where they cannot be read, which `statements-can-be-judged` reports."""
    try:
        return list(inserts(text_of(args), args.name))
    except PipelineError:
        return []


def inserts(text: str, name: str) -> Iterator[exp.Insert]:
    """
    The INSERTs of a statement or statement set.

    Raises:
        PipelineError: it is neither, nor one that only declares, or it cannot be parsed.
    """
    members = _SET.match(text)
    for part in _parts(members[1] if members else text, name):
        if members is None and _DECLARES.match(part):
            continue
        tree = parse(part, name) if _INSERTS.match(part) else None
        if not isinstance(tree, exp.Insert):
            # The text itself is not shown: it may hold a secret.
            expected = "INSERT INTO, EXECUTE STATEMENT SET, ALTER TABLE, CREATE MODEL or CREATE AGENT"
            raise PipelineError(f"{name}: expected one {expected}, found {' '.join(part.split()[:2])}")
        yield tree


def _parts(text: str, name: str) -> Iterator[str]:
    """What stands between semicolons, but for white space and comments."""
    try:
        tokens = Flink().tokenize(text)
    except SqlglotError as error:
        raise PipelineError(f"{name}: {str(error).splitlines()[0]}") from None
    start, is_empty = 0, True
    for token in tokens:
        if token.token_type == TokenType.SEMICOLON:
            if not is_empty:
                yield text[start : token.start]
            start, is_empty = token.end + 1, True
        else:
            is_empty = False
    if not is_empty:
        yield text[start:]


def target(insert: exp.Insert) -> str:
    """The table that an INSERT writes."""
    table = insert.find(exp.Table)
    return table.name if table else ""


def written(insert: exp.Insert) -> dict[str, exp.Expr]:
    """What is written to each column that the INSERT names; empty where it names none."""
    columns = [column.name for column in insert.this.expressions] if isinstance(insert.this, exp.Schema) else []
    return dict(zip(columns, insert.expression.selects, strict=False))


def _validate(args: ResourceValidationArgs, report: ReportViolation) -> None:
    if args.resource_type != FLINK_STATEMENT:
        return
    try:
        list(inserts(text_of(args), args.name))
    except PipelineError as error:
        report(f"{error}. Write it so that sql/dialect.py reads it.", None)


POLICY = ResourceValidationPolicy(
    name="statements-can-be-judged",
    description="Every statement inserts or declares, in a text that the pipeline's own parser reads: "
    "what the other policies cannot read they cannot judge.",
    validate=_validate,
)
