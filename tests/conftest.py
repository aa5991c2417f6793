import fcntl
import os
import signal
from collections.abc import Generator, Iterator

import pytest
from hypothesis import settings

from sentinel_cli import stack_outputs
from sentinel_cli.flink.referee import Referee
from sql.errors import EngineError


def pytest_configure() -> None:
    # A shell starts what runs in the background with SIGINT ignored, which the commands under test would inherit.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    # How long an example takes is the machine's; what is to be fast has a test that measures it.
    settings.register_profile("any-machine", settings.default, deadline=None)
    settings.load_profile("any-machine")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """Where tests run side by side, one that is marked `alone` waits for the others, and they for it, fixtures too."""
    if not hasattr(item.config, "workerinput") or item.config.cache is None:
        return (yield)
    folder = item.config.cache.mkdir("turns")
    with (folder / "queue.lock").open("w") as queue, (folder / "running.lock").open("w") as running:
        # Who waits for the others holds the queue, so that none of them goes on for ever.
        fcntl.flock(queue, fcntl.LOCK_EX)
        fcntl.flock(running, fcntl.LOCK_EX if item.get_closest_marker("alone") else fcntl.LOCK_SH)
        fcntl.flock(queue, fcntl.LOCK_UN)
        return (yield)


@pytest.fixture(scope="session")
def flink() -> Iterator[Referee]:
    """One warm Apache Flink for the whole session; on CI a missing part fails, elsewhere it skips."""
    try:
        referee = Referee().__enter__()
    except EngineError as error:
        if os.environ.get("CI"):
            raise
        pytest.skip(str(error))
    try:
        yield referee
    finally:
        referee.__exit__(None, None, None)


@pytest.fixture(autouse=True)
def _every_test_asks_anew() -> None:
    """What a process remembers of a stack is no other test's."""
    stack_outputs._outputs.cache_clear()
