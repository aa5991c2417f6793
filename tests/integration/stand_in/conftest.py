from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.confluent.cloud import Cloud
from tests.integration.stack_runner import CLOUD_KEY, CLOUD_SECRET
from tests.integration.stand_in.client import CLOUD, Client, connect
from tests.integration.stand_in.platform import Platform, platform


@pytest.fixture
def cloud(tmp_path: Path) -> Cloud:
    return Cloud.create(tmp_path / "cloud.json", CLOUD_KEY, CLOUD_SECRET)


@pytest.fixture
def control(cloud: Cloud) -> Iterator[Client]:
    with connect(cloud, CLOUD) as client:
        yield client


@pytest.fixture
def aml(cloud: Cloud) -> Iterator[Platform]:
    with platform(cloud) as found:
        yield found
