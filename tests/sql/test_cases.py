"""Every case of every rule, as one replay and row by row."""

import re
from collections.abc import Callable, Sequence
from functools import cache

import pytest

import sql
from sentinel_cli.local.engine import Engine
from tests.cases import Case, Row, alerts_of, all_cases, dead_letters_of, lates_of, run_replay, run_steps

CASES = all_cases()
Run = Callable[[sql.Pipeline, Sequence[Row]], Engine]


@cache
def pipeline_of(rule: str) -> sql.Pipeline:
    return sql.load_pipeline(rules=[rule])


@pytest.mark.parametrize("run", [run_replay, run_steps], ids=["replay", "steps"])
@pytest.mark.parametrize("case", CASES, ids=str)
def test_a_case_gives_its_alerts_late_rows_and_dead_letters(case: Case, run: Run) -> None:
    pipeline = pipeline_of(case.rule)
    with run(pipeline, case.events) as engine:
        assert alerts_of(engine) == case.alerts, case.sentence
        assert lates_of(engine) == case.lates, case.sentence
        assert dead_letters_of(engine) == case.dead_letters, case.sentence
        assert {row["rule_version"] for row in engine.rows("sentinel.aml_alerts")} <= {pipeline.rules[0].version}


@pytest.mark.parametrize("rule", sql.load_pipeline().rules, ids=lambda rule: rule.id)
def test_every_rule_has_cases_with_and_without_an_alert(rule: sql.Rule) -> None:
    mine = [case for case in CASES if case.rule == rule.id]
    assert len(mine) >= 6
    assert {bool(case.alerts) for case in mine} == {True, False}
    assert re.fullmatch("[0-9a-f]{8}", rule.version)


def test_every_case_belongs_to_a_rule_and_says_one_sentence() -> None:
    assert {case.rule for case in CASES} == {rule.id for rule in sql.load_pipeline().rules}
    odd = [case for case in CASES if not re.fullmatch(r"[A-Z].{20,250}\.", case.sentence)]
    assert not odd
