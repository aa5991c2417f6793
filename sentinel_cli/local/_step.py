"""One step of a run: the rows that arrive, and how far each partition's watermark moves."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from sentinel_cli.local._lateness import NEVER
from sentinel_cli.local.anomalies import Integers

Move = tuple[int | None, int | None]
"""A watermark before and after a step, in epoch milliseconds: None before the first, and after the last, which closes
every window."""


class Before(NamedTuple):
    """The watermark of its partition before each row of a batch, ascending in `sequence`; epoch milliseconds."""

    sequence: Integers
    partition: Integers
    watermark: Integers


NOTHING = Before(*(np.zeros(0, dtype=np.int64) for _ in Before._fields))


@dataclass(frozen=True)
class Step:
    """Rows arrive, and watermarks move."""

    rows: str
    """Relation of the new rows, with `__seq` and `__behind`."""
    watermarks: str
    """Of a replay that has late rows: relation of `__seq` and `__wm`, the watermark before each row in epoch
    milliseconds."""
    has_late: bool
    moves: Mapping[int, Move] = field(default_factory=dict)
    """By partition; a replay and a run that keeps no partitions apart have one, 0."""
    before: Before = NOTHING
    """Of a step that is no replay."""
    is_replay: bool = False
    view: Callable[[str], str] = str
    """From rows to what the statement reads of them."""
    chosen: str = ""
    """Those of the rows that can belong to a survivor, where they have been chosen for all statements at once."""

    @property
    def source(self) -> str:
        """Relation of what the statement reads."""
        return self.view(self.rows)

    def passed(self, column: str, later: int = 0) -> str:
        """Whether an instant, so many milliseconds later, lies between its partition's last watermark and this one."""
        moves = {partition: (_minus(low, later), _minus(high, later)) for partition, (low, high) in self.moves.items()}
        if len(moves) == 1:
            return _between(column, *moves.popitem()[1])
        moved = {partition: move for partition, move in moves.items() if move[0] != move[1] or move[1] is None}
        if not moved:
            return "FALSE"
        lows, highs = ({partition: move[side] for partition, move in moved.items()} for side in (0, 1))
        # The loose bound is one that DuckDB can look up in a table's statistics, before it reads a row.
        loose = _between(column, _outermost(min, lows), _outermost(max, highs))
        own = [
            _of_partition({partition: beyond if instant is None else instant for partition, instant in bounds.items()})
            for bounds, beyond in ((lows, NEVER), (highs, -NEVER))
        ]
        return f"({loose} AND {column} > make_timestamp_ms({own[0]}) AND {column} <= make_timestamp_ms({own[1]}))"

    def closes(self, size_ms: int) -> bool:
        """Whether some tumbling window of that length can have closed."""
        return any(
            low is None or high is None or (low + 1) // size_ms < (high + 1) // size_ms
            for low, high in self.moves.values()
        )

    def reached(self, partition: Integers) -> Integers:
        """The watermark after the step of each row's partition; epoch milliseconds."""
        marks = np.full(max(self.moves) + 1, NEVER)
        for number, (_, high) in self.moves.items():
            marks[number] = -NEVER if high is None else high
        return marks[partition]

    @property
    def highs(self) -> dict[int, int]:
        """Each partition's watermark after the step; none that closed every window."""
        return {partition: high for partition, (_, high) in self.moves.items() if high is not None}


def timestamp(milliseconds: int) -> str:
    """An instant as SQL."""
    return f"make_timestamp_ms({milliseconds})"


def _minus(instant: int | None, milliseconds: int) -> int | None:
    return None if instant is None else instant - milliseconds


def _outermost(choose: Callable[[list[int]], int], instants: Mapping[int, int | None]) -> int | None:
    known = [instant for instant in instants.values() if instant is not None]
    return choose(known) if len(known) == len(instants) else None


def _of_partition(instants: Mapping[int, int]) -> str:
    """
    The instant of a row's partition as SQL, NULL where it has none; epoch milliseconds.

    DuckDB plans a list in half the time that it takes for a condition on each partition.
    """
    places = ", ".join(str(instants.get(partition, "NULL")) for partition in range(max(instants) + 1))
    return f"([{places}])[__partition + 1]"


def _between(column: str, low: int | None, high: int | None) -> str:
    above = "TRUE" if low is None else f"{column} > {timestamp(low)}"
    return above if high is None else f"({above} AND {column} <= {timestamp(high)})"
