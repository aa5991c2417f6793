"""Transactions as JSON lines, in the fields and the order of the topic's schema."""

from collections.abc import Callable, Iterable, Iterator
from itertools import product

import numpy as np
from numpy.typing import NDArray

from sentinel_cli.generator.batch import MOVEMENTS, Batch
from sentinel_cli.generator.customers import Customers, Ints
from sentinel_cli.generator.plan import account_id
from sentinel_cli.generator.profiles import COUNTERPARTIES, COUNTRIES, HOME_CURRENCY, MERCHANTS

BLOCK = 8_192
"""Lines in a block of bytes, at most: about 2 MB, which the processor's cache still holds."""

Text = NDArray[np.uint8]
"""One row of characters a line, padded with NUL; the padding is taken out when all columns stand side by side."""

Encode = Callable[[Batch, int], Iterator[bytes]]


def _texts(strings: Iterable[str]) -> Text:
    encoded = np.array([string.encode() for string in strings])
    return encoded.view(np.uint8).reshape(len(encoded), -1)


_THREE_DIGITS = _texts([f"{n:03d}" for n in range(1_000)] + [str(n) for n in range(1_000)])


def _digits(numbers: Ints, groups: int, padded: int = 0) -> Text:
    """Write numbers of at most `groups` groups of three digits, the last `padded` groups with their leading zeros."""
    columns = []
    for power in reversed(range(groups)):
        rest = numbers // 1_000**power
        full = (rest >= 1_000) | (power < padded)
        column = _THREE_DIGITS[rest % 1_000 + np.where(full, 0, 1_000)]
        column[(rest == 0) & ~full & (power > 0)] = 0
        columns.append(column)
    return np.hstack(columns)


def _lines(columns: Iterable[str | Text], count: int) -> bytes:
    """Put columns and texts that stand in every line side by side."""
    parts = [_texts([part]).repeat(count, axis=0) if isinstance(part, str) else part for part in columns]
    return np.hstack(parts).tobytes().translate(None, delete=b"\0")


def encoder(customers: Customers, prefix: str) -> Encode:
    """Make the function that writes a batch, whose first row is number `first`, in blocks of whole lines.

    Event ids are `prefix` and the number of the row; amounts have two decimals. A line is a row of looked-up pieces,
    which NumPy puts together four times as fast as Python formats strings.
    """
    names = [(account_id(n), n + 1) for n in range(len(customers))]
    accounts = _texts(f'"account_id":"{account}","customer_id":"CUS-{number:06d}"' for account, number in names)
    kinds = _texts(
        f'"currency":"{currency}","transaction_type":"{kind}","direction":"{direction}","country":"{country}"'
        for currency, (kind, direction), country in product(HOME_CURRENCY.values(), MOVEMENTS, COUNTRIES)
    )
    others = _texts(
        [f',"counterparty_id":"MER-{number:05d}"' for number in range(1, MERCHANTS + 1)]
        + [f',"counterparty_id":"CTP-{number:05d}"' for number in range(1, COUNTERPARTIES + 1)]
        + [""]  # what the index -1 finds
    )

    def encode(batch: Batch, first: int) -> Iterator[bytes]:
        for begin in range(0, len(batch.time), BLOCK):
            time, account, movement, cents, country, other = batch.rows(begin, begin + BLOCK)
            number = np.arange(len(time)) + first + begin
            kind = (customers.home[account] * len(MOVEMENTS) + movement) * len(COUNTRIES) + country
            columns = (
                *(f'{{"event_id":"{prefix}', _digits(number, 4, padded=3), '",', accounts[account]),
                *(',"amount":', _digits(cents // 100, 3), ".", _THREE_DIGITS[cents % 100, 1:], ","),
                *(kinds[kind], others[other], ',"event_time":', _digits(time, 5), "}\n"),
            )
            yield _lines(columns, len(time))

    return encode


def heartbeat(partition: int, time: int) -> bytes:
    """Write a partition's heartbeat at `time` (epoch ms): a line that moves the watermark and is no transaction."""
    name = f"heartbeat-{partition}"
    return (
        f'{{"event_id":"{name}-{time}","account_id":"{name}","customer_id":"heartbeat","amount":0,"currency":"XXX",'
        f'"transaction_type":"HEARTBEAT","direction":"IN","country":"ZZ","event_time":{time}}}\n'
    ).encode()
