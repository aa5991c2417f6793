"""Reads a statement's SQL into its plan."""

from sqlglot import exp

from sentinel_cli.local._deferrable import conditions, deferrable, floors, least, never_falls
from sentinel_cli.local._expressions import milliseconds, to_duckdb, unknown
from sentinel_cli.local._plan import INPUT, RECORD_KEY, Kind, Plan, Segment
from sql import Statement
from sql.dialect import duration, parse

MANAGED = {"ML_PREDICT", "AI_RUN_AGENT"}
_NUMBERED = ("__key", "__partition")
_KEPT: tuple[list[Kind], ...] = ([], ["tumble"], ["range"], ["tumble", "model"])
"""Segments with a state that is kept from step to step."""


def make_plan(statement: Statement, *, numbered: bool = False) -> Plan:
    """
    The plan of an INSERT; `numbered` where rows carry `__partition` and `__key`.

    Raises:
        PipelineError: the embedded engine does not know a construct.
    """
    return _Planner(statement, numbered).plan()


class _Planner:
    def __init__(self, statement: Statement, numbered: bool) -> None:
        self.statement = statement
        self.numbered = _NUMBERED if numbered else ()
        self.file = statement.file
        self.tree = parse(statement.sql, self.file)
        self.segments: list[Segment] = [Segment("rows")]
        self.source = ""
        self.aliases: set[str] = set()
        """Columns that some CTE has computed."""
        self.filters_late = False
        """Whether only rows that arrived late pass some filter."""
        self.last = ""
        """Name of the relation that the next CTE may read."""

    def plan(self) -> Plan:
        query = self.tree.expression
        with_ = query.args.pop("with_", None)
        ctes = [(cte.alias, cte.this) for cte in with_.expressions] if with_ else []
        self.deferrable, self.floors, self.least = deferrable(ctes, query), floors(query), least(ctes, query)
        for name, select in ctes:
            self._add(name, select)
        where, projection = self._main(query)
        segments = [segment for segment in self.segments if segment.ctes]
        view = segments[0].ctes[0] if ctes and segments[0].kind == "rows" else None
        if self.numbered and [segment.kind for segment in segments if segment.kind != "rows"] not in _KEPT:
            raise unknown(self.tree.expression, self.file)
        only_late = self.filters_late and all(segment.kind == "rows" for segment in segments)
        return Plan(self.statement, self.source, segments, where, projection, view, only_late)

    def _main(self, query: exp.Expr) -> tuple[str, list[tuple[str, str]]]:
        targets = [identifier.name for identifier in self.tree.this.expressions]
        if len(targets) != len(query.expressions):
            raise unknown(query, self.file)
        if query.args.get("joins") or not self.last:
            for target, column in zip(targets, query.expressions, strict=True):
                column.replace(exp.alias_(column.unalias().copy(), f"__out_{target}"))
            self._add("__main", query)
            return "TRUE", [(t, f'"__out_{t}"') for t in targets if t != "key"]
        self._rename_source(query)
        where = query.args.get("where")
        self._watermark(query)
        condition = self._sql(where.this) if where else "TRUE"
        columns = [self._sql(column.unalias()) for column in query.expressions]
        return condition, [(t, text) for t, text in zip(targets, columns, strict=True) if t != "key"]

    def _add(self, name: str, select: exp.Expr) -> None:
        """Put a CTE into the segment it belongs to."""
        if not isinstance(select, exp.Select):
            raise unknown(select, self.file)
        if lateral := next(select.find_all(exp.Lateral), None):
            self._call(name, select, lateral)
        elif joins := select.args.get("joins"):
            self._compare(name, select, joins)
        elif tumble := _table_function(select, "TUMBLE"):
            self._tumble(name, select, tumble)
        elif any(window.find(exp.RowNumber) for window in select.find_all(exp.Window)):
            self._first(name, select)
        elif model := next((c for c in select.find_all(exp.Anonymous) if c.name == "ML_DETECT_ANOMALIES"), None):
            self._model(name, select, model)
        elif select.find(exp.WindowSpec) or select.find(exp.Window):
            self._range(name, select)
        elif select.args.get("group") or _aggregates(select):
            raise unknown(select, self.file)
        else:
            self._append(self.segments[-1], name, select)

    def _append(self, segment: Segment, name: str, select: exp.Expr) -> None:
        self.aliases |= {alias.alias for alias in select.find_all(exp.Alias)}
        self._changelog(select)
        self._rename_source(select)
        self._watermark(select)
        carried = segment.kind != "tumble" and not any(s.kind == "tumble" for s in self.segments)
        own = ("__seq", "__behind", *(("__due", "__epoch") if segment.kind == "range" else ())) if carried else ()
        _carry(select, [*own, *self.numbered])
        segment.ctes.append((name, self._sql(select)))
        self.last = name

    def _open(self, kind: Kind) -> Segment:
        segment = Segment(kind)
        self.segments.append(segment)
        return segment

    def _tumble(self, name: str, select: exp.Expr, function: exp.Expr) -> None:
        source, descriptor, size = function.expressions
        segment = self._open("tumble")
        segment.time = descriptor.expressions[0].name
        segment.size_ms = int(duration(size, self.file).total_seconds() * 1000)
        grouped = tuple(c.name for c in select.args["group"].expressions if c.name not in _WINDOW_COLUMNS)
        segment.keys = self._keys(grouped)
        self._defer(segment, name, select)
        if not _reads(source.name, self.last) or not _grouped_by_window(select):
            raise unknown(select, self.file)
        for column in list(select.args["group"].expressions):
            if column.name in {"window_end", "window_time"}:
                column.pop()
        for column in list(select.find_all(exp.Column)):
            if column.name in {"window_end", "window_time"}:
                shift = segment.size_ms - (column.name == "window_time")
                later = exp.Add(this=exp.column("window_start"), expression=milliseconds(shift))
                _substitute(column, later, column.name)
        select.set("from_", exp.From(this=exp.to_table(INPUT)))
        for column in self.numbered:
            select.args["group"].append("expressions", exp.column(column))
        _carry(select, list(self.numbered))
        segment.ctes.append((name, self._sql(select)))
        self.last = name

    def _keys(self, columns: tuple[str, ...]) -> tuple[str, ...]:
        """What tells keys apart: the number of the record's key stands for it, where the columns are that key."""
        if self.numbered and columns == RECORD_KEY and not self.aliases.intersection(columns):
            return ("__key",)
        return (*columns, "__partition") if self.numbered else columns

    def _range(self, name: str, select: exp.Expr) -> None:
        specs = _specs(select)
        columns, time, size = self._frame(specs, select)
        keys = self._keys(columns)
        segment = self.segments[-1]
        if segment.kind != "range" or (segment.keys, segment.time) != (keys, time):
            segment = self._open("range")
            segment.keys, segment.time, segment.size_ms = keys, time, size
        segment.reach_ms += size
        if not segment.ctes:
            self._defer(segment, name, select)
            segment.least = self._least_of(select)
        for spec in specs:
            spec.set("partition_by", [exp.column(column) for column in (*keys, "__epoch")])
        self._append(segment, name, select)

    def _least_of(self, select: exp.Expr) -> str:
        aggregates = {c.alias: c.this.this for c in select.expressions if isinstance(c.this, exp.Window)}
        known = [(aggregate, self.least.get(name)) for name, aggregate in aggregates.items()]
        return " AND ".join(
            self._sql(exp.GTE(this=aggregate.copy(), expression=number.copy()))
            for aggregate, number in known
            if number is not None and never_falls(aggregate)
        )

    def _frame(self, specs: list[exp.Window], select: exp.Expr) -> tuple[tuple[str, ...], str, int]:
        frames = set()
        for window in specs:
            spec, order = window.args.get("spec"), window.args.get("order")
            start = spec.args.get("start") if spec else None
            known = spec and spec.args.get("kind") == "RANGE" and spec.args.get("start_side") == "PRECEDING"
            if not known or not isinstance(start, exp.Interval) or not order or len(order.expressions) != 1:
                raise unknown(select, self.file)
            if not spec or spec.args.get("end") != "CURRENT ROW" or order.expressions[0].args.get("desc"):
                raise unknown(select, self.file)
            keys = tuple(column.name for column in window.args["partition_by"])
            milliseconds = int(duration(start, self.file).total_seconds() * 1000)
            frames.add((keys, order.expressions[0].this.name, milliseconds))
        if len(frames) != 1:
            raise unknown(select, self.file)
        return frames.pop()

    def _model(self, name: str, select: exp.Expr, function: exp.Expr) -> None:
        segment = self._open("model")
        window = function.find_ancestor(exp.Window)
        if window is None:
            raise unknown(select, self.file)
        value, time, options = function.expressions
        alias = window.parent
        others = [c for c in select.expressions if c is not alias]
        if not isinstance(alias, exp.Alias) or [type(c) for c in others] != [exp.Star]:
            raise unknown(select, self.file)
        if (
            window.args["spec"].args.get("start") != "UNBOUNDED"
            or time.name != window.args["order"].expressions[0].name
        ):
            raise unknown(select, self.file)
        segment.keys = self._keys(tuple(column.name for column in window.args["partition_by"]))
        segment.time, segment.value, segment.options = time.name, self._sql(value), self._sql(options)
        segment.column = alias.alias
        segment.ctes.append((name, f"SELECT * FROM {INPUT}"))
        self.last = name

    def _first(self, name: str, select: exp.Expr) -> None:
        """`ROW_NUMBER() OVER (PARTITION BY k ORDER BY k) = 1`: the first of each key by arrival."""
        segment = self._open("first")
        window = next(w for w in select.find_all(exp.Window) if w.find(exp.RowNumber))
        segment.keys = tuple(column.name for column in window.args["partition_by"])
        order = window.args["order"].expressions
        number = window.parent.alias if isinstance(window.parent, exp.Alias) else ""
        where = select.args.get("where")
        kept = where and isinstance(where.this, exp.EQ) and where.this.this.name == number
        if [o.this.name for o in order] != list(segment.keys) or not where or not kept:
            raise unknown(select, self.file)
        if where.this.expression.name != "1":
            raise unknown(select, self.file)
        inner = next(select.find_all(exp.Subquery)).this
        self._rename_source(inner)
        keys = ", ".join(segment.keys)
        text = f"SELECT * FROM {INPUT} QUALIFY row_number() OVER (PARTITION BY {keys} ORDER BY __seq) = 1"
        segment.ctes.append((name, text))
        self.last = name

    def _compare(self, name: str, select: exp.Expr, joins: list[exp.Join]) -> None:
        """`x AS s JOIN TABLE(TO_CHANGELOG(TABLE firsts)) AS f`: each row beside the first of its keys."""
        segment, first = self.segments[-1], joins[0].this
        call = _table_function_of(first, "TO_CHANGELOG")
        if segment.kind != "first" or call is None or call.expressions[0].name != self.last or len(joins) != 1:
            raise unknown(select, self.file)
        segment.kind, segment.ctes = "compare", []
        columns = {column.name for column in select.find_all(exp.Column) if column.table == first.alias}
        segment.compared = tuple(sorted(columns - {"op", *segment.keys}))
        firsts = exp.select("*", exp.alias_(exp.Literal.string("INSERT"), "op")).from_("__firsts")
        first.replace(firsts.subquery(first.alias))
        self.last = select.args["from_"].this.name
        self._append(segment, name, select)

    def _call(self, name: str, select: exp.Expr, lateral: exp.Expr) -> None:
        segment = self._open("call")
        join = lateral.parent
        function = next((c for c in lateral.find_all(exp.Anonymous) if c.name in MANAGED), None)
        alias = lateral.args.get("alias")
        if function is None or not isinstance(join, exp.Join) or join.side != "LEFT" or not alias or not alias.columns:
            raise unknown(lateral, self.file)
        table = select.args["from_"].this
        if table.name != self.last:
            raise unknown(select, self.file)
        segment.function, segment.alias = function.name, table.alias_or_name
        segment.arguments = [self._sql(argument) for argument in function.expressions]
        segment.answer_columns = [column.name for column in alias.columns]
        source = exp.to_table(INPUT, alias=table.alias_or_name)
        select.set("from_", exp.From(this=source))
        answers = exp.to_table("__answers", alias=alias.name)
        on = exp.EQ(this=exp.column("__row", table.alias_or_name), expression=exp.column("__row", alias.name))
        select.set("joins", [exp.Join(this=answers, side="LEFT", on=on)])
        self.last = INPUT
        self._append(segment, name, select)

    def _defer(self, segment: Segment, name: str, select: exp.Expr) -> None:
        """
        Take aggregates out of the select where only the final projection reads them.

        COUNT(DISTINCT x) also where the final filter asks whether it reaches a number: COUNT(*), which it does not
        exceed, stands in for it until then.
        """
        segment.keys_of_source = not self.aliases.intersection(segment.keys)
        for column in list(select.expressions):
            if column.alias not in self.deferrable.get(name, ()):
                continue
            body = column.this
            aggregate = body.this if isinstance(body, exp.Window) else body
            if column.alias not in self.floors:
                column.pop()
                later = segment.deferred
            elif isinstance(body, exp.Count) and isinstance(body.this, exp.Distinct):
                body.replace(exp.Count(this=exp.Star()))
                later = segment.bounds
            else:
                continue
            for source in aggregate.find_all(exp.Column):
                source.set("table", exp.to_identifier("c"))
            later[column.alias] = self._sql(aggregate)

    def _changelog(self, select: exp.Expr) -> None:
        """`TABLE(TO_CHANGELOG(TABLE x))` of an insert-only x is x, each row with op = 'INSERT'."""
        if function := _table_function(select, "TO_CHANGELOG"):
            inner = exp.select("*", exp.alias_(exp.Literal.string("INSERT"), "op")).from_(function.expressions[0].name)
            select.set("from_", exp.From(this=inner.subquery("changelog")))

    def _rename_source(self, select: exp.Expr) -> None:
        """Read the relation before this segment under the name `__input`."""
        segment = self.segments[-1]
        inside = {name for name, _ in segment.ctes}
        for table in list(select.find_all(exp.Table)):
            if table.name.startswith("sentinel."):
                self.source = self.source or table.name
            if table.name in inside or table.name in {INPUT, "__answers", "__firsts"}:
                continue
            if not table.name.startswith("sentinel.") and table.name != self.last:
                raise unknown(table, self.file)
            table.set("this", exp.to_identifier(INPUT))

    def _watermark(self, select: exp.Expr) -> None:
        """CURRENT_WATERMARK, known where a filter leaves only rows that arrived behind it."""
        calls = [c for c in select.find_all(exp.Anonymous) if c.name == "CURRENT_WATERMARK"]
        where = select.args.get("where")
        behind = [
            c.parent
            for c in calls
            if where
            and isinstance(c.parent, exp.LTE)
            and c.parent.expression is c
            and c.find_ancestor(exp.Where) is where
        ]
        if calls and not behind:
            raise unknown(calls[0], self.file)
        if where:
            self.filters_late |= any(condition in behind for condition in conditions(where.this))
        for function in calls:
            function.replace(exp.column("__behind"))

    def _sql(self, node: exp.Expr) -> str:
        return to_duckdb(node.copy(), self.file).sql(dialect="duckdb", comments=False)


_WINDOW_COLUMNS = {"window_start", "window_end", "window_time"}


def _reads(name: str, last: str) -> bool:
    return name == last


def _table_function(select: exp.Expr, name: str) -> exp.Expr | None:
    return _table_function_of(select.args["from_"].this if select.args.get("from_") else None, name)


def _table_function_of(source: exp.Expr | None, name: str) -> exp.Expr | None:
    if not isinstance(source, exp.Table) or not isinstance(source.this, exp.Anonymous) or source.this.name != "TABLE":
        return None
    function = source.this.expressions[0]
    return function if isinstance(function, exp.Anonymous) and function.name == name else None


def _grouped_by_window(select: exp.Expr) -> bool:
    return {c.name for c in select.args["group"].expressions} >= _WINDOW_COLUMNS


def _aggregates(select: exp.Expr) -> bool:
    return any(aggregate.find_ancestor(exp.Select) is select for aggregate in select.find_all(exp.AggFunc))


def _specs(select: exp.Expr) -> list[exp.Window]:
    """The windows that a select defines, by name or in place."""
    named = list(select.args.get("windows") or ())
    inline = [w for w in select.find_all(exp.Window) if w.args.get("spec") and w not in named]
    return [*named, *inline]


def _carry(select: exp.Expr, columns: list[str]) -> None:
    """Hand the engine's own columns on, through nested selects too."""
    for inner in list(select.find_all(exp.Select)):
        if not any(c.is_star for c in inner.expressions):
            for column in columns:
                inner.append("expressions", exp.column(column))


def _substitute(column: exp.Expr, replacement: exp.Expr, name: str) -> None:
    """Put an expression where a column stands, keeping the column's name in a projection."""
    if isinstance(column.parent, exp.Select):
        replacement = exp.alias_(replacement, name)
    column.replace(replacement)
