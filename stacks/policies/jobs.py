"""The INSERTs of a Flink statement, by itself or in a statement set, as syntax trees."""

import re
from collections.abc import Iterator

from pulumi_policy import ReportViolation, ResourceValidationArgs
from sqlglot import exp
from sqlglot.tokenizer_core import TokenType

from sql.dialect import Flink, parse
from sql.errors import PipelineError
from stacks.policies.resources import FLINK_STATEMENT, known

ALERTS = "sentinel.aml_alerts"
_SPACE = r"(?:\s|--[^\n]*(?:\n|$)|/\*.*?\*/)*"
_SET = re.compile(rf"^{_SPACE}EXECUTE\s+STATEMENT\s+SET\s+BEGIN\b(.*)\bEND\s*;?\s*$", re.DOTALL | re.IGNORECASE)


def text_of(args: ResourceValidationArgs) -> str:
    """The SQL of a Flink statement; empty for any other resource."""
    return str(known(args.props, "statement") or "") if args.resource_type == FLINK_STATEMENT else ""


def inserts_of(args: ResourceValidationArgs, report: ReportViolation) -> Iterator[exp.Insert]:
    """The INSERTs that a resource submits; a text that cannot be read is reported, since it cannot be judged."""
    try:
        yield from inserts(text_of(args), str(known(args.props, "statementName") or args.name))
    except PipelineError as error:
        report(f"The text cannot be judged: {error}. Write it so that sql/dialect.py reads it.", None)


def inserts(text: str, name: str) -> Iterator[exp.Insert]:
    """
    The INSERTs of a statement or statement set.

    Raises:
        PipelineError: one of them cannot be parsed.
    """
    if is_set := _SET.match(text):
        text = is_set[1]
    for part in _parts(text):
        tree = parse(part, name)
        if isinstance(tree, exp.Insert):
            yield tree


def _parts(text: str) -> Iterator[str]:
    """What stands between semicolons, where it is an INSERT; nothing else of the pipeline moves rows."""
    start, first = 0, None
    for token in Flink().tokenize(text):
        first = first or token.token_type
        if token.token_type == TokenType.SEMICOLON:
            if first == TokenType.INSERT:
                yield text[start : token.start]
            start, first = token.end + 1, None
    if first == TokenType.INSERT:
        yield text[start:]


def target(insert: exp.Insert) -> str:
    """The table that an INSERT writes."""
    table = insert.find(exp.Table)
    return table.name if table else ""


def written(insert: exp.Insert) -> dict[str, exp.Expr]:
    """What is written to each column that the INSERT names; empty where it names none."""
    columns = [column.name for column in insert.this.expressions] if isinstance(insert.this, exp.Schema) else []
    return dict(zip(columns, insert.expression.selects, strict=False))
