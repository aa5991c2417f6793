"""Every shell block of the README and of docs/ runs, from the project's root, as a new user would run it.

Those that need an account, fenced as "sh account", are not run: the commands and options they use must exist. Those
that need a broker, fenced as "sh broker" or "sh terminal", are run by the tests that have one; those that need a
ledger, fenced as "sh ledger", are run with one.
"""

import os
import re
import subprocess
from pathlib import Path
from shutil import which

import pytest

from sentinel_cli.ledger.store import Ledger
from tests.commands import mistakes
from tests.sentinel_cli.ledger.records import record

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
SUITE = "uv run --group dev pytest"
"""The test command itself is not run again inside it."""


def blocks(fence: str = "sh") -> list[tuple[str, str]]:
    pattern = re.compile(rf"^```{fence}\n(.*?)^```", re.DOTALL | re.MULTILINE)
    return [(page.name, text.strip()) for page in PAGES for text in pattern.findall(page.read_text("utf-8"))]


@pytest.mark.parametrize(("page", "block"), [b for b in blocks() if SUITE not in b[1]])
def test_the_block_runs(page: str, block: str, tmp_path: Path) -> None:
    written = set(ROOT.iterdir())
    # No test reads the ledger of whoever runs it.
    env = {**os.environ, "SENTINEL_LEDGER": str(tmp_path / "ledger.sqlite")}
    run = subprocess.run(["bash", "-euc", block], cwd=ROOT, capture_output=True, text=True, check=False, env=env)
    for path in set(ROOT.iterdir()) - written:
        path.unlink()
    assert run.returncode == 0, f"{page}: {run.stderr}"


@pytest.mark.parametrize(("page", "block"), blocks("sh ledger"))
def test_the_block_runs_with_a_ledger(page: str, block: str, tmp_path: Path) -> None:
    Ledger(tmp_path / "ledger.sqlite").make().append([record(1)])
    env = {**os.environ, "SENTINEL_LEDGER": str(tmp_path / "ledger.sqlite")}
    run = subprocess.run(["bash", "-euc", block], cwd=ROOT, capture_output=True, text=True, check=False, env=env)
    assert run.returncode == 0, f"{page}: {run.stderr}"


def test_what_is_typed_into_a_terminal_is_the_walk_throughs() -> None:
    """tests/integration/kafka/test_walkthrough.py types it."""
    typed = [(page, block) for page, block in blocks(r"sh terminal \d") if page != "walkthrough.md"]
    walk = [block for page, block in blocks(r"sh terminal \d") if page == "walkthrough.md"]
    assert typed
    assert [block for _, block in typed if block not in walk] == []


@pytest.mark.parametrize(("page", "block"), blocks(r"sh (?:account|broker|terminal \d)"))
def test_the_block_that_is_not_run_here_names_what_exists(page: str, block: str) -> None:
    assert mistakes(block) == [], page


def test_a_command_that_does_not_exist_is_found() -> None:
    script = "uv run sentinel stats --wait 5 && sentinel status --for 5 | cat\npulumi prevue\npulumi up --sack dev"
    nested = "sentinel broker up --folder x; sentinel broker down --all; sentinel broker away; sentinel topics"
    assert mistakes(nested) == ["sentinel broker down --all", "sentinel broker away", "sentinel topics"]
    pulumi = ["pulumi prevue", "pulumi up --sack"] if which("pulumi") else []
    assert mistakes(script) == ["sentinel stats", "sentinel status --for", *pulumi]


def test_the_readme_says_the_two_commands_and_stays_short() -> None:
    text = (ROOT / "README.md").read_text("utf-8")
    assert "pip install uv && uv run sentinel demo" in text
    assert f"pip install uv && {SUITE}" in text
    assert text.count("\n") <= 150


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_leads_somewhere(page: Path) -> None:
    links = re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text("utf-8"))
    assert [link for link in links if not (page.parent / link).exists()] == []
