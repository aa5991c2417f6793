"""What a value is made of is found through whatever a query does with it."""

import pytest

from sql.lineage import columns_of
from stacks.policies.jobs import inserts

HEAD = "INSERT INTO `sentinel.x` (a) "
MADE: dict[str, set[str]] = {
    "SELECT account_id AS a FROM `sentinel.t`": {"account_id"},
    "SELECT CONCAT(b, UPPER(c)) FROM `sentinel.t`": {"b", "c"},
    "WITH u AS (SELECT account_id AS typology FROM `sentinel.t`) SELECT typology FROM u": {"account_id"},
    "WITH u AS (SELECT *, b AS c FROM `sentinel.t`) SELECT CONCAT(c, d) FROM u": {"b", "d"},
    "SELECT a FROM (SELECT b AS a FROM `sentinel.t`)": {"b"},
    "WITH u AS (SELECT b FROM `sentinel.t`) SELECT p.b FROM u AS p JOIN `sentinel.v` AS q ON p.b = q.b": {"b"},
    "SELECT COUNT(DISTINCT account_id) FROM `sentinel.t`": set(),
    "SELECT MAX(account_id) FROM `sentinel.t`": {"account_id"},
    "SELECT MAX(b) OVER (PARTITION BY account_id ORDER BY c) FROM `sentinel.t`": {"b"},
    "SELECT CASE WHEN account_id = 'x' THEN b END FROM `sentinel.t`": {"account_id", "b"},
    "WITH u AS (SELECT F(b) AS s FROM `sentinel.t`) SELECT u.s.field FROM u": {"b"},
    "WITH u AS (SELECT F(b) AS s FROM `sentinel.t`) SELECT s.field FROM u": {"b"},
    "WITH u AS (SELECT b FROM `sentinel.t`) SELECT window_start FROM TABLE(TUMBLE(TABLE u, DESCRIPTOR(t), x))": {
        "window_start"
    },
    "SELECT r.s FROM `sentinel.t` AS p LEFT JOIN LATERAL TABLE(ML_PREDICT('m', p.b)) AS r(s) ON TRUE": {"s"},
    "SELECT r.s FROM `sentinel.t` AS p LEFT JOIN LATERAL TABLE(PIECES(p.b)) AS r(s) ON TRUE": {"b"},
    "SELECT JSON_VALUE(b, '$.c') FROM `sentinel.t`": {"b.c"},
    "WITH u AS (SELECT b AS c FROM `sentinel.t`) SELECT REGEXP_EXTRACT(JSON_VALUE(p.c, '$.d'), 'x', 1) FROM u AS p": {
        "b.d"
    },
    "SELECT JSON_VALUE(b, account_id) FROM `sentinel.t`": {"b", "account_id"},
    "SELECT JSON_VALUE(UPPER(b), '$.c') FROM `sentinel.t`": {"b"},
    "SELECT JSON_VALUE(b, '$') FROM `sentinel.t`": {"b"},
    "SELECT (SELECT MAX(account_id) FROM `sentinel.v`) FROM `sentinel.t`": {"account_id"},
}
UNFOLLOWED = [
    "SELECT * FROM `sentinel.t`",
    "SELECT CONCAT(p.*) FROM `sentinel.t` AS p",
    "WITH u AS (SELECT b AS a FROM `sentinel.t` UNION ALL SELECT c FROM `sentinel.t`) SELECT a FROM u",
    "WITH u (a) AS (SELECT b FROM `sentinel.t`) SELECT a FROM u",
    "SELECT a FROM `sentinel.t` AS p (a, b)",
    "SELECT a FROM TABLE(OTHER_COLUMNS(TABLE t))",
    "SELECT e.a FROM `sentinel.t` CROSS JOIN UNNEST(evidence) AS e(a)",
    "SELECT e.a FROM (VALUES (1)) AS e(a)",
]


@pytest.mark.parametrize(("query", "columns"), MADE.items(), ids=MADE)
def test_it_is_followed_to_the_columns_of_tables(query: str, columns: set[str]) -> None:
    (insert,) = inserts(HEAD + query, "test")
    assert columns_of(insert.expression.selects[0]) == columns


@pytest.mark.parametrize("query", UNFOLLOWED)
def test_what_cannot_be_followed_is_no_column_that_a_list_could_allow(query: str) -> None:
    (insert,) = inserts(HEAD + query, "test")
    assert not any(name.isidentifier() for name in columns_of(insert.expression.selects[0]))
