"""Transactions that give one alert of `structuring_rolling` for each account, each with a prompt of its own."""

import json

START = 1_772_442_000_000


def deposits(accounts: int) -> list[bytes]:
    """Five cash deposits of each account within five minutes, as JSON lines in order of time."""
    events = [
        (
            START + 1_000 * account + 60_000 * n,
            {
                "event_id": f"event-{account}-{n}",
                "account_id": f"account-{account}",
                "customer_id": f"customer-{account}",
                "amount": 8_000 + account / 100 + n,
                "currency": "USD",
                "transaction_type": "CASH_DEPOSIT",
                "direction": "IN",
                "country": "US",
            },
        )
        for account in range(accounts)
        for n in range(5)
    ]
    return [
        json.dumps({**event, "event_time": time}).encode() for time, event in sorted(events, key=lambda pair: pair[0])
    ]
