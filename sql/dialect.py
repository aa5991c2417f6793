"""
Flink SQL as sqlglot reads it.

The tokens are Flink's, the grammar is sqlglot's own: its compiled parser cannot be subclassed, and the compiled one
halves the start-up time. A table that is handed to a function, `TABLE x`, is read as the name `x`.
"""

import re
from datetime import timedelta

from sqlglot import exp, tokens
from sqlglot.dialects.dialect import Dialect
from sqlglot.errors import ParseError, SqlglotError
from sqlglot.parser import Parser
from sqlglot.tokenizer_core import Token, TokenType

from sql.errors import PipelineError


class Flink(Dialect):
    """Apache Flink's tokens: back-quoted identifiers, strings with doubled quotes, no backslash escapes."""

    class Tokenizer(tokens.Tokenizer):
        """Base tokens with Flink's quoting and type names."""

        IDENTIFIERS = ["`"]  # noqa: RUF012 (sqlglot's own declaration)
        KEYWORDS = {  # noqa: RUF012
            **tokens.Tokenizer.KEYWORDS,
            "BYTES": TokenType.VARBINARY,
            "STRING": TokenType.TEXT,
        }


_FLINK = Flink()


def parse(text: str, file: str) -> exp.Expr:
    """
    The syntax tree of one statement.

    Raises:
        PipelineError: the text is no SQL, or more than one statement.
    """
    try:
        trees = Parser(dialect=_FLINK).parse(_without_table_keyword(_FLINK.tokenize(text)), text)
    except ParseError as error:
        first = error.errors[0]
        raise PipelineError(f"{file}:{first['line']}: {first['description']} near {first['highlight']!r}") from None
    except SqlglotError as error:
        raise PipelineError(f"{file}: {str(error).splitlines()[0]}") from None
    if len(trees) != 1 or trees[0] is None:
        raise PipelineError(f"{file}: expected one statement, found {len(trees)}")
    return trees[0]


def _without_table_keyword(found: list[Token]) -> list[Token]:
    ends = (TokenType.COMMA, TokenType.R_PAREN)
    return [
        token
        for i, token in enumerate(found)
        if not (
            token.token_type == TokenType.TABLE
            and i + 2 < len(found)
            and found[i - 1].token_type == TokenType.L_PAREN
            and found[i + 2].token_type in ends
        )
    ]


def duration(node: exp.Expr, file: str) -> timedelta:
    """
    The length of an interval literal.

    Raises:
        PipelineError: the node is no interval literal in days to seconds.
    """
    text, unit = str(node.this.name) if node.this else "", str(node.args.get("unit") or "").upper()
    spans = re.fullmatch(r"(\d+) (\d\d):(\d\d):(\d\d)", text)
    if isinstance(node, exp.Interval) and unit == "DAY TO SECOND" and spans:
        days, hours, minutes, seconds = map(int, spans.groups())
        return timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)
    if isinstance(node, exp.Interval) and unit in _UNITS and text.isdigit():
        return timedelta(seconds=int(text) * _UNITS[unit])
    raise PipelineError(f"{file}: {node.sql()} is no interval such as INTERVAL '0 01:00:00' DAY TO SECOND")


_UNITS = {"SECOND": 1, "MINUTE": 60, "HOUR": 3_600, "DAY": 86_400}
