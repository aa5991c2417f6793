"""The shape of the tree: imports run one way, modules stay small, nothing names a machine or a download host."""

import ast
import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
FORBIDDEN = {
    "sql": {"stacks", "sentinel_cli", "tests"},
    "stacks": {"sentinel_cli", "tests"},
    "sentinel_cli": {"stacks", "tests"},
}
MODULES = [path for folder in FORBIDDEN for path in sorted((ROOT / folder).rglob("*.py"))]
HOSTS = "|".join(
    ["pypi" + r"\.org", "python" + "hosted", "repo1" + r"\.maven", "maven" + r"\.apache", "/wo" + "rk/", "/ro" + "ot/"]
)


def imported(path: Path) -> set[str]:
    tree = ast.parse(path.read_text("utf-8"))
    names = [n.module or "" for n in ast.walk(tree) if isinstance(n, ast.ImportFrom)]
    names += [alias.name for n in ast.walk(tree) if isinstance(n, ast.Import) for alias in n.names]
    return {name.partition(".")[0] for name in names}


@pytest.mark.parametrize("folder", FORBIDDEN)
def test_imports_run_one_way(folder: str) -> None:
    mine = [path for path in MODULES if path.is_relative_to(ROOT / folder)]
    assert [path for path in mine if imported(path) & FORBIDDEN[folder]] == []


def test_modules_stay_small() -> None:
    lengths = {path: path.read_text("utf-8").count("\n") for path in MODULES}
    assert [path for path, lines in lengths.items() if lines > 500] == []
    assert sorted(lengths.values())[len(lengths) // 2] <= 150


def test_nothing_names_a_machine_or_a_download_host() -> None:
    names = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split()
    texts = {name: (ROOT / name).read_bytes().decode("utf-8", "replace") for name in names if (ROOT / name).exists()}
    assert [name for name, text in texts.items() if re.search(HOSTS, text)] == []
