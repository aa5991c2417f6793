"""ML_DETECT_ANOMALIES over the closed windows of each key: earlier windows are facts, and a capped history is kept."""

import duckdb
import numpy as np

from sentinel_cli.local._plan import Segment
from sentinel_cli.local.anomalies import DetectOptions, detect_anomalies, history_rows

_ANSWER = ("forecast_value", "lower_bound", "upper_bound", "rmse", "aic")


def detect(connection: duckdb.DuckDBPyConnection, segment: Segment, new: str, history: str | None) -> str:
    """
    Judge the rows of table `new` by its `__row`; the table of `__row` and `answer`, the function's ROW.

    With `history`, the earlier rows of a key stand in the table of that name, and the new ones are added to it.
    """
    options = _options(connection, segment)
    keys = ", ".join(segment.keys)
    rows = f"(SELECT {keys}, {segment.time} AS __time, {segment.value} AS __value, __row FROM {new})"
    if history:
        earlier = f"SELECT *, 0 FROM {history} WHERE ({keys}) IN (SELECT ({keys}) FROM {new})"
        rows = f"(SELECT * FROM {rows} UNION ALL {earlier})"
    # Sorted by a number for each key: numbers sort in half the time of texts.
    numbered = f"(SELECT *, row_number() OVER () AS key FROM (SELECT DISTINCT {keys} FROM {new}))"
    found = connection.execute(
        f"SELECT key, __value, __row FROM {rows} JOIN {numbered} USING ({keys}) ORDER BY key, __time"
    ).fetchnumpy()
    partition = np.ma.filled(found["key"], 0).astype(np.int64)
    value = np.ma.filled(found["__value"], np.nan).astype(np.float64)
    row = found["__row"].astype(np.int64)
    answers = detect_anomalies(partition, value, options, only=row > 0)
    _store(connection, f"{new}_answers", row, value, answers)
    if history:
        mine = f"SELECT {keys}, {segment.time}, {segment.value} FROM {new}"
        connection.execute(f"INSERT INTO {history} {mine}")
    return f"{new}_answers"


def history_columns(segment: Segment, relation: str) -> str:
    """The query of an empty history: the keys, the time and the value of a row."""
    keys = ", ".join(segment.keys)
    return f"SELECT {keys}, {segment.time} AS __time, {segment.value} AS __value FROM {relation} LIMIT 0"


def kept(connection: duckdb.DuckDBPyConnection, segment: Segment, history: str) -> str:
    """The query of those rows of a history that a later judgement can need."""
    last = f"row_number() OVER (PARTITION BY {', '.join(segment.keys)} ORDER BY __time DESC)"
    return f"SELECT * FROM {history} QUALIFY {last} <= {history_rows(_options(connection, segment))}"


def _options(connection: duckdb.DuckDBPyConnection, segment: Segment) -> DetectOptions:
    return DetectOptions.from_json(connection.execute(f"SELECT {segment.options}").fetchall()[0][0])


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
