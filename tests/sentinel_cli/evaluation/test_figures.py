"""The figures against an oracle, and against answers whose figures are known."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from statsmodels.stats.contingency_tables import mcnemar
from statsmodels.stats.proportion import proportion_confint

from sentinel_cli.evaluation.alerts import Labelled
from sentinel_cli.evaluation.answers import Answer, Answers
from sentinel_cli.evaluation.figures import Paired, Share, figures, paired

ALERTS = [Labelled({"alert_id": str(n)}, n < 4, "episode", "") for n in range(10)]
"""Four suspicious, six benign."""


def answers(decisions: str, *others: str, agent: str | None = None) -> Answers:
    words = {"E": "ESCALATE", "R": "REVIEW", "D": "DISMISS"}
    said = agent or decisions
    runs = [
        [Answer(str(n), words[d], words[s], "OK", None, 2, 1) for n, (d, s) in enumerate(zip(run, said, strict=True))]
        for run in (decisions, *others)
    ]
    return Answers("a", "", runs)


@given(st.integers(1, 500).flatmap(lambda of: st.tuples(st.integers(0, of), st.just(of))))
def test_intervals_are_wilsons(numbers: tuple[int, int]) -> None:
    count, of = numbers
    low, high = proportion_confint(count, of, alpha=0.05, method="wilson")
    assert Share(count, of).interval == pytest.approx((low, high), abs=1e-9)


def test_of_nothing_there_is_no_share() -> None:
    assert (Share(0, 0).value, Share(0, 0).interval) == (None, (0.0, 1.0))


@given(st.integers(0, 80), st.integers(0, 80))
def test_the_paired_test_is_mcnemars_exact_one(first: int, second: int) -> None:
    expected = mcnemar([[0, first], [second, 0]], exact=True).pvalue if first + second else 1.0
    assert Paired(first, second).p_value == pytest.approx(expected)
    assert Paired(second, first).p_value == Paired(first, second).p_value


def test_precision_recall_and_dismissals_of_known_answers() -> None:
    found = figures(ALERTS, answers("EEERERRDRD", agent="EEEDERRDRD"))
    assert (found.precision, found.recall) == (Share(3, 4), Share(3, 4))
    assert (found.dismissed, found.agent_dismissed) == (Share(0, 4), Share(1, 4))
    assert found.existing == Share(10, 20)
    assert found.decided == {
        ("suspicious", "ESCALATE"): 3, ("suspicious", "REVIEW"): 1,
        ("benign", "ESCALATE"): 1, ("benign", "REVIEW"): 3, ("benign", "DISMISS"): 2,
    }  # fmt: skip
    assert figures(ALERTS, answers("DDDDRRRRRR")).dismissed == Share(4, 4)


def test_stable_is_what_is_the_same_in_every_run() -> None:
    assert figures(ALERTS, answers("EEEERRRRRR", "EEEERRRRRD", "REEERRRRRR")).stable == Share(8, 10)


def test_pairs_are_counted_alert_by_alert() -> None:
    found = paired(ALERTS, answers("EEERRRRRRR"), answers("REEEERRRRR"))
    assert (found.only_first, found.only_second) == (2, 1)
