"""
Which columns of tables a value is made of, through CTEs, subqueries and table functions.

    SELECT CONCAT('Total: ', total) AS prompt FROM summed        prompt <- total
    summed AS (SELECT SUM(amount) AS total FROM `sentinel.x`)    total <- amount

A count says nothing of what it counts, and a window's partition nothing of a value in it. What cannot be followed
comes out under a name of its own, so that no list of allowed columns holds it.
"""

from collections.abc import Iterator

from sqlglot import exp

EVERY_COLUMN = "*"


def columns_of(value: exp.Expr) -> frozenset[str]:
    """The columns of tables, and of the results of functions, that a value is made of."""
    found: set[str] = set()
    for node in _parts(value):
        if isinstance(node, exp.Star):
            found.add(EVERY_COLUMN)
        elif isinstance(node, exp.Column):
            found |= _trace(node)
    return frozenset(found)


def _parts(node: exp.Expr) -> Iterator[exp.Expr]:
    """The node and what it is computed from."""
    yield node
    if isinstance(node, exp.Count | exp.Column):
        return
    children = [node.this] if isinstance(node, exp.Window) else node.iter_expressions()
    for child in children:
        yield from _parts(child)


def _trace(column: exp.Column) -> frozenset[str]:
    select = column.find_ancestor(exp.Select)
    if select is None or isinstance(column.this, exp.Star):
        return frozenset({EVERY_COLUMN})
    relations = dict(_relations(select))
    if not column.table:
        return _named(column.name, relations)
    if column.table in relations:
        return _named(column.name, {column.table: relations[column.table]})
    # No relation is called so: it is a column, and the name after it a field.
    return _named(column.table, relations)


Relation = exp.Expr | frozenset[str] | None
"""A query; the column names of a function's result; or None for a table."""


def _relations(select: exp.Select) -> Iterator[tuple[str, Relation]]:
    """What a SELECT reads, by the name it gives it."""
    from_ = select.args.get("from_")
    items = [from_.this] if from_ else []
    items += [join.this for join in select.args.get("joins") or ()] + list(select.args.get("laterals") or ())
    queries = {cte.alias: cte.this for cte in select.root().find_all(exp.CTE)}
    for number, item in enumerate(items):
        name = item.alias or (item.name if isinstance(item.this, exp.Identifier) else str(number))
        if isinstance(item, exp.Lateral):
            yield name, frozenset(column.name for column in item.args["alias"].columns)
        elif isinstance(item, exp.Subquery):
            yield name, item.this
        else:
            yield name, queries.get(_table(item))


def _table(item: exp.Expr) -> str:
    """The name of the table that is read, by itself or as the argument of table functions."""
    while isinstance(item.this, exp.Anonymous):
        item = item.this
    while isinstance(item, exp.Anonymous):
        item = item.expressions[0]
    return item.name


def _named(name: str, relations: dict[str, Relation]) -> frozenset[str]:
    """What a column of these relations is made of; one that none of them has is made by a function over them."""
    traced = [found for relation in relations.values() if (found := _in(name, relation)) is not None]
    return frozenset().union(*traced) if traced else frozenset({name})


def _in(name: str, relation: Relation) -> frozenset[str] | None:
    """What a column of one relation is made of; None where the relation has no such column."""
    if relation is None:
        return frozenset({name})
    if isinstance(relation, frozenset):
        return frozenset({name}) if name in relation else None
    if not isinstance(relation, exp.Select):
        return frozenset({f"{name} of a {relation.key}"})
    for projection in relation.selects:
        if projection.alias_or_name == name and not projection.is_star:
            return columns_of(projection)
    has_star = any(projection.is_star for projection in relation.selects)
    return _named(name, dict(_relations(relation))) if has_star else None
