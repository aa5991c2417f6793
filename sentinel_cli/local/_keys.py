"""Small whole numbers in place of records' keys, looked up for every row that arrives."""

import duckdb
import numpy as np

from sentinel_cli.local._plan import RECORD_KEY


class Keys:
    """
    The numbers of the keys in their partitions, from 0 in the order in which they came.

    They stand in a table, and in a dict too, which finds those of a few rows without reading all that are known.
    """

    table, number = "__keys", "__key"

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self.connection = connection
        self.columns = ", ".join(("__partition", *RECORD_KEY))
        self.known: dict[str, int] = {}
        columns = ", ".join(f"{column} VARCHAR" for column in RECORD_KEY)
        connection.execute(f"CREATE TABLE {self.table} ({self.number} BIGINT, __partition INTEGER, {columns})")

    @property
    def count(self) -> int:
        """How many have been numbered."""
        return len(self.known)

    def beside(self, relation: str, table: str) -> str:
        """
        Number the keys of a relation, and give its rows, in their order, with the number of each one's key.

        The numbers stand in a table, NULL for a row without a key: no other column of the relation is moved.
        """
        name = " || '|' || ".join(("__partition", *RECORD_KEY))
        names = self.connection.execute(f"SELECT {name} AS name FROM {relation}").fetchnumpy()["name"].tolist()
        first, known = self.count, self.known
        numbers = [-1 if name is None else known.setdefault(name, len(known)) for name in names]
        self.connection.register("__numbers", {"number": np.array(numbers, dtype=np.int64)})
        created = f"SELECT nullif(number, -1) AS {self.number} FROM __numbers"
        self.connection.execute(f"CREATE OR REPLACE TEMP TABLE {table} AS {created}")
        self.connection.unregister("__numbers")
        numbered = f"(SELECT * FROM {relation} POSITIONAL JOIN {table})"
        if self.count > first:
            new = f"SELECT DISTINCT {self.number}, {self.columns} FROM {numbered} WHERE {self.number} >= {first}"
            self.connection.execute(f"INSERT INTO {self.table} {new}")
        return numbered
