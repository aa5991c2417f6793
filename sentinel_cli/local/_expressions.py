"""
Flink expressions as DuckDB expressions, with Flink's results.

The list is closed: a construct that is not here is an error that names it, never a silent difference.
"""

import re
from collections.abc import Callable

from sqlglot import exp
from sqlglot.errors import SqlglotError

from sql.dialect import duration
from sql.errors import PipelineError

_UNCHANGED = (
    exp.Alias, exp.And, exp.Between, exp.Boolean, exp.Case, exp.Coalesce, exp.Column, exp.CTE, exp.Count, exp.Distinct,
    exp.EQ, exp.Filter, exp.From, exp.GT, exp.GTE, exp.Group, exp.Identifier, exp.If, exp.In, exp.Is, exp.Join, exp.LT,
    exp.LTE, exp.Literal, exp.Max, exp.Min, exp.NEQ, exp.Neg, exp.Not, exp.Null, exp.Or, exp.Order,
    exp.Ordered, exp.Paren, exp.Select, exp.Star, exp.Subquery, exp.Sum, exp.Table, exp.TableAlias,
    exp.Var, exp.Where, exp.Window, exp.WindowSpec, exp.With, exp.DataType, exp.DataTypeParam, exp.JSONKeyValue,
    exp.IntervalSpan,
)  # fmt: skip
_MILLISECOND = exp.var("MILLISECOND")
_CASTS = {"TEXT": "flink_string", "BIGINT": "flink_bigint", "VARBINARY": "encode"}
_DATE_FORMATS = {"yyyy-MM-dd HH:mm:ss.SSS": "%Y-%m-%d %H:%M:%S.%g", "yyyy-MM": "%Y-%m"}


def to_duckdb(tree: exp.Expr, file: str) -> exp.Expr:
    """
    The tree with every Flink construct replaced by DuckDB's.

    Raises:
        PipelineError: the embedded engine does not know a construct.
    """

    def replaced(node: exp.Expr) -> exp.Expr:
        if isinstance(node, exp.Anonymous):
            return _function(node, file)
        if handler := _SPECIAL.get(type(node)):
            return handler(node, file)
        if isinstance(node, _UNCHANGED) or type(node) in (exp.Add, exp.Sub):
            return node
        raise unknown(node, file)

    return _bottom_up(tree, replaced)


def unknown(node: exp.Expr, file: str) -> PipelineError:
    """The error for a construct that the embedded engine does not know."""
    try:
        text = node.sql()[:80]
    except SqlglotError:
        text = type(node).__name__
    return PipelineError(f"{file}: the embedded engine does not know {text!r}; Apache Flink may still run it")


def interval(node: exp.Expr, file: str) -> exp.Expr:
    """An interval of whole milliseconds."""
    if node.args.get("unit") == _MILLISECOND:
        return node
    return milliseconds(round(duration(node, file).total_seconds() * 1000))


def milliseconds(number: int) -> exp.Interval:
    """An interval of so many milliseconds."""
    return exp.Interval(this=exp.Literal.string(str(number)), unit=_MILLISECOND.copy())


def call(name: str, *arguments: exp.Expr) -> exp.Anonymous:
    """A call of a DuckDB function by its own name."""
    return exp.Anonymous(this=name, expressions=list(arguments))


def _bottom_up(node: exp.Expr, replaced: Callable[[exp.Expr], exp.Expr]) -> exp.Expr:
    for child in list(node.iter_expressions()):
        new = _bottom_up(child, replaced)
        if new is not child:
            child.replace(new)
    return replaced(node)


def _cast(node: exp.Expr, file: str) -> exp.Expr:
    name = node.args["to"].this.value
    value: exp.Expr = node.this
    if name == "TIMESTAMPLTZ":
        return value
    if name == "INTERVAL":
        return exp.Cast(this=value, to=exp.DataType.build("INTERVAL"))
    if name == "DOUBLE":
        return exp.Cast(this=value, to=exp.DataType.build("DOUBLE"))
    if name == "DECIMAL" and [p.name for p in node.args["to"].expressions] == ["18", "2"]:
        return call("flink_decimal", value)
    if name in _CASTS:
        return call(_CASTS[name], value)
    raise unknown(node, file)


def _concat(node: exp.Expr, _file: str) -> exp.Expr:
    """Flink's CONCAT is NULL where an argument is; DuckDB's operator is too."""
    result, *rest = node.expressions
    for part in rest:
        result = exp.DPipe(this=result, expression=part)
    return exp.Paren(this=result)


def _json_object(node: exp.Expr, file: str) -> exp.Expr:
    """Flink writes the keys in alphabetical order, whatever the order in the SQL."""
    ordered = sorted(node.expressions, key=lambda pair: pair.this.name)
    keys = [pair.this.name for pair in ordered]
    nested = any(
        pair.expression.find(exp.Anonymous) and "json_object" in pair.expression.sql().lower() for pair in ordered
    )
    if len(set(keys)) < len(keys) or node.args.get("null_handling") or nested:
        raise unknown(node, file)
    pairs = [part for pair in ordered for part in (pair.this, pair.expression)]
    return exp.Cast(this=call("json_object", *pairs), to=exp.DataType.build("VARCHAR"))


def _pattern(node: exp.Expr, whole: exp.Expr, file: str) -> str:
    """A pattern that Java and RE2 read alike: a literal, not empty, and without `$`."""
    text = node.name
    if not (isinstance(node, exp.Literal) and node.is_string and text) or re.search(r"(?<!\\)\$", text):
        raise unknown(whole, file)
    return text


def _regexp(arguments: list[exp.Expr], node: exp.Expr, file: str) -> exp.Expr:
    if len(arguments) != 2:
        raise unknown(node, file)
    _pattern(arguments[1], node, file)
    return call("regexp_matches", *arguments)


def _regexp_extract(node: exp.Expr, file: str) -> exp.Expr:
    """NULL where nothing matches, as in Flink; DuckDB gives '', so a group must take part in every match."""
    group = node.args.get("position") or node.args.get("group")
    pattern = _pattern(node.expression, node, file)
    groups = len(re.findall(r"(?<!\\)\((?!\?)", pattern))
    optional = re.search(r"(?<!\\)\)[?*{]|\|", pattern)
    if group is None or not group.name.isdigit() or int(group.name) > groups or optional:
        raise unknown(node, file)
    found = call("regexp_matches", node.this.copy(), node.expression.copy())
    return exp.Case(ifs=[exp.If(this=found, true=call("regexp_extract", node.this, node.expression, group))])


def _regexp_extract_all(node: exp.Expr, file: str) -> exp.Expr:
    """The first group of every match, which must take part in each; NULL of a NULL, as in Flink."""
    pattern, group = _pattern(node.expression, node, file), node.args.get("group")
    if group is None or group.name != "1" or len(re.findall(r"(?<!\\)\((?!\?)", pattern)) != 1 or ")?" in pattern:
        raise unknown(node, file)
    return call("regexp_extract_all", node.this, node.expression, group)


def _date_format(arguments: list[exp.Expr], node: exp.Expr, file: str) -> exp.Expr:
    pattern = arguments[1].name
    if pattern not in _DATE_FORMATS:
        raise unknown(node, file)
    return call("strftime", arguments[0], exp.Literal.string(_DATE_FORMATS[pattern]))


def _renamed(name: str, count: int) -> Callable[[list[exp.Expr], exp.Expr, str], exp.Expr]:
    def build(arguments: list[exp.Expr], node: exp.Expr, file: str) -> exp.Expr:
        if len(arguments) != count:
            raise unknown(node, file)
        return call(name, *arguments)

    return build


_FUNCTIONS: dict[str, Callable[[list[exp.Expr], exp.Expr, str], exp.Expr]] = {
    "CARDINALITY": _renamed("len", 1),
    "DATE_FORMAT": _date_format,
    "JSON_VALUE": _renamed("flink_json_value", 2),
    "REGEXP": _regexp,
    "SHA256": _renamed("sha256", 1),
    "SPLIT_INDEX": _renamed("flink_split_index", 3),
    "TO_TIMESTAMP_LTZ": lambda arguments, _node, _file: call("make_timestamp_ms", arguments[0]),
}


def _function(node: exp.Expr, file: str) -> exp.Expr:
    build = _FUNCTIONS.get(node.name.upper())
    if build is None:
        raise unknown(node, file)
    return build(node.expressions, node, file)


_SPECIAL: dict[type, Callable[[exp.Expr, str], exp.Expr]] = {
    exp.Cast: _cast,
    exp.Concat: _concat,
    exp.Interval: interval,
    exp.JSONObject: _json_object,
    exp.ConcatWs: lambda node, _file: call("concat_ws", *node.expressions),
    exp.ArrayAgg: lambda node, _file: call("list", node.this),
    exp.ArrayExcept: lambda node, _file: call("flink_array_except", node.this, node.expression),
    exp.ArraySlice: lambda node, _file: call("list_slice", node.this, node.args["start"], node.args["end"]),
    exp.ArraySort: lambda node, _file: call(
        "list_sort", node.this, exp.Literal.string("ASC"), exp.Literal.string("NULLS FIRST")
    ),
    exp.Lower: lambda node, _file: call("flink_lower", node.this),
    exp.Upper: lambda node, _file: call("flink_upper", node.this),
    exp.Trim: lambda node, _file: call("trim", node.this, exp.Literal.string(" ")),
    exp.ArrayToString: lambda node, _file: call("array_to_string", node.this, node.expression),
    exp.RegexpExtract: _regexp_extract,
    exp.RegexpExtractAll: _regexp_extract_all,
    exp.Length: lambda node, _file: call("length", node.this),
}
