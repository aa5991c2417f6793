"""The state of an OVER in a step-by-step run: which rows wait for their time, and what decides on late ones."""

import duckdb
import numpy as np

from sentinel_cli.local._admission import Admission, Arrivals
from sentinel_cli.local._candidates import NO_ROWS, Arrived, Candidates
from sentinel_cli.local._chunks import Chunks
from sentinel_cli.local._lateness import NEVER
from sentinel_cli.local._plan import Segment
from sentinel_cli.local._step import NOTHING, Before, Step, timestamp
from sentinel_cli.local.anomalies import Integers


class RangeState:
    """
    What a segment knows of the candidates that it is over.

    A step judges those whose time has come, each with the earlier ones of its key:

        kept     x . x x . . x x . x x
        due                      | x x |      between the last watermark and this one
        needed   . . x x . . x x . x x        rows of the keys of those, as far as they look back

    Nearly every row is of epoch 0; those of keys that are followed stand in the table `epochs`, with none where the
    operator drops them.
    """

    def __init__(
        self, connection: duckdb.DuckDBPyConnection, name: str, segment: Segment, candidates: Candidates
    ) -> None:
        self.connection, self.name, self.segment, self.candidates = connection, name, segment, candidates
        self.number = candidates.number
        self.admission = Admission(segment.size_ms)
        self.epochs = Chunks(connection, f"{name}_epochs", "__due")
        self.near = f"{name}_near"
        """Table of the rows of keys of which rows come out."""
        self.waiting = NO_ROWS
        """Rows whose time has not come."""
        self.before: Before = NOTHING
        """Of the last step."""
        self.oldest: dict[int, int] = {}
        """By partition, the earliest time that rows look back on whose time came in the last step."""

    def take(self, step: Step) -> None:
        """Let those of the rows wait that arrived and are accepted, and look for rows whose time has come."""
        waiting = self.waiting.joined(self._accepted(step))
        came = waiting.due <= step.reached(waiting.partition)
        self.waiting, due = waiting.chosen(~came), waiting.chosen(came)
        self._judge(np.unique(due.key))
        oldest = int(due.time.min(initial=-NEVER)) - self.segment.reach_ms
        self.oldest = dict.fromkeys(step.moves, oldest) if len(due.key) else {}

    def wait(self, partition: int, watermark: int) -> None:
        """Let those rows of a partition wait that have not been judged, once they have been read back."""
        rows = f"(SELECT * FROM {self.candidates.name} WHERE __partition = {partition})"
        unjudged = f"{self._lived(rows)} WHERE __due > {timestamp(watermark)}"
        self.waiting = self.waiting.joined(self.candidates.look(unjudged))

    def leave(self, partition: int) -> None:
        """Forget the rows of a partition."""
        self.waiting = self.waiting.chosen(self.waiting.partition != partition)
        self.epochs.remove(partition)

    def forget(self, step: Step) -> None:
        """Forget the epochs of rows that no later row can need."""
        self.epochs.forget({partition: high - self.segment.keeps_ms for partition, high in step.highs.items()})

    def waits(self, partition: int, _watermark: int) -> bool:
        """Whether some row of a partition has not been judged."""
        return bool((self.waiting.partition == partition).any())

    def needed(self, columns: str = "*") -> str:
        """Some columns of the rows that are judged, and of those that they look back on."""
        if not self.oldest:
            return f"(SELECT {columns}, 0::BIGINT AS __epoch FROM {self.candidates.name} LIMIT 0)"
        reach = timestamp(min(self.oldest.values()))
        among = f"{self.number} IN (SELECT number FROM {self.name}_due)"
        rows = self._lived(self.candidates.rows.since(self.oldest, columns))
        return f"(SELECT * FROM {rows} WHERE {self.segment.time} >= {reach} AND {among})"

    def narrow(self, relation: str, where: str) -> str:
        """
        The rows that are needed for the keys of which some row fulfils a condition; empty where there are none.

        The other columns, texts among them, are then read of these keys alone.
        """
        least = self.segment.least
        if least and not self._judge_among(
            f"{self.needed(self.candidates.named(least))} GROUP BY {self.number} HAVING {least}"
        ):
            return ""
        if not self._judge_among(f"{relation} WHERE {where}"):
            return ""
        self.connection.execute(f"CREATE OR REPLACE TEMP TABLE {self.near} AS SELECT * FROM {self.needed()}")
        return self.near

    def _judge_among(self, rows: str) -> bool:
        """Judge only keys that some rows have, if any do."""
        found = self.connection.execute(f"SELECT DISTINCT {self.number} AS number FROM {rows}").fetchnumpy()["number"]
        self._judge(np.asarray(found))
        return len(found) > 0

    def _judge(self, keys: Integers) -> None:
        self.connection.register(f"{self.name}_due", {"number": keys})

    def _lived(self, rows: str) -> str:
        return in_epochs(rows, self.epochs.name if self.epochs.chunks else "")

    def _accepted(self, step: Step) -> Arrived:
        self.before, arrived = step.before, self.candidates.arrived
        before = step.before.watermark[np.searchsorted(step.before.sequence, arrived.sequence)]
        in_order = Arrivals(arrived.sequence, arrived.key, arrived.partition, arrived.time, before)
        places, epochs = self.admission.judge(in_order, self._adopt)
        if not len(places):
            return arrived
        followed = arrived.chosen(places)
        none = np.array([epoch is None for epoch in epochs])
        known = np.array([epoch or 0 for epoch in epochs], dtype=np.int64)
        self.connection.register("__followed", {**followed._asdict(), "none": none, "epoch": known})
        self.epochs.add(
            "(SELECT sequence AS __seq, partition::INTEGER AS __partition, make_timestamp_ms(due) AS __due, "
            "CASE WHEN NOT none THEN epoch END AS __epoch FROM __followed)"
        )
        stays = np.ones(len(arrived.key), dtype=bool)
        stays[places] = ~none
        return arrived.chosen(stays)

    def _adopt(self, number: int, epoch: int) -> list[int]:
        sequence, partition, _ = self.before
        first = sequence[partition == self.admission.partition[number]][0]
        life = f"{self.number} = {number} AND __seq >= {epoch} AND __seq < {first}"
        found = self.candidates.look(f"{self.candidates.name} WHERE {life}")
        columns = f"__seq, __partition, __due, {epoch}::BIGINT AS __epoch"
        self.epochs.add(f"(SELECT {columns} FROM {self.candidates.name} WHERE {life})")
        times: list[int] = found.time.tolist()
        return times


def in_epochs(rows: str, followed: str) -> str:
    """
    Rows that the operator has accepted, each in the life of its key.

    `followed` is the table of the rows of followed keys, each with its epoch, none where it is dropped; the others are
    of epoch 0, as all are without a table.
    """
    if not followed:
        return f"(SELECT *, 0::BIGINT AS __epoch FROM {rows})"
    return (
        f"(SELECT r.*, coalesce(e.__epoch, 0) AS __epoch FROM {rows} AS r LEFT JOIN {followed} AS e "
        "ON r.__seq = e.__seq WHERE e.__seq IS NULL OR e.__epoch IS NOT NULL)"
    )
