"""Transactions as columns: the form in which they are generated, merged and written."""

from collections.abc import Iterable
from itertools import product
from typing import NamedTuple

import numpy as np

from sentinel_cli.generator.customers import Ints
from sentinel_cli.generator.profiles import COUNTRIES
from sentinel_cli.generator.scenarios import Move

TYPES = ("CASH_DEPOSIT", "CASH_WITHDRAWAL", "EFT", "WIRE", "CARD", "CHECK", "TRANSFER")

MOVEMENTS = tuple(product(TYPES, ("IN", "OUT")))
"""Transaction type and direction; a batch holds the index."""


class Batch(NamedTuple):
    """Columns of equal length; `country` indexes `COUNTRIES`, `counterparty` is as in `Move`, `time` epoch ms."""

    time: Ints
    account: Ints
    movement: Ints
    cents: Ints
    country: Ints
    counterparty: Ints

    def rows(self, first: int, stop: int) -> "Batch":
        """Cut out the rows from `first` up to `stop`."""
        return Batch(*(column[first:stop] for column in self))


def from_moves(moves: Iterable[tuple[int, Move]]) -> Batch:
    """Turn planted moves (account index, move) into columns, in their order."""
    movements = {movement: index for index, movement in enumerate(MOVEMENTS)}
    countries = {country: index for index, country in enumerate(COUNTRIES)}
    rows = [
        (m.time, account, movements[m.transaction_type, m.direction], m.cents, countries[m.country], m.counterparty)
        for account, m in moves
    ]
    return Batch(*np.array(rows, np.int64).reshape(-1, len(Batch._fields)).T)


def merge(one: Batch, other: Batch) -> Batch:
    """Put both in order of time; rows of one time keep the order in which they were given."""
    both = Batch(*(np.concatenate(columns) for columns in zip(one, other, strict=True)))
    order = np.argsort(both.time, kind="stable")
    return Batch(*(column[order] for column in both))
