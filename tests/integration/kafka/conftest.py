"""A real broker and registry, started once a session by the code that `sentinel broker up` runs."""

import os
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from sentinel_cli.broker.local import LocalBroker
from sentinel_cli.broker.parts import KAFKA_JAVA, REGISTRY_JAVA, java, kafka_jars, registry_app
from sql.errors import ServiceError
from tests.integration.kafka.secure import SecureBroker, allow, secure
from tests.integration.kafka.topics import connection, make_topics


@pytest.fixture(scope="session")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalBroker]:
    """A broker and a registry without keys; its topics are made by `fresh`."""
    broker = started(LocalBroker(tmp_path_factory.mktemp("broker") / "state"))
    yield broker
    broker.delete()


@pytest.fixture
def fresh(broker: LocalBroker, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> LocalBroker:
    """The broker with all topics made anew, and the environment by which the commands find it."""
    broker.start()
    make_topics(connection(broker))
    _use(broker.settings(), monkeypatch, tmp_path)
    return broker


@pytest.fixture(scope="session")
def secure_broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SecureBroker]:
    """A broker behind TLS and keys with the rights of each account, its registry behind the same."""
    with secure(tmp_path_factory.mktemp("secure")) as broker:
        started(broker.local)
        allow(broker)
        yield broker
        broker.local.delete()


@pytest.fixture
def secured(secure_broker: SecureBroker, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> SecureBroker:
    """The secure broker with all topics made anew, and the environment by which the commands find it."""
    secure_broker.local.start()
    make_topics(secure_broker.connection())
    _use(secure_broker.settings(), monkeypatch, tmp_path)
    return secure_broker


def _use(settings: Mapping[str, str], monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    for name in os.environ:
        if name.startswith("SENTINEL_"):
            monkeypatch.delenv(name)
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("SENTINEL_LEDGER", str(folder / "ledger.sqlite"))
    monkeypatch.chdir(folder)


def started(broker: LocalBroker) -> LocalBroker:
    """The broker, running."""
    require_parts()
    broker.start()
    return broker


def require_parts() -> None:
    """Where the machine has not what it takes, a skip, or a failure on CI."""
    try:
        java(KAFKA_JAVA), java(REGISTRY_JAVA), kafka_jars(), registry_app()
    except ServiceError as error:
        if os.environ.get("CI"):
            raise
        pytest.skip(f"no broker: {error}")
