"""The latest values of each key, which a model learns from."""

import numpy as np
from numpy.typing import NDArray

from sentinel_cli.local.anomalies import Flags, Floats, Integers, usable

_PAGE = 16
"""Values of a page: a key takes no more room than its own history needs, however long others are."""
_NONE = -1


class Histories:
    """
    A ring of at most so many values for each key, on pages that are taken when they are needed.

        key 7, 20 values of at most 40      pages  [3, 9, none]      value number i has place i % most in its ring:
                                            page 3   0  1  2 .. 15      column place % 16
                                            page 9  16 17 18 19         of the key's page number place // 16

    Keys are small whole numbers. Values that a model passes over are not kept. Pages are as narrow as holds every value
    exactly: a count of up to 2,048 takes two bytes.
    """

    def __init__(self, most: int) -> None:
        self.most = most
        self.seen = np.zeros(0, dtype=np.int64)
        """How many values each key has had."""
        self.pages_of = np.empty((0, 1), dtype=np.int32)
        self.pages: NDArray[np.floating] = np.empty((0, _PAGE), dtype=np.float16)
        self.taken = 0
        """Pages that some key has had."""
        self.free: list[int] = []
        """Those of them that have been given back."""

    @property
    def mean(self) -> float:
        """Values that are kept of a key, on average."""
        known = np.count_nonzero(self.seen)
        return float(np.minimum(self.seen, self.most).sum() / known) if known else 0

    def before(self, key: Integers, value: Floats) -> tuple[Integers, Floats, Flags]:
        """
        New values, sorted by key, each key's behind those that it had: keys, values, and which of them are new.

        Only the pages of keys that have new values are read.
        """
        self._make_room(key)
        keys, new = np.unique(key, return_counts=True)
        old = np.minimum(self.seen[keys], self.most)
        is_new = np.ones(len(key) + old.sum(), dtype=bool)
        is_new[_numbers(old) + np.repeat(np.cumsum(new) - new + np.cumsum(old) - old, old)] = False
        number = _numbers(old) + np.repeat(self.seen[keys] - old, old)
        values = np.empty(len(is_new))
        values[is_new] = value
        values[~is_new] = self.pages[self._at(np.repeat(keys, old), number)]
        return np.repeat(keys, old + new), values, is_new

    def add(self, key: Integers, value: Floats) -> None:
        """Remember new values, sorted by key."""
        known = usable(value)
        key, value = key[known], value[known]
        self._make_room(key)
        keys, new = np.unique(key, return_counts=True)
        number = _numbers(new) + np.repeat(self.seen[keys], new)
        self.seen[keys] += new
        stays = number >= self.seen[key] - self.most
        key, number, value = key[stays], number[stays], value[stays]
        self._take_pages(key, number % self.most // _PAGE)
        self._widen(value)
        self.pages[self._at(key, number)] = value

    def latest(self, keys: Integers) -> tuple[Integers, Floats]:
        """The values that are kept of sorted keys, each key's from the oldest on: keys and values."""
        self._make_room(keys)
        kept = np.minimum(self.seen[keys], self.most)
        number = _numbers(kept) + np.repeat(self.seen[keys] - kept, kept)
        keys = np.repeat(keys, kept)
        return keys, self.pages[self._at(keys, number)].astype(np.float64)

    def forget(self, keys: Integers) -> None:
        """Forget all values of keys."""
        self._make_room(keys)
        given_back = self.pages_of[keys]
        self.free += given_back[given_back != _NONE].tolist()
        self.pages_of[keys] = _NONE
        self.seen[keys] = 0

    def _at(self, keys: Integers, number: Integers) -> tuple[NDArray[np.int32], Integers]:
        """The page and the column of values."""
        place = number % self.most
        return self.pages_of[keys, place // _PAGE], place % _PAGE

    def _widen(self, value: Floats) -> None:
        """See that the pages hold values as they are."""
        while not _holds(self.pages.dtype, value):
            self.pages = self.pages.astype(np.float32 if self.pages.dtype == np.float16 else np.float64)

    def _make_room(self, key: Integers) -> None:
        more = int(key.max(initial=-1)) + 1 - len(self.seen)
        if more > 0:
            more = max(more, len(self.seen))
            self.seen = np.concatenate((self.seen, np.zeros(more, dtype=np.int64)))
            none = np.full((more, self.pages_of.shape[1]), _NONE, dtype=np.int32)
            self.pages_of = np.concatenate((self.pages_of, none))

    def _take_pages(self, key: Integers, part: Integers) -> None:
        """See that there is a page for each part of a key's ring."""
        more = int(part.max(initial=0)) + 1 - self.pages_of.shape[1]
        if more > 0:
            none = np.full((len(self.pages_of), more), _NONE, dtype=np.int32)
            self.pages_of = np.concatenate((self.pages_of, none), axis=1)
        missing = self.pages_of[key, part] == _NONE
        width = self.pages_of.shape[1]
        places = np.unique(key[missing] * width + part[missing])
        self.pages_of[places // width, places % width] = self._pages(len(places))

    def _pages(self, count: int) -> Integers:
        """So many pages that no key has: first those that were given back."""
        again, self.free = self.free[:count], self.free[count:]
        first, self.taken = self.taken, self.taken + count - len(again)
        if self.taken > len(self.pages):
            # Grown where it stands: a copy would take as much room again.
            self.pages.resize((self.taken + self.taken // 8, _PAGE), refcheck=False)
        return np.concatenate((np.array(again, dtype=np.int64), np.arange(first, self.taken)))


def _holds(kind: np.dtype[np.floating], value: Floats) -> bool:
    with np.errstate(over="ignore"):
        return bool((value.astype(kind) == value).all())


def _numbers(counts: Integers) -> Integers:
    """0, 1, .. up to each count, one behind the other."""
    return np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
