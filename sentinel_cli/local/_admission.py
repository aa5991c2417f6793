"""
What a step-by-step run remembers of an OVER's keys, so that it can judge rows that arrive late.

Nearly every row is on time and is accepted; all that it changes is when its key is cleaned up. That is kept in arrays
and computed for all keys at once. A key that has a late row is followed row by row, as `_lateness` has it, from its
first late row until it is cleaned up.
"""

from collections.abc import Callable, Mapping
from typing import NamedTuple

import numpy as np

from sentinel_cli.local._lateness import NEVER, KeyState, admit
from sentinel_cli.local.anomalies import Flags, Integers

_WIDTH = 4
"""Clean-up timers of a key: seldom more than three wait at once, and the last that fired is remembered."""
Adopt = Callable[[int, int], list[int]]
"""The times of the rows that are kept of a key since a sequence number, the beginning of its life: they get that for
their epoch."""


class Arrivals(NamedTuple):
    """Rows, a column each; a key is in one partition, and the watermark is that partition's before the row."""

    sequence: Integers
    key: Integers
    partition: Integers
    time: Integers
    watermark: Integers


class Admission:
    """The keys of one OVER, numbered from 0; times and watermarks are epoch milliseconds."""

    def __init__(self, window_ms: int) -> None:
        self.window_ms = window_ms
        self.epoch = np.zeros(0, dtype=np.int64)
        self.cleanup = np.zeros(0, dtype=np.int64)
        self.set_at = np.zeros(0, dtype=np.int64)
        self.timers = np.zeros((0, _WIDTH), dtype=np.int64)
        self.partition = np.zeros(0, dtype=np.int64)
        self.followed: dict[int, KeyState] = {}

    def judge(self, rows: Arrivals, adopt: Adopt) -> tuple[Integers, list[int | None]]:
        """
        Take rows in order of arrival.

        Returns the places of those rows whose keys are followed, and the epoch of each, None where the operator drops
        it; every other row is accepted, in epoch 0.
        """
        sequence, key, partition, time, watermark = rows
        self._make_room(key)
        self.partition[key] = partition
        late = np.unique(key[time <= watermark])
        for number in late.tolist():
            if number not in self.followed and self.cleanup[number] != NEVER:
                self.followed[number] = self._adopted(number, adopt)
        watched = np.isin(key, [*self.followed, *late.tolist()])
        self._accept(sequence, key, time, watermark, np.flatnonzero(~watched))
        places = np.flatnonzero(watched)
        lived = zip(*(column[places].tolist() for column in (sequence, key, time, watermark)), strict=True)
        epochs = admit(lived, self.window_ms, self.followed)
        if len(places):
            self._let_go({p: int(watermark[partition == p].min()) for p in np.unique(partition).tolist()})
        return places, epochs

    def forget(self, keys: Integers) -> None:
        """Forget keys altogether."""
        self._make_room(keys)
        self.cleanup[keys] = NEVER
        for number in keys.tolist():
            self.followed.pop(number, None)

    def remembers(self, keys: Integers) -> Flags:
        """Of which keys anything is remembered."""
        self._make_room(keys)
        remembered: Flags = (self.cleanup[keys] != NEVER) | np.isin(keys, list(self.followed))
        return remembered

    def remember(self, keys: Integers, partition: int, lives: Mapping[str, Integers], timers: Integers) -> None:
        """Take up what another run remembered of keys; those that it followed are put into `followed`."""
        self._make_room(keys)
        self._widen(timers.shape[1])
        self.partition[keys] = partition
        self.epoch[keys], self.cleanup[keys], self.set_at[keys] = lives["epoch"], lives["cleanup"], lives["set_at"]
        self.timers[keys] = NEVER
        self.timers[keys, : timers.shape[1]] = timers

    def _state(self, number: int) -> KeyState:
        timers = [timer for timer in self.timers[number].tolist() if timer != NEVER]
        return KeyState(int(self.epoch[number]), int(self.cleanup[number]), int(self.set_at[number]), timers)

    def _adopted(self, number: int, adopt: Adopt) -> KeyState:
        state = self._state(number)
        state.timers += adopt(number, state.epoch)
        return state

    def _let_go(self, watermarks: dict[int, int]) -> None:
        """Follow no longer what has been cleaned up, by the watermark of its partition."""
        for number, state in list(self.followed.items()):
            if state.cleanup <= watermarks.get(int(self.partition[number]), NEVER) > state.set_at:
                del self.followed[number]
                self.cleanup[number] = NEVER

    def _accept(self, sequence: Integers, key: Integers, time: Integers, watermark: Integers, places: Integers) -> None:
        """Rows on time, the first of every key at once, then the second, and so on."""
        places = places[np.argsort(key[places], kind="stable")]
        _, counts = np.unique(key[places], return_counts=True)
        rank = np.arange(len(places)) - np.repeat(np.cumsum(counts) - counts, counts)
        for part in np.split(places[np.argsort(rank, kind="stable")], np.cumsum(np.bincount(rank))[:-1]):
            self._accept_one_each(sequence[part], key[part], time[part], watermark[part])

    def _accept_one_each(self, sequence: Integers, key: Integers, time: Integers, watermark: Integers) -> None:
        cleanup = self.cleanup[key]
        is_new = (cleanup == NEVER) | ((cleanup <= watermark) & (watermark > self.set_at[key]))
        renews = ~is_new & (cleanup < time + self.window_ms + 1)
        born = key[is_new]
        self.epoch[born], self.timers[born] = sequence[is_new], NEVER
        changed = is_new | renews
        key, watermark = key[changed], watermark[changed]
        timer = time[changed] + self.window_ms * 3 // 2 + 1
        self.cleanup[key], self.set_at[key] = timer, watermark
        self._set(key, timer, watermark)

    def _set(self, key: Integers, timer: Integers, watermark: Integers) -> None:
        """Note clean-up timers, in place of the earliest where a later one has fired too."""
        if not len(key):
            return
        earliest = np.partition(self.timers[key], 1, axis=1)
        free: Flags = (earliest[:, 0] == NEVER) | (earliest[:, 1] <= watermark)
        if not free.all():
            self._widen(self.timers.shape[1] * 2)
        self.timers[key, np.argmin(self.timers[key], axis=1)] = timer

    def _widen(self, width: int) -> None:
        more = width - self.timers.shape[1]
        if more > 0:
            room = np.full((len(self.timers), more), NEVER)
            self.timers = np.concatenate((self.timers, room), axis=1)

    def _make_room(self, key: Integers) -> None:
        more = int(key.max(initial=-1)) + 1 - len(self.epoch)
        if more > 0:
            more = max(more, len(self.epoch))
            room = np.full(more, NEVER)
            self.epoch, self.cleanup, self.set_at, self.partition = (
                np.concatenate((array, room)) for array in (self.epoch, self.cleanup, self.set_at, self.partition)
            )
            self.timers = np.concatenate((self.timers, np.full((more, self.timers.shape[1]), NEVER)))
