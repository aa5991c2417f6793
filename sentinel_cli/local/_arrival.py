"""What a batch of transactions brings: the watermark before each row, and the verdict on each."""

from collections.abc import Callable, Mapping
from dataclasses import replace

import duckdb
import numpy as np
from sqlglot import exp, parse_one

from sentinel_cli.local._lateness import NEVER
from sentinel_cli.local._plan import INPUT
from sentinel_cli.local._step import Before, Move, Step

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
    return Step(_behind(batch, bool(late)), "__marks", bool(late), {0: (None, None)}, is_replay=True)


def arrive(
    connection: duckdb.DuckDBPyConnection, batch: str, mark: str, watermarks: Mapping[int, int], *, is_last: bool
) -> Step:
    """
    The step of a batch of several partitions, each of which has a watermark of its own.

    Args:
        connection: Gets `__late` where rows arrived late.
        batch: Relation of the rows, with `__partition`, ascending in `__seq` within each.
        mark: The table's watermark expression, as DuckDB SQL.
        watermarks: The watermark of each partition before the batch, none at its start.
        is_last: Whether it is the last, and closes every window.
    """
    columns = f"__seq, __partition, epoch_ms(event_time) AS time, epoch_ms({mark}) AS mark"
    found = connection.execute(f"SELECT {columns} FROM {batch} ORDER BY __seq").fetchnumpy()
    sequence, partition, time = (np.asarray(found[name]) for name in ("__seq", "__partition", "time"))
    marks = np.ma.filled(found["mark"], NEVER)
    before = np.empty_like(sequence)
    moves: dict[int, Move] = {known: (low, low) for known, low in watermarks.items()}
    for number in np.unique(partition).tolist():
        own, low = np.flatnonzero(partition == number), watermarks.get(number)
        highest = np.maximum.accumulate(np.concatenate(([NEVER if low is None else low], marks[own])))
        before[own], moves[number] = highest[:-1], (low, int(highest[-1]))
    if is_last:
        moves = {known: (low, None) for known, (low, _) in moves.items()} or {0: (None, None)}
    late = time <= before
    has_late = bool(late.any())
    if has_late:
        connection.register("__late", {"__seq": sequence[late], "__wm": before[late]})
    return Step(_behind(batch, has_late), "", has_late, moves, before=Before(sequence, partition, before))


def _behind(batch: str, has_late: bool) -> str:
    """The batch with the watermark of each row that arrived late."""
    if not has_late:
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
