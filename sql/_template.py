"""Placeholders in Flink SQL: found by token, never inside a string, a quoted identifier or a comment."""

import re
from collections.abc import Iterator, Mapping

from sql.errors import PipelineError

_TOKEN = re.compile(
    r"""
      (?P<string>'(?:[^']|'')*')
    | (?P<identifier>`[^`]*`)
    | (?P<comment>--[^\n]*|/\*.*?\*/)
    | (?P<cast>::)
    | (?P<placeholder>(?<![\w:]):[a-z][a-z0-9_]*)
    """,
    re.VERBOSE | re.DOTALL,
)


def placeholders(text: str) -> Iterator[tuple[str, int]]:
    """Each placeholder of a template with the line it stands on, counted from 1."""
    for match in _TOKEN.finditer(text):
        if match.lastgroup == "placeholder":
            yield match[0][1:], text.count("\n", 0, match.start()) + 1


def quoted_tables(text: str) -> Iterator[tuple[str, int]]:
    """Each back-quoted `sentinel.` name of a template with the line it stands on."""
    for match in _TOKEN.finditer(text):
        if match.lastgroup == "identifier" and match[0].startswith("`sentinel."):
            yield match[0][1:-1], text.count("\n", 0, match.start()) + 1


def render(text: str, literals: Mapping[str, str], file: str) -> str:
    """
    The template with each placeholder replaced by its literal.

    Raises:
        PipelineError: a placeholder has no value.
    """
    for name, line in placeholders(text):
        if name not in literals:
            raise PipelineError(f"{file}:{line}: the parameter :{name} is not declared; known are {_list(literals)}")
    return _TOKEN.sub(lambda m: literals[m[0][1:]] if m.lastgroup == "placeholder" else m[0], text)


def bare(text: str) -> str:
    """The text without comments, to tell what a statement is."""
    return _TOKEN.sub(lambda m: "" if m.lastgroup == "comment" else m[0], text).strip()


def _list(names: Mapping[str, str]) -> str:
    return ", ".join(sorted(names)) or "none"
