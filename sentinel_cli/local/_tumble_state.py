"""Tumbling windows in a step-by-step run: which rows are in those that close, and whether any is open."""

from sentinel_cli.local._candidates import Candidates
from sentinel_cli.local._plan import Segment
from sentinel_cli.local._step import Step, timestamp


class TumbleState:
    """The windows of one segment; beside its candidates it keeps nothing."""

    def __init__(self, segment: Segment, candidates: Candidates) -> None:
        self.segment, self.candidates = segment, candidates
        self.last_ms = segment.size_ms - 1
        """From a window's start to the instant at which it closes."""

    def rows(self, step: Step, columns: str) -> str:
        """Some columns of the rows in windows that close in a step, and `window_start`."""
        lows = {partition: low - self.last_ms for partition, (low, _) in step.moves.items() if low is not None}
        placed = windows(self.segment, self.candidates.rows.since(lows, columns))
        return f"(SELECT * FROM {placed} WHERE {step.passed('window_start', self.last_ms)})"

    def waits(self, partition: int, watermark: int) -> bool:
        """Whether some row of a partition is in an open window."""
        if not self.candidates.rows.chunks:
            return False
        opened = watermark - self.last_ms
        placed = windows(self.segment, self.candidates.rows.since({partition: opened}))
        is_open = f"__partition = {partition} AND window_start > {timestamp(opened)}"
        found = self.candidates.connection.execute(f"SELECT 1 FROM {placed} WHERE {is_open} LIMIT 1").fetchall()
        return len(found) > 0


def windows(segment: Segment, rows: str) -> str:
    """Rows with the start of the window of each; a row is dropped if its window has closed before it arrived."""
    start = f"time_bucket(INTERVAL '{segment.size_ms}' MILLISECOND, {segment.time}, TIMESTAMP '1970-01-01')"
    on_time = f"__behind IS NULL OR {start} + INTERVAL '{segment.size_ms - 1}' MILLISECOND > __behind"
    return f"(SELECT *, {start} AS window_start FROM {rows} WHERE {on_time})"
