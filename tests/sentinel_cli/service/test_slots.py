"""The folder of a service's state, and who may read it."""

from pathlib import Path

from sentinel_cli.service.slots import Slot


def test_its_owner_alone_may_read_the_state(tmp_path: Path) -> None:
    folder = tmp_path / "state" / "sentinel"
    folder.mkdir(parents=True, mode=0o755)
    slot = Slot(folder)
    assert folder.stat().st_mode & 0o777 == 0o700
    slot._lock.close()
