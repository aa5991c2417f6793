from collections.abc import Iterator

import pytest

from tests.stacks.policies.pack import Pack, started


@pytest.fixture(scope="session")
def pack() -> Iterator[Pack]:
    with started() as running:
        yield running
