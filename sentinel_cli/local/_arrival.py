"""What a batch of transactions brings: the watermark before each row, and the verdict on each."""

from collections.abc import Callable
from dataclasses import replace

import duckdb
from sqlglot import exp, parse_one

from sentinel_cli.local._lateness import NEVER
from sentinel_cli.local._plan import INPUT
from sentinel_cli.local._run import Step

_VERDICT = "violation"
"""The column of the view judged_transactions that is NULL for a row that a rule may count."""


def arrive(  # noqa: PLR0913 (a batch, the watermark and what the batch is to the run)
    connection: duckdb.DuckDBPyConnection,
    batch: str,
    mark: str,
    watermark: int | None,
    *,
    is_replay: bool,
    is_last: bool,
) -> Step:
    """
    The step of a batch.

    The watermark before a row is the largest mark of the rows before it; what is not later than that arrived late.

    Args:
        connection: Gets the tables `__late` and `__marks`.
        batch: Relation of the rows, in order of arrival.
        mark: The table's watermark expression, as DuckDB SQL.
        watermark: The watermark before the batch, None at the start.
        is_replay: Whether the batch is all there is.
        is_last: Whether it is the last, and closes every window.
    """
    floor = NEVER if watermark is None else watermark
    rows = f"SELECT __seq, event_time, epoch_ms({mark}) AS mark FROM {batch}"
    # Without ORDER BY DuckDB streams the window, in a third of the time: a batch stands in order of arrival.
    highest = f"SELECT *, max(mark) OVER (ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS highest FROM ({rows})"
    before = f"greatest({floor}, coalesce(lag(highest) OVER (), {NEVER}))"
    marks = f"SELECT __seq, epoch_ms(event_time) AS time, {before} AS __wm FROM ({highest})"
    late = _create(connection, "__late", f"SELECT __seq, __wm FROM ({marks}) WHERE time <= __wm")
    if late or not is_replay:
        _create(connection, "__marks", f"SELECT __seq, __wm FROM ({marks})")
    source = f"(SELECT *, CAST(NULL AS TIMESTAMP) AS __behind FROM {batch})"
    if late:
        behind = "make_timestamp_ms(l.__wm) AS __behind"
        source = f"(SELECT b.*, {behind} FROM {batch} AS b LEFT JOIN __late AS l USING (__seq))"
    if is_last:
        return Step(source, "__marks", bool(late), watermark, None, is_replay)
    (latest,) = connection.execute(f"SELECT max(mark) FROM ({rows})").fetchall()[0]
    return Step(source, "__marks", bool(late), watermark, max(floor, NEVER if latest is None else latest), is_replay)


def judge(connection: duckdb.DuckDBPyConnection, step: Step, view: tuple[str, str]) -> Step:
    """The step as those statements see it that begin with the same view: a batch is judged once for all of them."""
    name, text = view
    query = f"WITH {INPUT} AS (SELECT * FROM {step.rows}) {text}"
    if step.is_replay:
        return replace(step, view=_looked_up(connection, query, text))
    _create(connection, f"__{name}", query)
    return replace(step, rows=f"__{name}")


def _looked_up(connection: duckdb.DuckDBPyConnection, query: str, text: str) -> Callable[[str], str]:
    """The view with its verdict looked up: nearly every row has none, so the others fit into a small table."""
    verdicts = f"SELECT __seq, {_VERDICT} FROM ({query}) WHERE {_VERDICT} IS NOT NULL"
    count = _create(connection, "__verdicts", verdicts)
    tree = parse_one(text, read="duckdb")
    nothing = exp.Cast(this=exp.Null(), to=exp.DataType.build("VARCHAR"))
    for column in tree.find_all(exp.Alias):
        if column.alias == _VERDICT and isinstance(column.this, exp.Case):
            column.this.replace(exp.column("__verdict") if count else nothing)
    verdict, known = "", ""
    if count:
        verdict, known = f", v.{_VERDICT} AS __verdict", "LEFT JOIN __verdicts AS v USING (__seq)"
    judged = tree.sql(dialect="duckdb")
    return lambda rows: f"(WITH {INPUT} AS (SELECT r.*{verdict} FROM {rows} AS r {known}) {judged})"


def _create(connection: duckdb.DuckDBPyConnection, table: str, query: str) -> int:
    count: int = connection.execute(f"CREATE OR REPLACE TEMP TABLE {table} AS {query}").fetchall()[0][0]
    return count
