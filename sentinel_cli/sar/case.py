"""What a draft is made of: an alert, its transactions and what was decided; nothing that a model wrote is a fact."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import NamedTuple

from sentinel_cli.kafka.reading import Row
from sql.errors import InputError

_WORDS = 7
"""Of a fact: day, time, type, direction, amount, currency, country."""


class Transaction(NamedTuple):
    """One transaction of the evidence; ids where the files of transactions were given."""

    time: datetime
    """UTC, without a zone."""
    transaction_type: str
    direction: str
    amount: Decimal
    currency: str
    country: str
    event_id: str | None = None
    counterparty_id: str | None = None


@dataclass(frozen=True)
class Case:
    """One alert with all that is known of it."""

    alert: Row
    transactions: Sequence[Transaction]
    """By time; at most the 50 that an alert keeps."""
    disposition: Row | None = None
    summary: str | None = None
    analyst: Row | None = None
    """What a person decided last: decision, reason, decided_by, and decided_at in UTC."""

    @property
    def is_dismissed(self) -> bool:
        """Whether a person has dismissed the alert."""
        return self.analyst is not None and self.analyst["decision"] == "DISMISS"

    @property
    def is_whole(self) -> bool:
        """Whether the evidence holds every transaction that the rule counted."""
        return bool(len(self.transactions) == self.alert["transaction_count"])

    @property
    def period(self) -> tuple[datetime, datetime]:
        """
        First and last transaction, UTC; the alert's window where the evidence is not whole.

        A window's end is exclusive.
        """
        if self.is_whole:
            return self.transactions[0].time, self.transactions[-1].time
        start, end = self.alert["window_start"], self.alert["window_end"]
        return start, end - timedelta(milliseconds=1) if end > start else start


def figures(alert: Row) -> dict[str, str]:
    """The rule's own figures of an alert, without its evidence."""
    return {name: str(value) for name, value in _detail(alert).items() if name != "evidence"}


def facts(alert: Row) -> list[Transaction]:
    """
    The transactions as the rule wrote them beside its figures, by time.

    Raises:
        InputError: the alert's detail is not what a rule writes.
    """
    try:
        lines = [fact for fact in str(_detail(alert)["evidence"]).split("; ") if fact]
        found = sorted(map(_transaction, lines))
    except (KeyError, ValueError, InvalidOperation):
        found = []
    if not found:
        raise InputError(f"Alert {alert['alert_id']} lists no evidence that can be read in its detail.")
    return found


def _detail(alert: Row) -> dict[str, object]:
    try:
        return dict(json.loads(alert["detail"]))
    except (ValueError, TypeError, RecursionError):
        return {}


def _transaction(fact: str) -> Transaction:
    words = fact.split(" ")
    if len(words) != _WORDS:
        raise ValueError(fact)
    day, hour, transaction_type, direction, amount, currency, country = words
    money = Decimal(amount)
    time = datetime.fromisoformat(f"{day} {hour}")
    if time.tzinfo or not money.is_finite():
        raise ValueError(fact)
    return Transaction(time, transaction_type, direction, money, currency, country)
