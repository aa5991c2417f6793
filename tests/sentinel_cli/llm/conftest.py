import os
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.deposits import deposits

KEY = "made-up-key-of-a-test"
ALERTS = 1_000

Configure = Callable[..., None]


@pytest.fixture
def configure(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Configure:
    """Sets variables of the model, and nothing else is set: configure(endpoint=..., model=...)."""
    for name in os.environ:
        if name.startswith(("SENTINEL_", "OPENAI_", "AZURE_OPENAI_")) or name.lower().endswith("_proxy"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("SENTINEL_LEDGER", str(tmp_path / "ledger.sqlite"))
    monkeypatch.setenv("SENTINEL_LLM_BUDGET_FILE", str(tmp_path / "spent.sqlite"))
    monkeypatch.chdir(tmp_path)

    def set_(**values: object) -> None:
        for name, value in values.items():
            monkeypatch.setenv(f"SENTINEL_LLM_{name.upper()}", str(value))

    return set_


@pytest.fixture(scope="session")
def deposit_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Transactions that give 1,000 alerts of one rule."""
    path = tmp_path_factory.mktemp("deposits") / "deposits.jsonl"
    path.write_bytes(b"\n".join(deposits(ALERTS)))
    return path
