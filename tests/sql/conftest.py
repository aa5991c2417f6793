import shutil
from pathlib import Path

import pytest

from sql._files import ROOT


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A copy of the folders under sql/, to be damaged."""
    for name in ("tables", "views", "rules", "routes", "ai"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("cases"))
    return tmp_path
