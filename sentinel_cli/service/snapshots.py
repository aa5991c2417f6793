"""
Snapshots of partitions: a cache, so that an instance need not read the log back over all that its rules look back on.

    <state>/<group>/partition-3/00000000000000017042/   <- the next offset to read
        snapshot.json     watermark, versions of log and rules, a checksum of each file
        *.parquet         the engine's state

Written aside and renamed; the two newest are kept. What cannot be written is done without, what does not fit is not
read: the truth is the log and the committed offset.
"""

import hashlib
import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

_MANIFEST = "snapshot.json"
_KEPT = 2


@dataclass(frozen=True)
class Snapshot:
    """A snapshot that is whole, of this log and of these rules."""

    folder: Path
    offset: int
    """The next offset to read."""
    watermark: int
    """Epoch milliseconds."""


class Snapshots:
    """The snapshots of a consumer group's partitions; `versions` tells what log, rules and engine they are of."""

    def __init__(self, folder: Path, versions: str) -> None:
        self.folder, self.versions = folder, versions

    def take_up(self, partition: int, offset: int) -> Snapshot | None:
        """The newest that is valid and not past an offset; any other would outlive new ones, and is deleted."""
        for unfinished in self._of(partition).glob("aside-*"):
            shutil.rmtree(unfinished, ignore_errors=True)
        found = []
        for folder in sorted(self._of(partition).glob("[0-9]*")):
            if folder.name.isdigit() and int(folder.name) <= offset and (mark := self._checked(folder)) is not None:
                found.append(Snapshot(folder, int(folder.name), mark))
            else:
                shutil.rmtree(folder, ignore_errors=True)
        return found[-1] if found else None

    def is_whole(self, snapshot: Snapshot) -> bool:
        """Whether a snapshot is still there, every file of it."""
        return self._checked(snapshot.folder) is not None

    def write(self, partition: int, offset: int, watermark: int, save: Callable[[Path], None]) -> None:
        """
        Write a snapshot; `save` writes the state into a folder.

        Raises:
            OSError: it cannot be written, the disk being full perhaps.
        """
        home = self._of(partition)
        target, aside = home / f"{offset:020d}", home / f"aside-{uuid4().hex}"
        if self._checked(target) is not None:
            return
        try:
            aside.mkdir(parents=True)
            save(aside)
            sums = {file.name: _sum(file) for file in sorted(aside.iterdir())}
            manifest = {"versions": self.versions, "watermark": watermark, "files": sums}
            (aside / _MANIFEST).write_text(json.dumps(manifest))
            shutil.rmtree(target, ignore_errors=True)
            aside.rename(target)
        finally:
            shutil.rmtree(aside, ignore_errors=True)
        for old in sorted(home.glob("[0-9]*"))[:-_KEPT]:
            shutil.rmtree(old, ignore_errors=True)

    def _of(self, partition: int) -> Path:
        return self.folder / f"partition-{partition}"

    def _checked(self, folder: Path) -> int | None:
        """Its watermark, None where a file is missing or changed, or it is of another log or other rules."""
        try:
            manifest = json.loads((folder / _MANIFEST).read_text())
            whole = all(_sum(folder / name) == known for name, known in manifest["files"].items())
            return int(manifest["watermark"]) if whole and manifest["versions"] == self.versions else None
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            return None


def _sum(file: Path) -> str:
    with file.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()
