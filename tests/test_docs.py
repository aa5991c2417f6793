"""The generated pages are up to date, and the catalogue lists what there is."""

import subprocess
import sys
from pathlib import Path

import sql
from tests.cases import all_cases

ROOT = Path(__file__).parents[1]


def test_the_generated_pages_are_up_to_date() -> None:
    command = [sys.executable, "scripts/docs.py", "--check"]
    run = subprocess.run(command, check=False, cwd=ROOT, capture_output=True, text=True)
    assert (run.returncode, run.stderr) == (0, "")


def test_the_catalogue_lists_every_rule_parameter_and_case() -> None:
    page = (ROOT / "docs" / "rules.md").read_text(encoding="utf-8")
    for rule in sql.load_pipeline().rules:
        section = page.partition(f"\n## {rule.id}\n")[2].partition("\n## ")[0]
        assert rule.about.rationale in section
        assert rule.about.citation in section
        for name, parameter in rule.about.parameters.items():
            assert f"| {name} | {parameter.type} |" in section
            assert parameter.meaning in section
        mine = [f"- `{case.name}`: {case.sentence}\n" for case in all_cases() if case.rule == rule.id]
        assert [line for line in mine if line not in section] == []
