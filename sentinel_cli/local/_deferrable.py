"""Which aggregates of a statement can wait until its filter has left few rows."""

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
    conditions = where.this.flatten() if isinstance(where.this, exp.And) else [where.this]
    reached = [c.this.name for c in conditions if isinstance(c, exp.GTE) and isinstance(c.expression, exp.Literal)]
    named = [column.name for column in where.find_all(exp.Column)]
    return {name for name in reached if named.count(name) == 1}
