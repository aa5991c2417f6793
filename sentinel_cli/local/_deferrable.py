"""What a statement's filter tells of its aggregates: which can wait until it has left few rows, and what it asks."""

from sqlglot import exp


def deferrable(ctes: list[tuple[str, exp.Expr]], main: exp.Expr) -> dict[str, set[str]]:
    """The aggregated columns of each CTE that only the final projection names, or the final filter as in `floors`."""
    where = main.args.get("where")
    named = {column.name for column in where.find_all(exp.Column)} - floors(main) if where else set()
    found = {}
    for name, select in reversed(ctes):
        aggregated = {c.alias for c in select.expressions if isinstance(c, exp.Alias) and c.find(exp.AggFunc)}
        found[name] = aggregated - named
        named |= {column.name for column in select.find_all(exp.Column)}
    return found


def floors(main: exp.Expr) -> set[str]:
    """Columns of which the final filter asks only whether they reach a number."""
    where = main.args.get("where")
    if not where:
        return set()
    named = [column.name for column in where.find_all(exp.Column)]
    return {name for name in _reached(where.this) if named.count(name) == 1}


def least(ctes: list[tuple[str, exp.Expr]], main: exp.Expr) -> dict[str, exp.Expr]:
    """
    Columns that have to reach a number in every row that comes out, each with the number.

    So has what a column's `CASE WHEN .. THEN .. END` asks, where the filter compares that with another: it is not NULL.
    """
    where = main.args.get("where")
    if not where:
        return {}
    defined = [(c.alias, c.this) for _, select in ctes for c in select.expressions if isinstance(c, exp.Alias)]
    once = {name: body for name, body in defined if [other for other, _ in defined].count(name) == 1}
    reached = _reached(where.this)
    for condition in conditions(where.this):
        body = once.get(condition.this.name) if isinstance(condition, exp.EQ) else None
        if isinstance(body, exp.Case) and len(body.args["ifs"]) == 1 and not (body.this or body.args.get("default")):
            reached |= _reached(body.args["ifs"][0].this)
    return {name: number for name, number in reached.items() if name in once}


def never_falls(aggregate: exp.Expr) -> bool:
    """Whether an aggregate of more rows is never less: a count, or a sum of zeros and ones."""
    if isinstance(aggregate, exp.Count):
        return True
    case = aggregate.this if isinstance(aggregate, exp.Sum) else None
    return isinstance(case, exp.Case) and all(
        isinstance(value, exp.Literal) and value.name in {"0", "1"}
        for value in [case.args.get("default"), *(branch.args["true"] for branch in case.args["ifs"])]
    )


def conditions(condition: exp.Expr) -> list[exp.Expr]:
    """All that has to hold for a condition to hold."""
    return list(condition.flatten()) if isinstance(condition, exp.And) else [condition]


def _reached(condition: exp.Expr) -> dict[str, exp.Expr]:
    return {
        c.this.name: c.expression
        for c in conditions(condition)
        if isinstance(c, exp.GTE) and isinstance(c.this, exp.Column) and isinstance(c.expression, exp.Literal)
    }
