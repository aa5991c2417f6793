"""
The state of one partition as a folder of Parquet files: what a run writes down, and takes up again.

    keys.parquet              the number of each account of the partition, as the run that wrote it had it
    <candidates>.parquet      what windows are over, as far as it is kept
    <segment>.lives.parquet   what decides on late rows, a row for each key
    <segment>.epochs.parquet  rows of keys that had a late row
    <segment>.model.parquet   what a model remembers, a row for each value, the oldest first

Numbers of keys are a run's own: the files of a segment name its keys, by columns or by the number in keys.parquet, and
each is numbered anew where it is taken up.
"""

from pathlib import Path

import duckdb
import numpy as np
import orjson

from sentinel_cli.inputs.contract import text
from sentinel_cli.local._capture import ACCOUNT, numbers_of
from sentinel_cli.local._keys import Keys
from sentinel_cli.local._lateness import KeyState
from sentinel_cli.local._model import Model
from sentinel_cli.local._numbers import Numbers
from sentinel_cli.local._range_state import RangeState
from sentinel_cli.local._run import StatementRun, candidates_of


class Saved:
    """The files of one partition."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, keys: Keys, partition: int, folder: Path) -> None:
        self.connection, self.keys, self.partition, self.folder = connection, keys, partition, folder

    def read(self, runs: list[StatementRun], watermark: int) -> None:
        """Take up the state of all statements, which was written at a watermark of the partition."""
        if not self._has("keys"):
            return
        accounts = (
            f"(SELECT {ACCOUNT}, {self.partition}::INTEGER AS __partition, __key AS __old FROM {self._file('keys')})"
        )
        renumbered = f"SELECT __old, __key FROM {self.keys.beside(accounts, '__taken_up')}"
        self.connection.execute(f"CREATE OR REPLACE TEMP TABLE __renumbered AS {renumbered}")
        for candidates in candidates_of(runs):
            if self._has(candidates.name):
                candidates.add(self._renumbered(candidates.name))
        for run in runs:
            if run.over and self._has(f"{run.over.name}.lives"):
                self._read_range(run.over)
                run.over.wait(self.partition, watermark)
            for name, model in run.models.items():
                if self._has(f"{name}.model"):
                    self._read_model(f"{name}.model", model)

    def forget(self, runs: list[StatementRun]) -> None:
        """Forget the partition altogether."""
        for candidates in candidates_of(runs):
            candidates.rows.remove(self.partition)
        for run in runs:
            if run.over:
                run.over.leave(self.partition)
                numbers = run.over.candidates.numbers
                run.over.admission.forget(numbers_of(self.connection, self.keys, self.partition, numbers))
            for model in run.models.values():
                model.histories.forget(numbers_of(self.connection, self.keys, self.partition, model.numbers))

    def _read_range(self, state: RangeState) -> None:
        if self._has(f"{state.name}.epochs"):
            state.epochs.add(self._file(f"{state.name}.epochs"))
        found = self._keyed(f"{state.name}.lives", state.candidates.numbers)
        number = found.pop("number")
        followed = found.pop("followed")
        timers = np.stack([found[f"timer_{n}"] for n in range(len(found) - 3)], axis=1)
        state.admission.remember(number, self.partition, found, timers)
        for key, life in zip(number.tolist(), followed.tolist(), strict=True):
            if life:
                state.admission.followed[key] = _key_state(life)

    def _read_model(self, file: str, model: Model) -> None:
        found = self._keyed(file, model.numbers, ", place")
        model.histories.add(found["number"], found["value"])

    def _keyed(self, file: str, numbers: Numbers | None, order: str = "") -> dict[str, np.ndarray]:
        """The arrays of a file, sorted by the number that each key has here."""
        rows = self._renumbered(file)
        if numbers is not None:
            numbers.add(rows)
            others = f"* EXCLUDE ({numbers.number}, {numbers.columns})"
            rows = f"(SELECT {numbers.number} AS number, {others} FROM {numbers.joined(rows)})"
        else:
            rows = f"(SELECT __key AS number, * EXCLUDE (__key) FROM {rows})"
        found = self.connection.execute(f"SELECT * FROM {rows} ORDER BY number{order}").fetchnumpy()
        return {name: np.asarray(column) for name, column in found.items()}

    def _renumbered(self, file: str) -> str:
        """The rows of a file with the numbers that accounts have here."""
        names = [row[0] for row in self.connection.execute(f"DESCRIBE SELECT * FROM {self._file(file)}").fetchall()]
        if "__key" not in names:
            return f"(SELECT * FROM {self._file(file)})"
        joined = f"{self._file(file)} AS r JOIN __renumbered AS m ON r.__key = m.__old"
        return f"(SELECT r.* REPLACE (m.__key AS __key) FROM {joined})"

    def _has(self, name: str) -> bool:
        return self._path(name).is_file()

    def _file(self, name: str) -> str:
        return f"read_parquet({text(str(self._path(name)))})"

    def _path(self, name: str) -> Path:
        return self.folder / f"{name}.parquet"


def _key_state(life: str) -> KeyState:
    state = orjson.loads(life)
    return KeyState(**state | {"overdue": [tuple(timer) for timer in state["overdue"]]})
