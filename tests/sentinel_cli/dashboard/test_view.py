"""What a view lets pass, and in which order."""

import pytest

from sentinel_cli.dashboard.columns import COLUMNS, age
from sentinel_cli.dashboard.view import View
from tests.sentinel_cli.dashboard.screen import filled

CASES = filled()[0].snapshot().cases


def accounts(view: View) -> list[int]:
    return [int(case.row["account_id"][-1]) for case in view.shown(CASES)]


@pytest.mark.parametrize(
    ("view", "shown"),
    [
        (View(), [4, 3, 2, 1]),
        (View(backwards=True), [1, 2, 3, 4]),
        (View(severity="CRITICAL"), [2]),
        (View(rule="velocity"), [3]),
        (View(decision="DISMISS"), [1]),
        (View(decision="undecided"), [4, 3]),
        (View(account="acc-000004"), [4]),
        (View(account="ACC", severity="HIGH", decision="DISMISS"), []),
        (View(sort="severity"), [2, 3, 4, 1]),
        (View(sort="severity", backwards=True), [1, 4, 3, 2]),
        (View(sort="rule"), [1, 2, 4, 3]),
        (View(sort="account"), [1, 2, 3, 4]),
        (View(sort="amount"), [2, 4, 1, 3]),
        (View(sort="age"), [4, 3, 2, 1]),
        (View(sort="decision"), [2, 1, 4, 3]),
        (View(sort="P"), [2, 1, 4, 3]),
    ],
)
def test_the_view_shows(view: View, shown: list[int]) -> None:
    assert accounts(view) == shown


def test_the_filters_go_round() -> None:
    views = [View()]
    for _ in range(4):
        views.append(views[-1].next_decision())
    assert [view.decision for view in views] == [None, "ESCALATE", "REVIEW", "DISMISS", "undecided"]
    assert views[-1].next_decision() == View()
    for _ in COLUMNS:
        views.append(views[-1].next_sort())
    assert views[-1].next_sort().sort is None


def test_a_rule_that_is_gone_is_left() -> None:
    assert View(rule="gone").next_rule(CASES).rule is None
    assert View().next_rule([]).rule is None
    assert View().next_rule(CASES).rule == "geo"


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(-3, "0s"), (0, "0s"), (59.9, "59s"), (60, "1m"), (3_599, "59m"), (3_600, "1h"), (90_000, "1d"), (9e8, "10416d")],
)
def test_an_age_is_short(seconds: float, text: str) -> None:
    assert age(seconds) == text
