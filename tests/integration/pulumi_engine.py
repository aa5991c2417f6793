"""The real `pulumi` command: the one on PATH, or the one that `scripts/install_pulumi.sh` built."""

import os
import shutil
from pathlib import Path

VERSION = "3.259.0"
ADVICE = "the Pulumi engine was not found: install `pulumi`, or run scripts/install_pulumi.sh (it needs Go)"


def find_engine() -> Path | None:
    """The folder that holds the command, or None."""
    if on_path := shutil.which("pulumi"):
        return Path(on_path).parent
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    folder = cache / "sentinel-aml" / f"pulumi-{VERSION}" / "bin"
    return folder if (folder / "pulumi").is_file() else None
