"""The latest values of each key, which a model learns from."""

import numpy as np

from sentinel_cli.local.anomalies import Flags, Floats, Integers, usable

_WIDTH = 16


class Histories:
    """
    A ring of at most so many values for each key.

        key 7, 20 values, width 16      16 17 18 19  4  5  6 ... 15      value number i stands in column i % width
                                                     ^ the oldest

    Keys are small whole numbers. Values that a model passes over are not kept.
    """

    def __init__(self, most: int) -> None:
        self.most = most
        self.values = np.empty((0, min(_WIDTH, most)))
        self.seen = np.zeros(0, dtype=np.int64)
        """How many values each key has had."""

    def before(self, key: Integers, value: Floats) -> tuple[Integers, Floats, Flags]:
        """
        New values, sorted by key, each key's behind those that it had: keys, values, and which of them are new.

        Only the rows of keys that have new values are read.
        """
        self._make_room(key)
        keys, new = np.unique(key, return_counts=True)
        old = np.minimum(self.seen[keys], self.values.shape[1])
        is_new = np.ones(len(key) + old.sum(), dtype=bool)
        is_new[_numbers(old) + np.repeat(np.cumsum(new) - new + np.cumsum(old) - old, old)] = False
        number = _numbers(old) + np.repeat(self.seen[keys] - old, old)
        values = np.empty(len(is_new))
        values[is_new] = value
        values[~is_new] = self.values[np.repeat(keys, old), number % self.values.shape[1]]
        return np.repeat(keys, old + new), values, is_new

    def add(self, key: Integers, value: Floats) -> None:
        """Remember new values, sorted by key."""
        known = usable(value)
        key, value = key[known], value[known]
        self._make_room(key)
        keys, new = np.unique(key, return_counts=True)
        self._widen(int((self.seen[keys] + new).max(initial=0)))
        number = _numbers(new) + np.repeat(self.seen[keys], new)
        self.seen[keys] += new
        stays = number >= self.seen[key] - self.values.shape[1]
        self.values[key[stays], number[stays] % self.values.shape[1]] = value[stays]

    def latest(self, keys: Integers) -> tuple[Integers, Floats]:
        """The values that are kept of sorted keys, each key's from the oldest on: keys and values."""
        self._make_room(keys)
        kept = np.minimum(self.seen[keys], self.values.shape[1])
        number = _numbers(kept) + np.repeat(self.seen[keys] - kept, kept)
        keys = np.repeat(keys, kept)
        return keys, self.values[keys, number % self.values.shape[1]]

    def forget(self, keys: Integers) -> None:
        """Forget all values of keys."""
        self._make_room(keys)
        self.seen[keys] = 0

    def _make_room(self, key: Integers) -> None:
        more = int(key.max(initial=-1)) + 1 - len(self.seen)
        if more > 0:
            more = max(more, len(self.seen))
            self.seen = np.concatenate((self.seen, np.zeros(more, dtype=np.int64)))
            self.values = np.concatenate((self.values, np.empty((more, self.values.shape[1]))))

    def _widen(self, longest: int) -> None:
        """A ring narrower than `most` has never come round, so its values stay where they are."""
        width = self.values.shape[1]
        if longest > width < self.most:
            wider = min(self.most, max(2 * width, longest))
            self.values = np.concatenate((self.values, np.empty((len(self.values), wider - width))), axis=1)


def _numbers(counts: Integers) -> Integers:
    """0, 1, .. up to each count, one behind the other."""
    return np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
