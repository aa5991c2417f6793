"""The state of an OVER in a step-by-step run: rows as far as it looks back, and what decides on late ones."""

from collections.abc import Mapping

import duckdb
import numpy as np

from sentinel_cli.local._admission import Admission, Arrivals
from sentinel_cli.local._chunks import Chunks
from sentinel_cli.local._numbers import Numbers
from sentinel_cli.local._plan import Segment
from sentinel_cli.local._step import Step, timestamp
from sentinel_cli.local.anomalies import Integers


class RangeState:
    """
    Rows of one segment, by key.

    A step judges those whose time has come, each with the earlier ones of its key:

        kept     x . x x . . x x . x x
        due                      | x x |      between the last watermark and this one
        needed   . . x x . . x x . x x        rows of the keys of those, as far as they look back
    """

    def __init__(self, connection: duckdb.DuckDBPyConnection, name: str, segment: Segment) -> None:
        self.connection, self.name, self.segment = connection, name, segment
        self.keys = ", ".join(segment.keys)
        self.rows = Chunks(connection, name, f"greatest({segment.time}, __due)")
        is_numbered = segment.keys == ("__key",)
        self.numbers = None if is_numbered else Numbers(connection, f"{name}_numbers", segment.keys, "__number")
        """Of the keys, where they are not the record's own, which every row has a number for."""
        self.number = "__key" if is_numbered else "__number"
        self.admission = Admission(segment.size_ms)
        self.columns: list[str] = []
        self.oldest: dict[int, int] = {}
        """By partition, the earliest time that rows look back on whose time came in the last step."""

    def take(self, relation: str, step: Step) -> None:
        """Keep what arrived, and look for rows whose time has come."""
        self.rows.add(self._admitted(relation, step))
        time, due = self.segment.time, f"{self.name}_due"
        moved = {partition: low for partition, (low, _) in step.moves.items() if low is not None}
        rows = self.rows.since(moved, self.named(""))
        came = f"SELECT {self.keys}, min({time}) AS {time} FROM {rows} WHERE {step.passed('__due')} GROUP BY ALL"
        self._create(due, came)
        ((oldest,),) = self.connection.execute(f"SELECT epoch_ms(min({time})) FROM {due}").fetchall()
        self.oldest = {} if oldest is None else dict.fromkeys(step.moves, oldest - self.segment.reach_ms)

    def named(self, text: str) -> str:
        """The columns that some SQL names, with those that decide which rows are judged."""
        if not self.columns:
            self.columns = [row[0] for row in self.connection.execute(f"DESCRIBE {self.name}").fetchall()]
        always = {*self.segment.keys, self.segment.time, "__due", "__partition"}
        return ", ".join(f'"{name}"' for name in self.columns if name in always or name in text)

    def needed(self, columns: str = "*") -> str:
        """Some columns of the rows that are judged, and of those that they look back on."""
        if not self.oldest:
            return f"(SELECT {columns} FROM {self.name} LIMIT 0)"
        reach = timestamp(min(self.oldest.values()))
        among = f"({self.keys}) IN (SELECT ({self.keys}) FROM {self.name}_due)"
        return (
            f"(SELECT * FROM {self.rows.since(self.oldest, columns)} WHERE {self.segment.time} >= {reach} AND {among})"
        )

    def narrow(self, relation: str, where: str) -> str:
        """
        The rows that are needed for the keys of which some row fulfils a condition; empty where there are none.

        The other columns, texts among them, are then read of these keys alone.
        """
        least, near = self.segment.least, f"{self.name}_near"
        if least and not self._keep(f"{self.needed(self.named(least))} GROUP BY {self.keys} HAVING {least}"):
            return ""
        if not self._keep(f"{relation} WHERE {where}"):
            return ""
        self._create(near, f"SELECT * FROM {self.needed()}")
        return near

    def _keep(self, rows: str) -> int:
        """Judge only keys that some rows have; how many there are."""
        due = f"{self.name}_due"
        return self._create(due, f"SELECT * FROM {due} SEMI JOIN (SELECT {self.keys} FROM {rows}) USING ({self.keys})")

    def forget(self, watermarks: Mapping[int, int]) -> None:
        """Forget what no later row can need: rows that look back, and late ones on a state not yet cleaned up."""
        reach = self.segment.reach_ms + self.segment.size_ms * 3 // 2 + 1
        self.rows.forget({partition: watermark - reach for partition, watermark in watermarks.items()})

    def numbered(self, relation: str) -> str:
        """The rows of a relation with the number of each one's key."""
        if self.numbers is None:
            return relation
        self.numbers.add(relation)
        return self.numbers.joined(relation)

    def _admitted(self, relation: str, step: Step) -> str:
        """The rows that the OVER accepts, with `__due` and `__epoch`."""
        rows, epochs = self.numbered(relation), f"{self.name}_epochs"
        sequence, places, given = self._judged(rows, step.watermarks)
        due = f"greatest({self.segment.time}, __behind + INTERVAL '1' MILLISECOND) AS __due"
        if not len(places):
            return f"(SELECT *, {due}, 0::BIGINT AS __epoch FROM {rows})"
        cells = "unnest(?::BIGINT[]) AS __seq, unnest(?::BIGINT[]) AS __epoch, TRUE AS __is_followed"
        self.connection.execute(
            f"CREATE OR REPLACE TEMP TABLE {epochs} AS SELECT {cells}", [sequence[places].tolist(), given]
        )
        return (
            f"(SELECT t.*, {due}, coalesce(e.__epoch, 0) AS __epoch FROM {rows} AS t LEFT JOIN {epochs} AS e "
            "ON t.__seq = e.__seq WHERE e.__is_followed IS NULL OR e.__epoch IS NOT NULL)"
        )

    def _judged(self, rows: str, watermarks: str) -> tuple[Integers, Integers, list[int | None]]:
        """The places of rows and which are followed, before any is kept: of columns that are read in no time."""
        found = self.connection.execute(
            f"SELECT __seq, {self.number} AS number, __partition, epoch_ms({self.segment.time}) AS time, __wm "
            f"FROM {rows} JOIN (SELECT __seq, __wm FROM {watermarks}) USING (__seq) ORDER BY __seq"
        ).fetchnumpy()
        arrived = Arrivals(*(np.asarray(found[name]) for name in ("__seq", "number", "__partition", "time", "__wm")))
        return arrived.sequence, *self.admission.judge(arrived, self._adopt)

    def _adopt(self, number: int, epoch: int) -> list[int]:
        life = f"{self.number} = {number} AND __seq >= {epoch}"
        self.rows.update(f"__epoch = {epoch} WHERE {life}")
        found = self.connection.execute(f"SELECT epoch_ms({self.segment.time}) FROM {self.name} WHERE {life}")
        return [time for (time,) in found.fetchall()]

    def _create(self, table: str, query: str) -> int:
        ((count,),) = self.connection.execute(f"CREATE OR REPLACE TEMP TABLE {table} AS {query}").fetchall()
        return int(count)
