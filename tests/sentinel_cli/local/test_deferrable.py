"""What a statement's filter says of all rows of a key together, and when it says nothing."""

import pytest
from sqlglot import exp

from sentinel_cli.local._deferrable import least, never_falls
from sql.dialect import parse

SCORED = "SELECT *, COUNT(*) OVER w AS n, SUM(amount) OVER w AS total FROM rows WINDOW w AS (PARTITION BY a ORDER BY t)"


def asked(ctes: dict[str, str], where: str) -> dict[str, str]:
    """The columns that have to reach a number, by the SQL of a statement with those CTEs and that filter."""
    text = ", ".join(f"{name} AS ({query})" for name, query in ctes.items())
    query = parse(f"WITH {text} SELECT * FROM x WHERE {where}", "test.sql")
    parsed = [(cte.alias, cte.this) for cte in query.args["with_"].expressions]
    return {name: number.sql() for name, number in least(parsed, query).items()}


@pytest.mark.parametrize(
    ("hit", "where", "expected"),
    [
        ("CASE WHEN n >= 3 THEN id END", "hit = first_hit", {"n": "3"}),
        ("CASE WHEN n >= 3 AND total >= 10.5 THEN id END", "hit = first_hit AND t >= 5", {"n": "3", "total": "10.5"}),
        ("CASE WHEN n >= 3 THEN id END", "n >= 4", {"n": "4"}),
        ("CASE WHEN n >= 3 THEN id ELSE id END", "hit = first_hit", {}),
        ("CASE WHEN n >= 3 OR total >= 10 THEN id END", "hit = first_hit", {}),
        ("CASE WHEN n >= 3 THEN id WHEN n >= 2 THEN id END", "hit = first_hit", {}),
        ("CASE n >= 3 WHEN FALSE THEN id END", "hit = first_hit", {}),
        ("CASE WHEN n > 3 THEN id END", "hit = first_hit", {}),
        ("CASE WHEN n >= total THEN id END", "hit = first_hit", {}),
        ("CASE WHEN n >= 3 THEN id END", "hit = first_hit OR n >= 9", {}),
        ("CASE WHEN n >= 3 THEN id END", "hit <> first_hit", {}),
    ],
)
def test_what_has_to_be_reached_is_what_every_row_that_comes_out_has(
    hit: str, where: str, expected: dict[str, str]
) -> None:
    assert asked({"scored": SCORED, "hits": f"SELECT *, {hit} AS hit FROM scored"}, where) == expected


def test_a_column_that_is_defined_twice_says_nothing() -> None:
    again = "SELECT a, t, id, 1 AS n FROM hits"
    hits = "SELECT *, CASE WHEN n >= 3 THEN id END AS hit FROM scored"
    assert asked({"scored": SCORED, "hits": hits, "again": again}, "hit = first_hit") == {}


@pytest.mark.parametrize(
    ("aggregate", "expected"),
    [
        ("COUNT(*)", True),
        ("COUNT(DISTINCT country)", True),
        ("SUM(CASE WHEN amount < 5 THEN 1 ELSE 0 END)", True),
        ("SUM(amount)", False),
        ("SUM(CASE WHEN amount < 5 THEN amount ELSE 0 END)", False),
        ("SUM(CASE WHEN amount < 5 THEN 1 ELSE -1 END)", False),
        ("MIN(amount)", False),
        ("MAX(amount)", False),
    ],
)
def test_only_what_never_falls_as_rows_are_added_bounds_a_window(aggregate: str, expected: bool) -> None:
    select = parse(f"SELECT {aggregate} FROM x", "test.sql")
    assert isinstance(select, exp.Select)
    assert never_falls(select.expressions[0]) is expected
