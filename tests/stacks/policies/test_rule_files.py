"""What the pack says of a rule's files, judged beside the statement that deploys it."""

import shutil
from pathlib import Path

import pytest

from stacks.policies import accounted, thresholds
from tests.stacks.policies.pack import started
from tests.stacks.policies.violations import production
from tests.stacks.recorder import ROOT

FILE = "sql/rules/geo/rule.sql"
GEO = (ROOT / FILE).read_text(encoding="utf-8")
WRONG = {
    "country_count >= :min_countries": "country_count >= 3",
    "SELECT\n  CAST(account_id AS BYTES)": "SELECT DISTINCT 7 + :min_countries,\n  CAST(account_id AS BYTES)",
    "DESCRIPTOR(event_time), :window)": "DESCRIPTOR(event_time), INTERVAL '30' MINUTE)",
    "violation IS NULL\n": "violation IS NULL AND amount > '10000'\n",
    "THEN 'CRITICAL' ELSE 'HIGH'": "THEN 'CRITICAL' WHEN total_amount > 50000 THEN 'HIGH' ELSE 'LOW'",
    "ARRAY_SORT(event_ids), 1, 50)": "ARRAY_SORT(event_ids), 1, 20)",
    "GROUP BY": "GROUP BY 1,",
    "COUNT(*) AS": "COUNT(*) FILTER (WHERE amount < 1E4) AS",
    "SUM(amount) AS": "SUM(CASE WHEN amount > 0 THEN 2 ELSE 0 END) AS",
}
"""A literal put where the rule has a parameter, or none, and nothing of its place in the allow-list."""
ALLOWED = {
    "SUM(amount) AS": "SUM(CASE WHEN amount < :min_countries THEN 1 ELSE 0 END) AS",
    "FROM judged_transactions\n  WHERE": "FROM (SELECT ROW_NUMBER() OVER (ORDER BY a) AS n FROM t)\n  WHERE n = 1 AND",
    "violation IS NULL\n": "violation IS NULL AND TRUE AND country IN ('US', 'DE')\n",
}


def changed(old: str, new: str) -> str:
    assert old in GEO
    return GEO.replace(old, new, 1)


@pytest.mark.parametrize(("old", "new"), WRONG.items(), ids=WRONG.values())
def test_a_number_that_is_no_parameter_is_found(old: str, new: str) -> None:
    messages = list(thresholds.findings(changed(old, new), FILE))
    assert messages != []
    assert all(message.startswith(f"{FILE}:") for message in messages)


@pytest.mark.parametrize(("old", "new"), ALLOWED.items(), ids=ALLOWED.values())
def test_a_number_in_its_place_is_none_of_a_rules(old: str, new: str) -> None:
    assert list(thresholds.findings(changed(old, new), FILE)) == []


def test_the_finding_names_file_line_and_what_to_do() -> None:
    assert list(thresholds.findings(changed("country_count >= :min_countries", "country_count >= 3"), FILE)) == [
        "sql/rules/geo/rule.sql:59: country_count >= 3 holds a number of its own. "
        "Declare it under [parameters] in the rule.toml beside it, and write its name with a colon here."
    ]


@pytest.mark.parametrize("key", ["owner", "rationale", "citation", "effective"])
def test_a_rule_that_leaves_something_out_is_found(key: str) -> None:
    about = (ROOT / "sql/rules/geo/rule.toml").read_text(encoding="utf-8")
    lines = [line for line in about.splitlines() if not line.startswith(f"{key} =")]
    (message,) = accounted.findings("\n".join(lines), "sql/rules/geo/rule.toml")
    assert message.startswith(f"sql/rules/geo/rule.toml: {key} is ")


def test_an_empty_owner_is_none_and_a_text_is_no_date() -> None:
    messages = list(accounted.findings('owner = " "\nrationale = "x"\ncitation = "x"\neffective = "soon"', "rule.toml"))
    assert messages == [
        "rule.toml: owner is missing. Write who answers for it.",
        "rule.toml: effective is no date. Write since when the rule is in force, such as 2026-01-01.",
    ]


def test_the_pack_judges_the_files_beside_it(tmp_path: Path) -> None:
    for folder in ("sql", "stacks"):
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=shutil.ignore_patterns("__pycache__"))
    (tmp_path / FILE).write_text(changed("country_count >= :min_countries", "country_count >= 3"), encoding="utf-8")
    toml = tmp_path / "sql/rules/velocity/rule.toml"
    toml.write_text(toml.read_text(encoding="utf-8").replace("owner = ", "# owner = "), encoding="utf-8")
    with started(tmp_path) as pack:
        found = [(each.policy, each.resource) for each in pack.judge(production())]
    assert found == [
        ("thresholds-are-parameters", "pipeline-geo-statement"),
        ("rules-are-accounted-for", "pipeline-velocity-statement"),
    ]
