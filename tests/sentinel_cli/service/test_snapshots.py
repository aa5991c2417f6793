"""Snapshots that are of no use do not stand in the way of new ones."""

from pathlib import Path

import pytest

from sentinel_cli.service.snapshots import Snapshots


@pytest.fixture
def snapshots(tmp_path: Path) -> Snapshots:
    """With one at offset 1000 and one at 2000."""
    snapshots = Snapshots(tmp_path, "1")
    write(snapshots, 1000)
    write(snapshots, 2000)
    return snapshots


def write(snapshots: Snapshots, offset: int, content: str = "old") -> None:
    def save(folder: Path) -> None:
        (folder / "state.parquet").write_text(content)

    snapshots.write(0, offset, offset, save)


def offsets(snapshots: Snapshots) -> list[int]:
    return sorted(int(folder.name) for folder in snapshots.folder.glob("partition-0/*"))


def test_the_two_newest_are_kept(snapshots: Snapshots) -> None:
    write(snapshots, 3000)
    assert offsets(snapshots) == [2000, 3000]


@pytest.mark.parametrize(
    ("committed", "left"), [(2500, [1000, 2000]), (2000, [1000, 2000]), (1999, [1000]), (-1001, [])]
)
def test_those_past_the_committed_offset_are_deleted(snapshots: Snapshots, committed: int, left: list[int]) -> None:
    newest = snapshots.take_up(0, committed)
    assert (newest.offset if newest else None) == max(left, default=None)
    assert offsets(snapshots) == left


def test_new_ones_are_kept_where_the_old_were_past_the_committed_offset(snapshots: Snapshots) -> None:
    snapshots.take_up(0, 5)
    for offset in (10, 20, 30):
        write(snapshots, offset)
    assert offsets(snapshots) == [20, 30]


def test_those_of_other_rules_or_another_log_are_deleted(snapshots: Snapshots) -> None:
    others = Snapshots(snapshots.folder, "2")
    assert others.take_up(0, 5000) is None
    assert offsets(others) == []


def test_one_whose_writer_was_killed_is_deleted(snapshots: Snapshots) -> None:
    unfinished = snapshots.folder / "partition-0" / "aside-0123456789abcdef"
    unfinished.mkdir()
    (unfinished / "state.parquet").write_text("half of it")
    assert snapshots.take_up(0, 5000) is not None
    assert offsets(snapshots) == [1000, 2000]
    assert not unfinished.exists()


def test_a_spoiled_one_is_deleted_and_the_one_before_it_taken_up(snapshots: Snapshots) -> None:
    spoil(snapshots, 2000)
    newest = snapshots.take_up(0, 5000)
    assert newest is not None
    assert newest.offset == 1000
    assert offsets(snapshots) == [1000]


def test_a_spoiled_one_is_replaced_by_one_at_the_same_offset(snapshots: Snapshots) -> None:
    spoil(snapshots, 2000)
    write(snapshots, 2000, "new")
    newest = snapshots.take_up(0, 5000)
    assert newest is not None
    assert newest.offset == 2000
    assert (newest.folder / "state.parquet").read_text() == "new"


def test_a_whole_one_is_not_written_again(snapshots: Snapshots) -> None:
    write(snapshots, 2000, "new")
    newest = snapshots.take_up(0, 5000)
    assert newest is not None
    assert (newest.folder / "state.parquet").read_text() == "old"


def spoil(snapshots: Snapshots, offset: int) -> None:
    (snapshots.folder / "partition-0" / f"{offset:020d}" / "state.parquet").write_text("spoiled")
