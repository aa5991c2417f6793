"""
Which rows an OVER ... RANGE PRECEDING accepts, as Apache Flink's operator decides it.

The operator keeps, per key, the time of the last timer that fired, and drops a row that is not later. Timers are the
rows' own times and clean-up times; when the current clean-up fires, the key's state is forgotten, and what comes after,
however late, begins a new life (`epoch`). A timer set in the past fires when the watermark next moves.

    time      1:00      2:00      2:30      3:31
    row       x                                      window 1 h
    timer     row                 clean-up
    state     |-------------------|                  a row of 0:50 that comes at 2:00 is dropped, at 3:31 it is not

Source: RowTimeRangeBoundedPrecedingFunction of Apache Flink 2.3, behaviour checked by the parity tests.
"""

import heapq
from collections.abc import Hashable, Iterable
from dataclasses import dataclass, field

NEVER = -(2**50)
"""A watermark before the first one, in epoch milliseconds."""


@dataclass(slots=True)
class KeyState:
    """What the operator remembers of one key."""

    epoch: int
    moved_at: int
    """The watermark up to which timers have fired."""
    last_fired: int = 0
    cleanup: int | None = None
    timers: list[int] = field(default_factory=list)


def admit(
    rows: Iterable[tuple[int, Hashable, int, int]], window_ms: int, states: dict[Hashable, KeyState]
) -> list[int | None]:
    """
    The epoch of each row that the operator accepts, None for a row that it drops.

    Args:
        rows: Sequence number, key, time and the watermark before the row, in order of arrival; epoch milliseconds.
        window_ms: Length of the RANGE.
        states: State by key, changed in place; a key that was cleaned up is absent.
    """
    epochs: list[int | None] = []
    for sequence, key, time, watermark in rows:
        state = states.get(key)
        if state is not None and watermark > state.moved_at and _fire(state, watermark):
            del states[key]
            state = None
        if time <= (state.last_fired if state else 0):
            epochs.append(None)
            continue
        if state is None:
            state = states[key] = KeyState(sequence, watermark)
        _register(state, time, window_ms)
        epochs.append(state.epoch)
    return epochs


def _fire(state: KeyState, watermark: int) -> bool:
    """Fire the timers up to a watermark; whether the state was cleaned up."""
    state.moved_at = watermark
    timers = state.timers
    while timers and timers[0] <= watermark:
        fired = heapq.heappop(timers)
        if state.cleanup is not None and state.cleanup <= fired:
            return True
        state.last_fired = fired
    return False


def _register(state: KeyState, time: int, window_ms: int) -> None:
    heapq.heappush(state.timers, time)
    if state.cleanup is None or state.cleanup < time + window_ms + 1:
        state.cleanup = time + window_ms * 3 // 2 + 1
        heapq.heappush(state.timers, state.cleanup)
