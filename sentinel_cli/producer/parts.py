"""What the sources of transactions give, and the sending takes."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple


class Batch(NamedTuple):
    """Records as JSON, and their numbers in the source, from 1."""

    records: list[bytes]
    numbers: Sequence[int]


@dataclass(frozen=True)
class Part:
    """A stretch of records and how it ends."""

    source: str
    """Where they come from, as a dead letter names it."""
    batches: Iterator[Batch]
    heartbeat: Callable[[int], bytes] | None = None
    """The heartbeat of a partition, sent behind the last record; None where nothing closes the windows."""
    undecodable: Iterable[tuple[str, bytes, str]] = ()
    """What stood in the source and is no record: reason, its bytes, and where it stood."""
