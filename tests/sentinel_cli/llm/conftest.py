import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

KEY = "made-up-key-of-a-test"
START = 1_772_442_000_000
ALERTS = 1_000

Configure = Callable[..., None]


@pytest.fixture
def configure(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Configure]:
    """Sets variables of the model, and nothing else is set: configure(endpoint=..., model=...)."""
    for name in os.environ:
        if name.startswith(("SENTINEL_", "OPENAI_", "AZURE_OPENAI_")) or name.lower().endswith("_proxy"):
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)

    def set_(**values: object) -> None:
        for name, value in values.items():
            monkeypatch.setenv(f"SENTINEL_LLM_{name.upper()}", str(value))

    return set_


@pytest.fixture(scope="session")
def deposits(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Transactions that give 1,000 alerts of one rule, each with a prompt of its own: five deposits of each account."""
    path = tmp_path_factory.mktemp("deposits") / "deposits.jsonl"
    events = [
        {
            "event_id": f"event-{account}-{n}",
            "account_id": f"account-{account}",
            "customer_id": f"customer-{account}",
            "amount": 8_000 + account / 100 + n,
            "currency": "USD",
            "transaction_type": "CASH_DEPOSIT",
            "direction": "IN",
            "country": "US",
            "event_time": START + 1_000 * account + 60_000 * n,
        }
        for account in range(ALERTS)
        for n in range(5)
    ]
    events.sort(key=lambda event: str(event["event_time"]))
    path.write_text("".join(f"{json.dumps(event)}\n" for event in events), encoding="utf-8")
    return path
