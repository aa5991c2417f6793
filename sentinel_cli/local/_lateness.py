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

from collections.abc import Hashable, Iterable
from dataclasses import dataclass, field
from typing import TypeVar

Key = TypeVar("Key", bound=Hashable)
NEVER = -(2**50)
"""A watermark before the first one, in epoch milliseconds."""
_MANY = 64
"""Timers of a key above which those that fired are put together."""


@dataclass(slots=True)
class KeyState:
    """What the operator remembers of one key; timers fire in thought, when a late row asks which have."""

    epoch: int
    cleanup: int
    set_at: int
    """The watermark when the clean-up was set: one set in the past waits for the next move."""
    timers: list[int] = field(default_factory=list)
    overdue: list[tuple[int, int]] = field(default_factory=list)
    """Timers set in the past, each with the watermark at which it was set."""


def admit(rows: Iterable[tuple[int, Key, int, int]], window_ms: int, states: dict[Key, KeyState]) -> list[int | None]:
    """
    The epoch of each row that the operator accepts, None for a row that it drops.

    Args:
        rows: Sequence number, key, time and the watermark before the row, in order of arrival; epoch milliseconds.
        window_ms: Length of the RANGE.
        states: State by key, changed in place; a key that was cleaned up may be absent.
    """
    epochs: list[int | None] = []
    keep, forget = window_ms + 1, window_ms * 3 // 2 + 1
    for sequence, key, time, watermark in rows:
        state = states.get(key)
        if state is not None and state.cleanup <= watermark > state.set_at:
            state = None
        if time <= watermark and time <= (_last_fired(state, watermark) if state else 0):
            epochs.append(None)
            continue
        if state is None:
            state = states[key] = KeyState(sequence, time + forget, watermark)
            _set(state, state.cleanup, watermark)
        elif state.cleanup < time + keep:
            state.cleanup, state.set_at = time + forget, watermark
            _set(state, state.cleanup, watermark)
        _set(state, time, watermark)
        epochs.append(state.epoch)
    return epochs


def _set(state: KeyState, timer: int, watermark: int) -> None:
    if timer <= watermark:
        state.overdue.append((timer, watermark))
        return
    state.timers.append(timer)
    if len(state.timers) > _MANY:
        fired = [known for known in state.timers if known <= watermark]
        state.timers = [known for known in state.timers if known > watermark] + ([max(fired)] if fired else [])


def _last_fired(state: KeyState, watermark: int) -> int:
    """The latest timer that fired up to a watermark, 0 if none did."""
    fired = [timer for timer in state.timers if timer <= watermark]
    fired += [timer for timer, set_at in state.overdue if watermark > set_at]
    return max(fired, default=0)
