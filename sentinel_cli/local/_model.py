"""ML_DETECT_ANOMALIES over the closed windows of each key: earlier windows are facts, and a capped history is kept."""

import duckdb
import numpy as np

from sentinel_cli.local._plan import Segment
from sentinel_cli.local.anomalies import DetectOptions, detect_anomalies, history_rows

_ANSWER = ("forecast_value", "lower_bound", "upper_bound", "rmse", "aic")


def detect(connection: duckdb.DuckDBPyConnection, name: str, segment: Segment, new: str, *, keep: bool) -> str:
    """
    Judge the rows of table `new` by its `__row`; the relation of `__row` and `answer`, the function's ROW.

    With `keep`, the history is read from and written to a table, cut to the rows that a later judgement can need.
    """
    options = DetectOptions.from_json(connection.execute(f"SELECT {segment.options}").fetchall()[0][0])
    keys, history = ", ".join(segment.keys), f"{name}_history"
    mine = f"SELECT {keys}, {segment.time} AS __time, {segment.value} AS __value, __row FROM {new}"
    if keep:
        connection.execute(f"CREATE TEMP TABLE IF NOT EXISTS {history} AS {mine} LIMIT 0")
        connection.execute(f"INSERT INTO {history} {mine}")
    rows = f"(SELECT * FROM {history} WHERE ({keys}) IN (SELECT ({keys}) FROM {new}))" if keep else f"({mine})"
    found = connection.execute(
        f"SELECT dense_rank() OVER (ORDER BY {keys}) AS key, __value, coalesce(__row, 0) AS __row FROM {rows} "
        f"ORDER BY {keys}, __time"
    ).fetchnumpy()
    partition = np.ma.filled(found["key"], 0).astype(np.int64)
    value = np.ma.filled(found["__value"], np.nan).astype(np.float64)
    answers = detect_anomalies(partition, value, options)
    _store(connection, f"{name}_answers", found["__row"], value, answers)
    if keep:
        kept = f"row_number() OVER (PARTITION BY {keys} ORDER BY __time DESC) <= {history_rows(options)}"
        query = f"SELECT * REPLACE (NULL::BIGINT AS __row) FROM {history} QUALIFY {kept}"
        connection.execute(f"CREATE OR REPLACE TEMP TABLE {history} AS {query}")
    return f"{name}_answers"


def _store(
    connection: duckdb.DuckDBPyConnection,
    table: str,
    row: np.ndarray,
    value: np.ndarray,
    answers: dict[str, np.ndarray],
) -> None:
    columns = {"__row": row.astype(np.int64), "actual_value": value, **answers}
    judged = columns["__row"] > 0
    __answers = {name: np.ascontiguousarray(column[judged]) for name, column in columns.items()}
    parts = ", ".join(f"{name} := CASE WHEN isnan({name}) THEN NULL ELSE {name} END" for name in _ANSWER)
    anomaly = "is_anomaly := CASE WHEN is_anomaly >= 0 THEN is_anomaly = 1 END"
    connection.register("__judged", __answers)
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE {table} AS "
        f"SELECT __row, struct_pack(actual_value, {parts}, {anomaly}) AS answer FROM __judged"
    )
    connection.unregister("__judged")
