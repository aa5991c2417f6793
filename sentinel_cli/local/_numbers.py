"""Small whole numbers in place of keys: they join and sort in a fraction of the time, and are places in an array."""

from collections.abc import Sequence

import duckdb


class Numbers:
    """The numbers of the keys in some columns, from 0 in the order in which they came."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, table: str, columns: Sequence[str], number: str) -> None:
        self.connection, self.table, self.number = connection, table, number
        self.columns = ", ".join(columns)
        self.known = " AND ".join(f"{column} IS NOT NULL" for column in columns)
        self.count = 0

    def add(self, relation: str) -> None:
        """Number those keys of a relation that have none yet."""
        self._create(relation)
        self._insert(f"{relation} ANTI JOIN {self.table} USING ({self.columns}) WHERE {self.known}")

    def joined(self, relation: str) -> str:
        """The rows of a relation with the number of each one's key, NULL where it has no key."""
        return f"(SELECT * FROM {relation} LEFT JOIN {self.table} USING ({self.columns}))"

    def beside(self, relation: str, table: str) -> str:
        """
        Number the keys of a relation, and give its rows, in their order, with the number of each one's key.

        The numbers stand in a table: no other column of the relation is moved.
        """
        self._create(relation)
        numbered = f"(SELECT * FROM {relation} POSITIONAL JOIN {table})"
        self._look_up(relation, table, self.number, f"SELECT {self.number}, {self.columns} FROM {self.table}")
        first = self.count
        if self._insert(f"{numbered} WHERE {self.number} IS NULL AND {self.known}"):
            added = f"SELECT {self.number} AS __added, {self.columns} FROM {self.table} WHERE {self.number} >= {first}"
            self._look_up(numbered, table, f"coalesce({self.number}, __added) AS {self.number}", added)
        return numbered

    def _look_up(self, relation: str, table: str, number: str, keys: str) -> None:
        """A table of the number beside each row, looked up among some keys."""
        places = f"SELECT row_number() OVER () AS __place, * FROM {relation}"
        found = f"SELECT {number} FROM ({places}) LEFT JOIN ({keys}) USING ({self.columns}) ORDER BY __place"
        self._one(f"CREATE OR REPLACE TEMP TABLE {table} AS {found}")

    def _create(self, relation: str) -> None:
        if not self.count:
            create = f"CREATE TABLE IF NOT EXISTS {self.table} AS SELECT 0::BIGINT AS {self.number}, {self.columns}"
            self.connection.execute(f"{create} FROM {relation} LIMIT 0")

    def _insert(self, unknown: str) -> int:
        """Number the keys of some rows; how many there are."""
        numbered = (
            f"SELECT {self.count} + row_number() OVER () - 1, * FROM (SELECT DISTINCT {self.columns} FROM {unknown})"
        )
        added = self._one(f"INSERT INTO {self.table} {numbered}")
        self.count += added
        return added

    def _one(self, query: str) -> int:
        ((count,),) = self.connection.execute(query).fetchall()
        return int(count)
