"""The real `pulumi` command: the one on PATH, or the one that `scripts/install_pulumi.sh` built."""

import os
import re
import shutil
from pathlib import Path

ADVICE = "the Pulumi engine was not found: install `pulumi`, or run scripts/install_pulumi.sh (it needs Go)"
_MODULE = Path(__file__).parent / "pulumi_cli" / "go.mod"


def find_engine() -> Path | None:
    """The folder that holds the command, or None."""
    if on_path := shutil.which("pulumi"):
        return Path(on_path).parent
    version = re.findall(r"pulumi/pkg/v3 v([\d.]+)", _MODULE.read_text(encoding="utf-8"))[0]
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    folder = cache / "sentinel-aml" / f"pulumi-{version}" / "bin"
    return folder if (folder / "pulumi").is_file() else None
