"""Transactions of the tests: sound ones, to be changed where a test needs it. Times are epoch milliseconds UTC."""

from typing import Any

SECOND = 1_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR
START = 1_772_409_600_000
"""2026-03-02 00:00, a Monday."""

Event = dict[str, Any]


def transaction(time: int, account: str = "acct-1", **changes: Any) -> Event:
    """A card payment of 20 dollars, or what the changes make of it."""
    event = {
        "event_id": f"{account}-{time}",
        "account_id": account,
        "customer_id": f"cust-{account}",
        "amount": 20.0,
        "currency": "USD",
        "transaction_type": "CARD",
        "direction": "OUT",
        "country": "US",
        "event_time": time,
    }
    return event | changes


def deposits(account: str, times: list[int], amounts: list[float]) -> list[Event]:
    """Cash deposits of one account."""
    return [
        transaction(time, account, amount=amount, transaction_type="CASH_DEPOSIT", direction="IN")
        for time, amount in zip(times, amounts, strict=True)
    ]


def in_order(events: list[Event]) -> list[Event]:
    """Events as they arrive where nothing is late."""
    return sorted(events, key=lambda event: (event["event_time"], event["event_id"]))
