"""The admission of late rows equals the operator's own bookkeeping, timer by timer."""

import heapq
from dataclasses import dataclass, field

from hypothesis import given
from hypothesis import strategies as st

from sentinel_cli.local._lateness import NEVER, KeyState, admit


@dataclass
class Operator:
    """RowTimeRangeBoundedPrecedingFunction for one key, as its source reads: every timer fires by itself."""

    window: int
    epoch: int = -1
    moved_at: int = NEVER
    last_fired: int | None = None
    cleanup: int | None = None
    timers: list[int] = field(default_factory=list)

    def move(self, watermark: int) -> None:
        if watermark <= self.moved_at:
            return
        self.moved_at = watermark
        while self.timers and self.timers[0] <= watermark:
            fired = heapq.heappop(self.timers)
            if self.cleanup is not None and self.cleanup <= fired:
                self.last_fired, self.cleanup, self.epoch = None, None, -1
            else:
                self.last_fired = fired

    def take(self, sequence: int, time: int) -> int | None:
        if time <= (self.last_fired or 0):
            return None
        self.epoch = sequence if self.epoch < 0 else self.epoch
        heapq.heappush(self.timers, time)
        if self.cleanup is None or self.cleanup < time + self.window + 1:
            self.cleanup = time + self.window * 3 // 2 + 1
            heapq.heappush(self.timers, self.cleanup)
        return self.epoch


times = st.integers(1, 400)


@given(st.lists(st.tuples(st.sampled_from("ab"), times), max_size=60), st.sampled_from([10, 20, 37]), st.integers(0, 9))
def test_epochs_are_those_of_the_operator(stream: list[tuple[str, int]], window: int, cut: int) -> None:
    operators = {key: Operator(window) for key in "ab"}
    rows, expected, watermark = [], [], NEVER
    for sequence, (key, time) in enumerate(stream):
        rows.append((sequence, key, time, watermark))
        operators[key].move(watermark)
        expected.append(operators[key].take(sequence, time))
        watermark = max(watermark, time - 10)
    states: dict[object, KeyState] = {}
    assert admit(rows[:cut], window, states) + admit(rows[cut:], window, states) == expected
