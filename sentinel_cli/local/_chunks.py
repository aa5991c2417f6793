"""
Rows of state as a chain of tables, each a chunk of what arrived; a chunk goes when no later row can need it.

    |  chunk 1  |  chunk 2  |  chunk 3  |  chunk 4 ..   rows are added to the last
    ^ dropped as a whole: forgetting costs nothing, however long the chain, and no step has to rewrite what it keeps
"""

from collections.abc import Mapping
from dataclasses import dataclass

import duckdb
import numpy as np

_SMALLEST = 100_000
"""Rows of a chunk, at least: a few chunks are read as fast as one."""
_SHARE = 8
"""A chunk is closed when it holds this part of all rows: as much more is kept than is needed."""


@dataclass
class _Chunk:
    table: str
    rows: int
    """Rows that were added."""
    latest: dict[int, int] | None = None
    """Once it is closed: the latest instant at which one of its rows can matter, by partition, epoch milliseconds."""


class Chunks:
    """The state of one segment, under a view of its name."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, name: str, instant: str) -> None:
        self.connection, self.name = connection, name
        self.instant = f"SELECT __partition, max(epoch_ms({instant}))"
        self.chunks: list[_Chunk] = []
        self.made = 0

    @property
    def newest(self) -> str:
        """The table that holds the rows that were added last."""
        return self.chunks[-1].table

    def add(self, rows: str) -> None:
        """Keep the rows of a relation."""
        ((count,),) = self._insert(rows, "").fetchall()
        self.chunks[-1].rows += count

    def add_and_look(self, rows: str, columns: str) -> dict[str, np.ndarray]:
        """Keep the rows of a relation; some columns of them."""
        found: dict[str, np.ndarray] = self._insert(rows, f" RETURNING {columns}").fetchnumpy()
        self.chunks[-1].rows += len(next(iter(found.values())))
        return found

    def _insert(self, rows: str, returning: str) -> duckdb.DuckDBPyConnection:
        if not self.chunks or self.chunks[-1].rows >= max(_SMALLEST, sum(c.rows for c in self.chunks) // _SHARE):
            self._open(rows)
        return self.connection.execute(f"INSERT INTO {self.newest} BY NAME SELECT * FROM {rows}{returning}")

    def since(self, instants: Mapping[int, int], columns: str = "*") -> str:
        """
        Some columns of the rows that matter at the instant of their partition or later, and of others.

        What no such row can be in is left out: a query takes longer to plan, the more tables it names.
        """
        chunks = [chunk for chunk in self.chunks if not self._is_over(chunk, instants)]
        return f"({' UNION ALL '.join(f'SELECT {columns} FROM {chunk.table}' for chunk in chunks)})"

    def forget(self, instants: Mapping[int, int]) -> None:
        """Drop the closed chunks of which no row matters at the instant of its partition or later."""
        kept = [chunk for chunk in self.chunks if not self._is_over(chunk, instants)]
        if len(kept) < len(self.chunks):
            gone = [chunk.table for chunk in self.chunks if chunk not in kept]
            self.chunks = kept
            self._show()
            for table in gone:
                self.connection.execute(f"DROP TABLE {table}")

    def remove(self, partition: int) -> None:
        """Forget a partition altogether."""
        for chunk in self.chunks:
            ((count,),) = self.connection.execute(
                f"DELETE FROM {chunk.table} WHERE __partition = {partition}"
            ).fetchall()
            chunk.rows -= count
            chunk.latest = {p: at for p, at in chunk.latest.items() if p != partition} if chunk.latest else None

    def _is_over(self, chunk: _Chunk, instants: Mapping[int, int]) -> bool:
        if chunk is self.chunks[-1]:
            return False
        if chunk.latest is None:
            found = self.connection.execute(f"{self.instant} FROM {chunk.table} GROUP BY ALL").fetchall()
            chunk.latest = dict(found)
        return all(at < instants.get(partition, at) for partition, at in chunk.latest.items())

    def _open(self, rows: str) -> None:
        self.made += 1
        table = f"{self.name}_{self.made}"
        # Rows that were written down and taken up again have their columns in another order.
        like = self.newest if self.chunks else rows
        self.connection.execute(f"CREATE TABLE {table} AS SELECT * FROM {like} LIMIT 0")
        self.chunks.append(_Chunk(table, 0))
        self._show()

    def _show(self) -> None:
        union = " UNION ALL ".join(f"SELECT * FROM {chunk.table}" for chunk in self.chunks)
        self.connection.execute(f"CREATE OR REPLACE VIEW {self.name} AS {union}")
