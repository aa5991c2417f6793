"""Where broker and registry are: what cannot be spoken to, or would show a key, is refused before it is opened."""

import pytest

from sentinel_cli.kafka.connection import Account, connect
from sql.errors import SettingsError

MUST = "^SENTINEL_SCHEMA_REGISTRY_ENDPOINT must begin with https://"


@pytest.fixture(autouse=True)
def settings(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    monkeypatch.chdir(tmp_path_factory.mktemp("empty"))
    monkeypatch.setenv("SENTINEL_KAFKA_BOOTSTRAP_ENDPOINT", "localhost:9092")
    for service in ("KAFKA", "SCHEMA_REGISTRY"):
        monkeypatch.setenv(f"SENTINEL_ANALYST_{service}_API_KEY", "analyst")
        monkeypatch.setenv(f"SENTINEL_ANALYST_{service}_API_SECRET", "made-up")


@pytest.mark.parametrize("url", ["localhost:8081", "ftp://registry", "http://one:8081,two:8081"])
def test_a_registry_without_a_scheme_is_named(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SENTINEL_KAFKA_SECURITY_PROTOCOL", "PLAINTEXT")
    monkeypatch.setenv("SENTINEL_SCHEMA_REGISTRY_ENDPOINT", url)
    with pytest.raises(SettingsError, match=f"{MUST} or http://."):
        connect(Account.analyst, "")


def test_a_key_goes_to_none_of_several_registries_in_clear(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SENTINEL_SCHEMA_REGISTRY_ENDPOINT", "https://one,http://two")
    with pytest.raises(SettingsError, match=f"{MUST} where the registry has a key."):
        connect(Account.analyst, "")
    monkeypatch.setenv("SENTINEL_SCHEMA_REGISTRY_ENDPOINT", "https://one,https://two")
    assert connect(Account.analyst, "").registry_url == "https://one,https://two"
