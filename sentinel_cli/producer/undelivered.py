"""The file that takes what Kafka did not."""

from pathlib import Path
from typing import BinaryIO

import orjson

FILE = "sentinel.undelivered.jsonl"


class UndeliveredFile:
    """
    JSON lines of `reason` and `record`, the record's own text; made in the working directory when it is needed.

    An earlier run's lines stay: `jq -r .record sentinel.undelivered.jsonl` gives transactions to send again.
    """

    def __init__(self, path: Path = Path(FILE)) -> None:
        self.path = path
        self.lines = 0
        self._file: BinaryIO | None = None

    def write(self, reason: str, record: bytes) -> None:
        """Add a record; OSError where the file cannot be written."""
        if self._file is None:
            self._file = self.path.open("ab", buffering=0)
        text = record.decode("utf-8", errors="backslashreplace")
        self._file.write(orjson.dumps({"reason": reason, "record": text}) + b"\n")
        self.lines += 1

    def close(self) -> None:
        """Close the file, where there is one."""
        if self._file is not None:
            self._file.close()
