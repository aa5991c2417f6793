"""What a batch of transactions brings: the watermark before each row, and the verdict on each."""

from collections.abc import Callable, Mapping
from dataclasses import replace

import duckdb
from sqlglot import exp, parse_one

from sentinel_cli.local._lateness import NEVER
from sentinel_cli.local._plan import INPUT
from sentinel_cli.local._step import Move, Step, of_partition

_VERDICT = "violation"
"""The column of the view judged_transactions that is NULL for a row that a rule may count."""


def arrive_all(connection: duckdb.DuckDBPyConnection, batch: str, mark: str) -> Step:
    """
    The step of a replay: a batch that is all there is, in one partition, with a last watermark that closes everything.

    `mark` is the table's watermark expression, as DuckDB SQL. The watermark before a row is the largest mark of the
    rows before it; what is not later than that arrived late. Gets the tables `__late` and `__marks`.
    """
    rows = f"SELECT __seq, event_time, epoch_ms({mark}) AS mark FROM {batch}"
    # Without ORDER BY DuckDB streams the window, in a third of the time: a batch stands in order of arrival.
    highest = f"SELECT *, max(mark) OVER (ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS highest FROM ({rows})"
    before = f"coalesce(lag(highest) OVER (), {NEVER})"
    marks = f"SELECT __seq, epoch_ms(event_time) AS time, {before} AS __wm FROM ({highest})"
    late = _create(connection, "__late", f"SELECT __seq, __wm FROM ({marks}) WHERE time <= __wm")
    if late:
        _create(connection, "__marks", f"SELECT __seq, __wm FROM ({marks})")
    return Step(_behind(batch, late), "__marks", bool(late), {0: (None, None)}, is_replay=True)


def arrive(
    connection: duckdb.DuckDBPyConnection, batch: str, mark: str, watermarks: Mapping[int, int], *, is_last: bool
) -> Step:
    """
    The step of a batch of several partitions, each of which has a watermark of its own.

    Args:
        connection: Gets the table `__marks`, and `__late` where rows arrived late.
        batch: Relation of the rows, with `__partition`, ascending in `__seq`.
        mark: The table's watermark expression, as DuckDB SQL.
        watermarks: The watermark of each partition before the batch, none at its start.
        is_last: Whether it is the last, and closes every window.
    """
    columns = f"SELECT __seq, __partition, epoch_ms(event_time) AS time, epoch_ms({mark}) AS mark FROM {batch}"
    arrivals = "PARTITION BY __partition ORDER BY __seq ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING"
    floor = f"coalesce({of_partition(watermarks)}, {NEVER})" if watermarks else str(NEVER)
    before = f"greatest({floor}, coalesce(max(mark) OVER ({arrivals}), {NEVER}))"
    _create(connection, "__marks", f"SELECT *, {before} AS __wm FROM ({columns})")
    late_rows = "time <= __wm"
    highest = f"SELECT __partition, max(mark), count(*) FILTER ({late_rows}) FROM __marks GROUP BY __partition"
    found = {partition: (high, late) for partition, high, late in connection.execute(highest).fetchall()}
    late = sum(late for _, late in found.values())
    if late:
        _create(connection, "__late", f"SELECT __seq, __wm FROM __marks WHERE {late_rows}")
    latest: dict[int, int] = {partition: high for partition, (high, _) in found.items() if high is not None}
    moves: dict[int, Move] = {}
    for partition in sorted({0} if is_last and not found and not watermarks else {*watermarks, *found}):
        low = watermarks.get(partition)
        high = max(low if low is not None else NEVER, latest.get(partition, NEVER))
        moves[partition] = (low, None if is_last else high)
    return Step(_behind(batch, late), "__marks", bool(late), moves)


def _behind(batch: str, late: int) -> str:
    """The batch with the watermark of each row that arrived late."""
    if not late:
        return f"(SELECT *, CAST(NULL AS TIMESTAMP) AS __behind FROM {batch})"
    behind = "make_timestamp_ms(l.__wm) AS __behind"
    return f"(SELECT b.*, {behind} FROM {batch} AS b LEFT JOIN __late AS l USING (__seq))"


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
