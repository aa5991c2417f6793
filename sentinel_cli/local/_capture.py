"""
The state of one partition as it is at an instant, to be written down while the engine goes on.

A transaction of its own keeps the tables as they were; of what stands in arrays the partition's part is copied. That
takes a fraction of the time in which the files are written (see `_saved` for them).
"""

from dataclasses import asdict
from pathlib import Path

import duckdb
import numpy as np
import orjson

from sentinel_cli.inputs.contract import text
from sentinel_cli.local._keys import Keys
from sentinel_cli.local._model import Model
from sentinel_cli.local._numbers import Numbers
from sentinel_cli.local._plan import RECORD_KEY
from sentinel_cli.local._range_state import RangeState
from sentinel_cli.local._run import StatementRun, candidates_of
from sentinel_cli.local.anomalies import Integers

ACCOUNT = ", ".join(RECORD_KEY)


class Capture:
    """
    The state of all statements in one partition.

    Args:
        connection: The engine's; what is read later is read on a cursor of it.
        keys: The numbers of the accounts.
        partition: Which.
        runs: The statements.
    """

    def __init__(
        self, connection: duckdb.DuckDBPyConnection, keys: Keys, partition: int, runs: list[StatementRun]
    ) -> None:
        self.connection, self.keys, self.partition = connection, keys, partition
        self.rows: dict[str, str] = {}
        """Queries, by the names of their files."""
        self.arrays: dict[str, tuple[dict[str, np.ndarray], Numbers | None]] = {}
        """Columns in which `number` stands for the key, and the numbering of that."""
        if keys.count:
            self._take(runs)
        self.cursor = connection.cursor()
        self.cursor.execute("BEGIN")
        # A transaction sees the tables as they are when it first looks at one.
        for query in self.rows.values():
            self.cursor.execute(f"SELECT 1 FROM ({query}) LIMIT 0")

    def write(self, folder: Path) -> None:
        """
        Write it into an empty folder, on whatever thread.

        Raises:
            duckdb.Error: a file cannot be written.
        """
        for name, query in self.rows.items():
            self._copy(folder / name, query)
        for name, (columns, numbers) in self.arrays.items():
            self.cursor.register("__columns", columns)
            self._copy(folder / name, _keyed(numbers))
            self.cursor.unregister("__columns")

    def close(self) -> None:
        """Let the tables go that were kept as they were."""
        self.cursor.close()

    def _copy(self, file: Path, query: str) -> None:
        self.cursor.execute(f"COPY ({query}) TO {text(f'{file}.parquet')} (FORMAT parquet)")

    def _take(self, runs: list[StatementRun]) -> None:
        own = f"__partition = {self.partition}"
        self.rows["keys"] = f"SELECT __key, {ACCOUNT} FROM {self.keys.table} WHERE {own}"
        for candidates in candidates_of(runs):
            if candidates.rows.chunks:
                columns = f"* EXCLUDE ({candidates.number})" if candidates.numbers else "*"
                self.rows[candidates.name] = f"SELECT {columns} FROM {candidates.name} WHERE {own}"
        for run in runs:
            if state := run.over:
                if state.epochs.chunks:
                    self.rows[f"{state.name}.epochs"] = f"SELECT * FROM {state.epochs.name} WHERE {own}"
                self.arrays[f"{state.name}.lives"] = self._lives(state), state.candidates.numbers
            for name, model in run.models.items():
                self.arrays[f"{name}.model"] = self._learnt(model), model.numbers

    def _lives(self, state: RangeState) -> dict[str, np.ndarray]:
        admission, number = state.admission, self._numbers(state.candidates.numbers)
        number = number[admission.remembers(number)]
        followed = [admission.followed.get(n) for n in number.tolist()] if admission.followed else [None] * len(number)
        columns = {"number": number, "epoch": admission.epoch[number], "cleanup": admission.cleanup[number]}
        columns |= {"set_at": admission.set_at[number]}
        columns |= {f"timer_{n}": timers for n, timers in enumerate(admission.timers[number].T)}
        return columns | {
            "followed": np.array([orjson.dumps(asdict(s)).decode() if s else "" for s in followed], dtype=object)
        }

    def _learnt(self, model: Model) -> dict[str, np.ndarray]:
        number, value = model.histories.latest(self._numbers(model.numbers))
        return {"number": number, "place": np.arange(len(number)), "value": value}

    def _numbers(self, numbers: Numbers | None) -> Integers:
        return numbers_of(self.connection, self.keys, self.partition, numbers)


def numbers_of(connection: duckdb.DuckDBPyConnection, keys: Keys, partition: int, numbers: Numbers | None) -> Integers:
    """The numbers of a partition's keys, ascending, in one numbering; the record's own without it."""
    known = numbers or keys
    if not known.count:
        return np.zeros(0, dtype=np.int64)
    query = f"SELECT {known.number} AS number FROM {known.table} WHERE __partition = {partition}"
    return np.asarray(connection.execute(f"{query} ORDER BY number").fetchnumpy()["number"])


def _keyed(numbers: Numbers | None) -> str:
    """The arrays with the keys' own columns in place of their numbers."""
    if numbers is None:
        return "SELECT number AS __key, * EXCLUDE (number) FROM __columns"
    columns = f"n.* EXCLUDE ({numbers.number}), c.* EXCLUDE (number)"
    return f"SELECT {columns} FROM __columns AS c JOIN {numbers.table} AS n ON n.{numbers.number} = c.number"
