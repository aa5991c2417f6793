"""The file that takes what Kafka did not."""

import os
from contextlib import suppress
from io import FileIO
from pathlib import Path

import orjson

FILE = "sentinel.undelivered.jsonl"


class UndeliveredFile:
    """
    JSON lines of `reason` and `record`, the record's own text; made in the working directory when it is needed.

    An earlier run's lines stay: `jq -r .record sentinel.undelivered.jsonl` gives transactions to send again.
    """

    def __init__(self, path: Path = Path(FILE)) -> None:
        self.path = path
        self.lines = self.lost = 0
        self.problem: str | None = None
        """Why the last of those that are lost could not be written."""
        self._file: FileIO | None = None

    def write(self, reason: str, record: bytes) -> None:
        """Add a record as a whole line, or count it as lost where the file cannot be written."""
        text = record.decode("utf-8", errors="backslashreplace")
        try:
            self._append(orjson.dumps({"reason": reason, "record": text}) + b"\n")
        except OSError as error:
            self.lost += 1
            self.problem = error.strerror
        else:
            self.lines += 1

    def _append(self, line: bytes) -> None:
        if self._file is None:
            self._file = self.path.open("ab", buffering=0)
        end = self._file.seek(0, os.SEEK_END)
        try:
            # A disk that fills up takes a part of a line and says so, and only then refuses.
            while line:
                line = line[self._file.write(line) :]
        except OSError:
            with suppress(OSError):
                self._file.truncate(end)
            raise

    def close(self) -> None:
        """Close the file, where there is one."""
        if self._file is not None:
            self._file.close()
