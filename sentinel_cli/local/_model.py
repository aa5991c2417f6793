"""ML_DETECT_ANOMALIES over the closed windows of each key: earlier windows are facts, and a capped history is kept."""

import duckdb
import numpy as np

from sentinel_cli.local._histories import Histories
from sentinel_cli.local._numbers import Numbers
from sentinel_cli.local._plan import Segment
from sentinel_cli.local.anomalies import DetectOptions, Floats, Integers, detect_anomalies, history_rows

_ROWS = 500_000
"""Values that are looked at at once: what they take at their peak, 0.1 GB, does not grow with input or histories."""
_ANSWER = ("actual_value", "forecast_value", "lower_bound", "upper_bound", "rmse", "aic")


class Model:
    """One call of the function, and what it remembers of each key."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, segment: Segment, name: str) -> None:
        self.connection, self.segment, self.name = connection, segment, name
        text = connection.execute(f"SELECT {segment.options}").fetchall()[0][0]
        self.options = DetectOptions.from_json(text)
        self.histories = Histories(history_rows(self.options))
        is_numbered = segment.keys == ("__key",)
        self.numbers = None if is_numbered else Numbers(connection, f"{name}_numbers", segment.keys, "__number")
        """Of the keys, where they are not the record's own, which every row has a number for."""
        self.number = "__key" if is_numbered else "__number"

    def judge(self, relation: str, kept: str, *, is_replay: bool) -> str:
        """
        The table of those rows, with the function's ROW in the model's column, that fulfil a condition.

        A replay is all there is, and nothing is remembered.
        """
        new, judged = f"{self.name}_new", f"{self.name}_judged"
        created = self.connection.execute(f"CREATE OR REPLACE TEMP TABLE {new} AS SELECT * FROM {relation}")
        (rows,) = created.fetchall()[0]
        if self.numbers is not None:
            self.numbers.add(new)
        parts = 1 + int(rows * (1 + (0 if is_replay else self.histories.mean)) // _ROWS)
        for part in range(parts):
            key, value, row = self._ordered(new, f"{self.number} % {parts} = {part}")
            answers = self._answers(key, value, is_replay=is_replay)
            self.connection.register("__answers", {"__row": row, "actual_value": value, **answers})
            create = f"CREATE OR REPLACE TEMP TABLE {judged} AS" if part == 0 else f"INSERT INTO {judged}"
            self.connection.execute(f"{create} SELECT * FROM ({self._joined(new)}) WHERE {kept}")
            self.connection.unregister("__answers")
        return judged

    def _ordered(self, new: str, which: str) -> tuple[Integers, Floats, Integers]:
        """Keys, values and row ids of those rows whose keys fulfil a condition, sorted by key and time."""
        rows = f"(SELECT *, rowid AS __row FROM {new})"
        found = self.connection.execute(
            f"SELECT {self.number} AS number, {self.segment.value} AS value, __row "
            f"FROM {rows if self.numbers is None else self.numbers.joined(rows)} "
            f"WHERE {which} ORDER BY number, {self.segment.time}"
        ).fetchnumpy()
        value = np.ma.filled(found["value"].astype(np.float64), np.nan)
        return np.asarray(found["number"]), value, np.asarray(found["__row"])

    def _answers(self, key: Integers, value: Floats, *, is_replay: bool) -> dict[str, np.ndarray]:
        if is_replay:
            return detect_anomalies(key, value, self.options)
        keys, values, is_new = self.histories.before(key, value)
        self.histories.add(key, value)
        answers = detect_anomalies(keys, values, self.options, only=is_new)
        return {name: column[is_new] for name, column in answers.items()}

    def _joined(self, new: str) -> str:
        """The rows that have been judged, each with its answer: of `__answers` alone, so that a filter comes first."""
        parts = ", ".join(f"{name} := CASE WHEN NOT isnan(a.{name}) THEN a.{name} END" for name in _ANSWER)
        anomaly = "is_anomaly := CASE WHEN a.is_anomaly >= 0 THEN a.is_anomaly = 1 END"
        row = f"struct_pack({parts}, {anomaly}) AS {self.segment.column}"
        return f"SELECT n.*, {row} FROM {new} AS n JOIN __answers AS a ON n.rowid = a.__row"
