"""Whatever goes wrong while the service runs: no alert is lost, and none comes twice."""

import shutil
import subprocess
from pathlib import Path

import pytest

from sentinel_cli.broker.local import LocalBroker
from tests.integration.kafka.faults import FAULTS, SMALL_DISK, count


@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.parametrize("fault", FAULTS)
def test_nothing_is_lost_and_nothing_comes_twice(fresh: LocalBroker, fault: str, seed: int) -> None:
    if fault == "state_full":
        require_small_disk()
    counted = count(fresh, FAULTS[fault], seed)
    assert counted.is_clean, counted
    if fault == "snapshots_spoiled":
        newest = [max(home.glob("[0-9]*")) for home in Path("state").glob("*/partition-*")]
        assert len(newest) == 6
        assert all(int(folder.name) < 10**9 for folder in newest)
        assert not any("others" in (folder / "snapshot.json").read_text() for folder in newest)


def require_small_disk() -> None:
    """A machine may not let its users mount a disk of their own; no program that is installed would change that."""
    small = [*SMALL_DISK, "4k", "true"]
    if not shutil.which("unshare") or subprocess.run(small, capture_output=True, check=False).returncode:
        pytest.skip("no small disk: it takes Linux with user namespaces, and util-linux")
