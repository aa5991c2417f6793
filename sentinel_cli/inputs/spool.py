"""Temporary files of this process: what must outlive a read and be gone when the process ends."""

import atexit
import itertools
import shutil
import tempfile
from functools import cache
from pathlib import Path

_numbers = itertools.count()


@cache
def _directory() -> Path:
    directory = Path(tempfile.mkdtemp(prefix="sentinel-"))
    atexit.register(shutil.rmtree, directory, ignore_errors=True)
    return directory


def spool_file(suffix: str) -> Path:
    """A new path in this process's temporary directory, which is removed when the process ends."""
    return _directory() / f"{next(_numbers)}{suffix}"
