"""What a user asks of `sentinel consume`."""

from collections.abc import Mapping
from dataclasses import dataclass

from sentinel_cli.ledger.store import Ledger


@dataclass(frozen=True)
class Request:
    """Which alerts, from where on, and how long to wait."""

    group: str
    start: str | int | None
    """None to go on where the group stopped (a new group begins at the beginning), a word of `start`, or epoch ms."""
    most: int | None
    """Alerts after which it ends."""
    timeout: float | None
    """Seconds without a new alert after which it ends."""
    wait: float
    """Seconds from the writing of an alert in which its disposition may come."""
    committed: bool
    """Whether an alert is read only when the transaction that wrote it has ended."""
    parameters: Mapping[str, object]
    """In place of their defaults, by `owner.name`."""
    stack: str | None
    ledger: Ledger
    """Where what is decided here is recorded."""
