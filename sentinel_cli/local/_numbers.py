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
        if not self.count:
            create = f"CREATE TABLE IF NOT EXISTS {self.table} AS SELECT 0::BIGINT AS {self.number}, {self.columns}"
            self.connection.execute(f"{create} FROM {relation} LIMIT 0")
        unknown = f"{relation} ANTI JOIN {self.table} USING ({self.columns}) WHERE {self.known}"
        new = f"SELECT {self.count} + row_number() OVER () - 1, * FROM (SELECT DISTINCT {self.columns} FROM {unknown})"
        ((added,),) = self.connection.execute(f"INSERT INTO {self.table} {new}").fetchall()
        self.count += added

    def joined(self, relation: str) -> str:
        """The rows of a relation with the number of each one's key, NULL where it has no key."""
        return f"(SELECT * FROM {relation} LEFT JOIN {self.table} USING ({self.columns}))"
