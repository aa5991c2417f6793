import logging
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.pulumi_engine import ADVICE, find_engine
from tests.integration.stack_runner import StackRunner


@pytest.fixture(scope="session")
def pulumi_engine() -> Iterator[Path]:
    """The folder of the real engine, on PATH; on CI a missing one fails, elsewhere it skips."""
    folder = find_engine()
    if folder is None:
        if os.environ.get("CI"):
            pytest.fail(ADVICE)
        pytest.skip(ADVICE)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PATH", str(folder), prepend=os.pathsep)
        yield folder


@pytest.fixture(autouse=True)
def _no_records_of_errors(caplog: pytest.LogCaptureFixture) -> None:
    """A kept record of a refused program's error would keep its event loop, which nobody closes, until a warning."""
    caplog.set_level(logging.CRITICAL + 1)


@pytest.fixture
def runner(pulumi_engine: Path, tmp_path: Path) -> StackRunner:
    """A new stack in a new, empty cloud."""
    return StackRunner(tmp_path)
