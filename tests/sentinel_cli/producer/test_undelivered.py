"""The file for what Kafka did not take: whole lines, and a count of those for which there was no room."""

import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import orjson

from sentinel_cli.producer.undelivered import UndeliveredFile


@contextmanager
def room(size: int) -> Iterator[None]:
    """No file of this process grows beyond a size."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_line_for_which_there_is_no_room_is_counted_and_leaves_nothing_behind(tmp_path: Path) -> None:
    file = UndeliveredFile(tmp_path / "undelivered.jsonl")
    with room(100):
        for number in range(5):
            file.write("gone", b"x" * 10 + b"%d" % number)
        full = (file.lines, file.lost, file.problem)
    file.write("gone", b"the last")
    file.close()
    assert full == (2, 3, "File too large")
    records = [orjson.loads(line)["record"] for line in file.path.read_bytes().splitlines()]
    assert records == ["xxxxxxxxxx0", "xxxxxxxxxx1", "the last"]
    assert (file.lines, file.lost) == (3, 3)


def test_a_file_that_cannot_be_opened_or_is_on_a_full_disk_loses_all_and_says_why(tmp_path: Path) -> None:
    for path, problem in ((tmp_path, "Is a directory"), (Path("/dev/full"), "No space left on device")):
        file = UndeliveredFile(path)
        file.write("gone", b"one")
        file.write("gone", b"two")
        file.close()
        assert (file.lines, file.lost, file.problem) == (0, 2, problem)
