"""
Which columns of tables a value is made of, through CTEs, subqueries and table functions.

    SELECT CONCAT('Total: ', total) AS prompt FROM summed        prompt <- total
    summed AS (SELECT SUM(amount) AS total FROM `sentinel.x`)    total <- amount

A count says nothing of what it counts, and a window's partition nothing of a value in it. Of a JSON text
JSON_VALUE(detail, '$.total') is only that part, `detail.total`. What cannot be followed comes out under a name that no
list of allowed columns holds.
"""

import re
from collections.abc import Iterator

from sqlglot import exp

MODEL_FUNCTION = re.compile(r"ML_PREDICT|ML_EVALUATE|AI_[A-Z_]+")
"""Functions that hand their arguments to a model, and whose results are its answer."""
_SAME_COLUMNS = {"TABLE", "TUMBLE", "HOP", "CUMULATE", "SESSION", "TO_CHANGELOG"}
"""Table functions whose result has the columns of the table that they read, under their names."""
_EVERY_COLUMN = frozenset({"*"})


def columns_of(value: exp.Expr) -> frozenset[str]:
    """The columns of tables, and of the answers of models, that a value is made of."""
    found: set[str] = set()
    for node in _parts(value):
        if isinstance(node, exp.Star):
            found |= _EVERY_COLUMN
        elif part := _part_of_json(node):
            found |= {f"{column}.{part}" for column in _trace(node.expressions[0])}
        elif isinstance(node, exp.Column):
            found |= _trace(node)
    return frozenset(found)


def _parts(node: exp.Expr) -> Iterator[exp.Expr]:
    """The node and what it is computed from."""
    yield node
    if isinstance(node, exp.Count | exp.Column) or _part_of_json(node):
        return
    children = [node.this] if isinstance(node, exp.Window) else node.iter_expressions()
    for child in children:
        yield from _parts(child)


def _part_of_json(node: exp.Expr) -> str | None:
    """The key that JSON_VALUE reads of a column; None for anything else."""
    if not isinstance(node, exp.Anonymous) or node.name.upper() != "JSON_VALUE" or len(node.expressions) != 2:
        return None
    text, path = node.expressions
    key = re.fullmatch(r"\$\.([A-Za-z_]+)", path.name) if isinstance(path, exp.Literal) else None
    return key[1] if key and isinstance(text, exp.Column) else None


def _trace(column: exp.Column) -> frozenset[str]:
    select = column.find_ancestor(exp.Select)
    if select is None or column.is_star:
        return _EVERY_COLUMN
    relations = _relations(select)
    if not column.table:
        return _named(column.name, relations)
    if column.table in relations:
        return _named(column.name, {column.table: relations[column.table]})
    # No relation is called so: it is a column, and the name after it a field.
    return _named(column.table, relations)


def _relations(select: exp.Select) -> dict[str, exp.Expr | None]:
    """What a SELECT reads, by the name it gives it; None for a table."""
    from_ = select.args.get("from_")
    items = [from_.this] if from_ else []
    items += [join.this for join in select.args.get("joins") or ()] + list(select.args.get("laterals") or ())
    queries = _queries(select)
    found: dict[str, exp.Expr | None] = {}
    for number, item in enumerate(items):
        name = item.alias or (item.name if isinstance(item.this, exp.Identifier) else str(number))
        read = _read(item)
        found[name] = queries.get(read.name) if isinstance(read, exp.Identifier) else read
    return found


def _queries(select: exp.Select) -> dict[str, exp.CTE]:
    """The CTEs in sight, by name; an inner one hides an outer one."""
    found: dict[str, exp.CTE] = {}
    node: exp.Expr | None = select
    while node is not None:
        with_ = node.args.get("with_")
        found = {cte.alias: cte for cte in (with_.expressions if with_ else ())} | found
        node = node.parent
    return found


def _read(item: exp.Expr) -> exp.Expr:
    """The name of the table that is read, by itself or through table functions; the item where it reads none."""
    if not isinstance(item, exp.Table) or _renames(item):
        return item
    inner: exp.Expr = item.this
    while isinstance(inner, exp.Anonymous) and inner.name.upper() in _SAME_COLUMNS and inner.expressions:
        inner = inner.expressions[0]
    name: exp.Expr = inner.this if isinstance(inner, exp.Column) else inner
    return name


def _renames(item: exp.Expr) -> bool:
    """Whether the item gives its columns other names, as in `x AS y(a, b)`; those are not followed."""
    alias = item.args.get("alias")
    return isinstance(alias, exp.TableAlias) and bool(alias.columns)


def _named(name: str, relations: dict[str, exp.Expr | None]) -> frozenset[str]:
    """What a column of these relations is made of; one that none of them has is made by a function over them."""
    traced = [found for relation in relations.values() if (found := _in(name, relation)) is not None]
    return frozenset().union(*traced) if traced else frozenset({name})


def _in(name: str, relation: exp.Expr | None) -> frozenset[str] | None:
    """What a column of one relation is made of; None where the relation has no such column."""
    if relation is None:
        return frozenset({name})
    if isinstance(relation, exp.Lateral):
        return _result(name, relation)
    if isinstance(relation, exp.CTE | exp.Subquery) and not _renames(relation):
        return _in(name, relation.this)
    if not isinstance(relation, exp.Select):
        return frozenset({f"{name} of a {relation.key}"})
    for projection in relation.selects:
        if projection.alias_or_name == name and not projection.is_star:
            return columns_of(projection)
    starred = _starred(relation)
    return _named(name, starred) if starred else None


def _starred(select: exp.Select) -> dict[str, exp.Expr | None]:
    """The relations of a SELECT that `*`, or `s.*`, takes all columns of."""
    relations = _relations(select)
    stars = [projection for projection in select.selects if projection.is_star]
    if any(not isinstance(star, exp.Column) for star in stars):
        return relations
    names = {star.table for star in stars if isinstance(star, exp.Column)}
    return {name: relation for name, relation in relations.items() if name in names}


def _result(name: str, lateral: exp.Lateral) -> frozenset[str] | None:
    """A column of a function's result: an answer where a model gives it, else made of the function's arguments."""
    if name not in {column.name for column in lateral.args["alias"].columns}:
        return None
    calls = [call for call in lateral.this.find_all(exp.Anonymous) if call.name.upper() != "TABLE"]
    if calls and MODEL_FUNCTION.fullmatch(calls[0].name.upper()):
        return frozenset({name})
    return columns_of(lateral.this)
