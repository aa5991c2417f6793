"""Statements: what each reads and writes and how far it looks back, found in its own SQL."""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from sqlglot import exp

from sql._template import bare
from sql.dialect import duration, parse
from sql.errors import PipelineError
from sql.prompts import check_prompts

Kind = Literal["watermark", "options", "model", "agent", "insert"]
_KINDS: tuple[tuple[str, Kind], ...] = (
    (r"ALTER TABLE `(?P<name>[^`]+)` MODIFY WATERMARK\b", "watermark"),
    (r"ALTER TABLE `(?P<name>[^`]+)` SET\b", "options"),
    (r"CREATE MODEL IF NOT EXISTS `(?P<name>[^`]+)`", "model"),
    (r"CREATE AGENT IF NOT EXISTS `(?P<name>[^`]+)`", "agent"),
    (r"INSERT INTO `(?P<name>[^`]+)`", "insert"),
)
_WINDOW_SIZE = {"TUMBLE": 2, "HOP": 3, "CUMULATE": 3}
"""Position of the window's length among the arguments of a windowing function."""


@dataclass(frozen=True)
class Statement:
    """One Flink statement, ready to run."""

    name: str
    kind: Kind
    sql: str
    reads: frozenset[str]
    """Tables, models and agents that must exist before it."""
    writes: str
    """The table it writes or alters, the model or agent it makes."""
    look_back: timedelta
    """How much of the past a row's result depends on, history of a model not counted."""
    has_history: bool
    """Whether it also learns from an unbounded past, or compares with what it has kept."""
    keeps_first: bool
    """Whether it keeps the first of each id by arrival: its state must outlive the time in which one can repeat."""
    file: str
    reads_from: datetime | None = None
    """The arrival from which it reads its tables; None from the beginning."""


def read_statement(name: str, text: str, file: str) -> Statement:
    """
    The statement of a rendered file.

    Raises:
        PipelineError: the text is no statement of a known kind, cannot be parsed, or hands a model what names somebody.
    """
    stripped = re.sub(r"\s+", " ", bare(text))
    kind, writes = _kind(stripped, file)
    if kind != "insert":
        models = re.findall(r"USING MODEL `([^`]+)`", stripped)
        return Statement(name, kind, text, frozenset(models), writes, timedelta(0), False, False, file)
    tree = parse(text, file)
    _check_relations(tree, file)
    check_prompts(tree, file)
    look_back, has_history = _look_back(tree, file)
    keeps_first = any(call.name.upper() == "TO_CHANGELOG" for call in tree.find_all(exp.Anonymous))
    return Statement(name, kind, text, _reads(tree), writes, look_back, has_history, keeps_first, file)


def _kind(stripped: str, file: str) -> tuple[Kind, str]:
    for pattern, kind in _KINDS:
        if match := re.match(pattern, stripped):
            return kind, match["name"]
    expected = "ALTER TABLE, CREATE MODEL, CREATE AGENT or INSERT INTO"
    raise PipelineError(f"{file}:1: expected one {expected} with a back-quoted name, found {stripped[:40]!r}")


def _check_relations(tree: exp.Expr, file: str) -> None:
    """Every relation read is a table in back quotes, a CTE or a view; PipelineError names the first that is none."""
    known = {cte.alias for cte in tree.find_all(exp.CTE)}
    found = [table.name for table in tree.expression.find_all(exp.Table) if isinstance(table.this, exp.Identifier)]
    calls = (call for call in tree.find_all(exp.Anonymous) if call.name.upper() in {*_WINDOW_SIZE, "TO_CHANGELOG"})
    for name in [*found, *(call.expressions[0].name for call in calls)]:
        if name not in known and not name.startswith("sentinel."):
            raise PipelineError(f"{file}: no CTE, view or table {name}; known are {', '.join(sorted(known))}")


def _reads(tree: exp.Expr) -> frozenset[str]:
    """Tables read, by their back-quoted names, and the models and agents that functions are called with."""
    names = {i.name for i in tree.expression.find_all(exp.Identifier) if i.name.startswith("sentinel.")}
    for call in tree.find_all(exp.Anonymous):
        if call.name.upper() in {"ML_PREDICT", "AI_RUN_AGENT"}:
            names.add(call.expressions[0].name)
    return frozenset(names)


def _look_back(tree: exp.Expr, file: str) -> tuple[timedelta, bool]:
    """
    The windows that lie one behind the other on the longest path, summed.

        candidate -> scored (1 h) -> hits -> onset (1 h)        2 h
    """
    query = tree.expression
    main = query.copy()
    main.set("with_", None)
    depths: dict[str, timedelta] = {}
    has_history = False
    with_ = query.args.get("with_")
    for name, select in [*((cte.alias, cte.this) for cte in (with_.expressions if with_ else ())), ("", main)]:
        own, unbounded = _own_look_back(select, file)
        has_history |= unbounded
        behind = (depths[i.name] for i in select.find_all(exp.Identifier) if i.name in depths)
        depths[name] = own + max(behind, default=timedelta(0))
    return max(depths.values()), has_history


def _own_look_back(select: exp.Expr, file: str) -> tuple[timedelta, bool]:
    longest = timedelta(0)
    unbounded = any(not isinstance(join.this, exp.Lateral) for join in select.args.get("joins") or ())
    for spec in select.find_all(exp.WindowSpec):
        start = spec.args.get("start")
        if start == "UNBOUNDED":
            unbounded = True
        elif isinstance(start, exp.Interval):
            longest = max(longest, duration(start, file))
    for call in select.find_all(exp.Anonymous):
        if call.name.upper() in _WINDOW_SIZE:
            longest = max(longest, duration(call.expressions[_WINDOW_SIZE[call.name.upper()]], file))
    return longest, unbounded
