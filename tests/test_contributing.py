"""The five steps of CONTRIBUTING.md, followed to the letter in a copy of the project."""

import hashlib
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
STEPS = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8").partition("## Checks")[0]
COPIED = (
    "sql",
    "stacks",
    "sentinel_cli",
    "scripts",
    "docs",
    "tests",
    "pyproject.toml",
    "__main__.py",
    "Pulumi.yaml",
    "Pulumi.dev.yaml",
    "Pulumi.prod.yaml",
    ".sqlfluff",
    ".sqlfluffignore",
    "credentials.env.example",
)
BLOCK = re.compile(r"(?:In `(?P<file>\S+)`:\n\n)?```(?P<kind>\w+)\n(?P<text>.*?)```", re.DOTALL)


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project without its data and caches."""
    root = tmp_path_factory.mktemp("project")
    # Data that only other tests read.
    skipped = shutil.ignore_patterns("__pycache__", "amlbench", "nab", "fincen", ".*_cache")
    for name in COPIED:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, root / name, ignore=skipped)
        else:
            shutil.copy(source, root / name)
    return root


def shell(text: str, root: Path) -> str:
    """What the commands print, run in a copy with this environment's own tools in the place of uv's."""
    bin_folder = str(Path(sys.executable).parent)
    environment = os.environ | {
        "PATH": f"{bin_folder}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": str(root),
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTEST_ADDOPTS": "",
    }
    commands = "set -e\n" + text.replace("uv run --group dev pytest", "pytest -p no:cacheprovider").replace(
        "uv run --group dev ", ""
    )
    run = subprocess.run(["sh", "-c", commands], check=False, cwd=root, env=environment, capture_output=True, text=True)
    assert run.returncode == 0, run.stdout + run.stderr
    return run.stdout


def hashes(root: Path) -> dict[str, str]:
    files = (path for path in root.rglob("*") if path.is_file() and not {".hypothesis", "__pycache__"} & {*path.parts})
    return {str(path.relative_to(root)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def test_a_rule_added_by_the_five_steps_runs_and_touches_one_new_folder_only(copy: Path) -> None:
    before, printed = hashes(copy), ""
    for block in BLOCK.finditer(STEPS):
        if block["file"]:
            (copy / block["file"]).write_text(block["text"], encoding="utf-8")
        else:
            printed += shell(block["text"], copy)
    after = hashes(copy)

    changed = {name for name in before | after if before.get(name) != after.get(name)}
    assert {name for name in changed if not name.startswith("sql/rules/cash_day/")} == {
        "docs/rules.md",
        "docs/resources.md",
    }
    assert "4 passed" in printed  # two cases, as one replay and row by row
    assert "## cash_day" in (copy / "docs" / "rules.md").read_text(encoding="utf-8")
    deployed = (copy / "docs" / "resources.md").read_text(encoding="utf-8").partition("### prod\n")[2]
    assert "| cash-day | insert | `sentinel.transactions_raw` | `sentinel.aml_alerts` | 1 day |" in deployed


def test_the_steps_are_five_and_the_rules_of_style_ten() -> None:
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    assert re.findall(r"^\*\*(\d)\. ", text, re.MULTILINE) == list("12345")
    assert len(re.findall(r"^\d+\. ", text.partition("## Style")[2], re.MULTILINE)) == 10
