"""What a Flink statement reads, writes and makes, as far as its text says so without a parser."""

import re
from dataclasses import dataclass, field

_COMMENT_OR_QUOTED = re.compile(r"--[^\n]*|/\*.*?\*/|'(?:[^']|'')*'|`[^`]*`", re.DOTALL)
_PART = re.compile(r"(?:'(?:[^']|'')*'|`[^`]*`|[^;'`])+")
_SET = re.compile(r"EXECUTE\s+STATEMENT\s+SET\s+BEGIN\b(?P<body>.*)\bEND\s*;?\s*", re.DOTALL)
_KINDS = {
    "watermark": r"ALTER\s+TABLE\s+`(?P<name>[^`]+)`\s+MODIFY\s+WATERMARK\b",
    "options": r"ALTER\s+TABLE\s+`(?P<name>[^`]+)`\s+SET\b",
    "model": r"CREATE\s+MODEL\s+IF\s+NOT\s+EXISTS\s+`(?P<name>[^`]+)`",
    "agent": r"CREATE\s+AGENT\s+IF\s+NOT\s+EXISTS\s+`(?P<name>[^`]+)`",
    "insert": r"INSERT\s+INTO\s+`(?P<name>[^`]+)`",
}
_OPTION = re.compile(r"'([\w.$-]+)'\s*=\s*'((?:[^']|'')*)'")


@dataclass(frozen=True)
class StatementText:
    """One SQL statement."""

    kind: str
    """watermark, options, model, agent, insert, or `unknown`."""
    name: str = ""
    """The table, model or agent that it writes, alters or makes."""
    reads: frozenset[str] = frozenset()
    models: frozenset[str] = frozenset()
    agents: frozenset[str] = frozenset()
    options: dict[str, str] = field(default_factory=dict)


def read_statements(text: str) -> list[StatementText]:
    """The statements of a text: one, or those of a statement set."""
    code = _COMMENT_OR_QUOTED.sub(lambda m: "" if m[0].startswith(("--", "/*")) else m[0], text).strip()
    is_set = _SET.fullmatch(code)
    parts = [part for part in _PART.findall(is_set["body"] if is_set else code) if part.strip()]
    found = [_read(part.strip()) for part in parts]
    if is_set and any(one.kind != "insert" for one in found):
        return [StatementText("unknown")]
    return found if is_set or len(found) == 1 else [StatementText("unknown")]


def _read(code: str) -> StatementText:
    matches = ((kind, re.match(pattern, code)) for kind, pattern in _KINDS.items())
    kind, match = next(((kind, match) for kind, match in matches if match), ("unknown", None))
    if match is None:
        return StatementText(kind)
    rest = code[match.end() :]
    bare = re.sub(r"'(?:[^']|'')*'", "''", rest)
    used_by_agent = re.findall(r"USING\s+MODEL\s+`([^`]+)`", bare) if kind == "agent" else []
    return StatementText(
        kind,
        match["name"],
        frozenset(re.findall(r"`(sentinel\.[^`]+)`", bare)) if kind == "insert" else frozenset(),
        frozenset([*re.findall(r"ML_PREDICT\(\s*'([^']+)'", rest), *used_by_agent]),
        frozenset(re.findall(r"AI_RUN_AGENT\(\s*'([^']+)'", rest)),
        dict(_OPTION.findall(rest)) if kind in {"options", "model"} else {},
    )
