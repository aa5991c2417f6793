from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.stack.sentinel import make
from tests.integration.stack_runner import StackRunner


@pytest.fixture(scope="session")
def prod_deployed(pulumi_engine: Path, tmp_path_factory: pytest.TempPathFactory) -> StackRunner:
    """Prod as it is after its first `up`; tests go on from copies of it."""
    runner = make(tmp_path_factory.mktemp("prod"), "prod")
    runner.up()
    return runner


@pytest.fixture(scope="session")
def dev_deployed(pulumi_engine: Path, tmp_path_factory: pytest.TempPathFactory) -> StackRunner:
    """Dev as it is after its first `up`."""
    runner = make(tmp_path_factory.mktemp("dev"), "dev")
    runner.up()
    return runner


@pytest.fixture
def prod(prod_deployed: StackRunner, tmp_path: Path) -> Iterator[StackRunner]:
    """Prod, deployed, to be changed; the cloud must have seen nothing that breaks a running job."""
    runner = prod_deployed.copy(tmp_path / "prod")
    yield runner
    assert runner.cloud.read()["violations"] == []


@pytest.fixture
def dev(dev_deployed: StackRunner, tmp_path: Path) -> Iterator[StackRunner]:
    """Dev, deployed, to be changed."""
    runner = dev_deployed.copy(tmp_path / "dev")
    yield runner
    assert runner.cloud.read()["violations"] == []
