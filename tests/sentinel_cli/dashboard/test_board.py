"""The board keeps what it promises to, and no more."""

from hypothesis import given
from hypothesis import strategies as st

from sentinel_cli.dashboard.board import Board, agrees
from sentinel_cli.dashboard.head import counters
from sentinel_cli.dashboard.per_minute import MINUTES, PerMinute
from tests.alerts import alert_id
from tests.sentinel_cli.dashboard.screen import Clock, a_disposition, an_alert, an_analysts_decision


def test_the_newest_are_kept_and_repeats_are_dropped() -> None:
    board = Board(2, Clock())
    for number in (1, 2, 3, 2, 1):
        board.alert(an_alert(number), 0.0)
    shown = board.snapshot()
    assert [case.row["alert_id"] for case in shown.cases] == [alert_id(3), alert_id(2)]
    assert (shown.alerts, shown.repeats) == (3, 2)


@given(st.permutations(["alert", "summary", "disposition"]))
def test_the_parts_of_a_case_come_in_any_order(order: list[str]) -> None:
    board = Board(5, Clock())
    for part in order:
        if part == "alert":
            board.alert(an_alert(1), 0.0)
        elif part == "summary":
            board.found(alert_id(1), {"summary": "said"})
        else:
            board.found(alert_id(1), a_disposition(1))
    (case,) = board.snapshot().cases
    assert (case.row["summary"], case.row["decision"]) == ("said", "ESCALATE")
    assert board.snapshot().decisions == {"ESCALATE": 1}


def test_of_two_dispositions_the_first_counts_and_counts_once() -> None:
    board = Board(5, Clock())
    board.alert(an_alert(1), 0.0)
    for decision in ("ESCALATE", "ESCALATE", "DISMISS"):
        board.found(alert_id(1), a_disposition(1, decision=decision))
    shown = board.snapshot()
    assert shown.decisions == {"ESCALATE": 1}
    assert shown.cases[0].row["decision"] == "ESCALATE"


def test_an_analysts_decision_stands_beside_the_agents_and_agreement_is_counted() -> None:
    board = Board(5, Clock())
    for number, decision in enumerate(("ESCALATE", "DISMISS", "ESCALATE"), 1):
        board.decided_by_analyst(an_analysts_decision(number, decision=decision))
        board.alert(an_alert(number), 0.0)
    assert board.snapshot().agreement == (0, 0)
    for number in (1, 2):
        board.found(alert_id(number), a_disposition(number))
    shown = board.snapshot()
    assert shown.agreement == (1, 2)
    assert [case.row["analyst_decision"] for case in shown.cases] == ["ESCALATE", "DISMISS", "ESCALATE"]
    assert [case.row.get("decision") for case in shown.cases] == [None, "ESCALATE", "ESCALATE"]
    assert counters(shown).plain.endswith("agree 50% of 2")


def test_agreement_is_with_what_the_agent_said_before_the_guard() -> None:
    board = Board(5, Clock())
    guarded = {"decision": "REVIEW", "guard": "SEVERITY"}
    for number, (said, decision) in enumerate((("DISMISS", "DISMISS"), ("DISMISS", "REVIEW"), (None, "REVIEW")), 1):
        board.alert(an_alert(number), 0.0)
        board.found(alert_id(number), a_disposition(number, **guarded, agent_decision=said))
        board.decided_by_analyst(an_analysts_decision(number, decision=decision))
    shown = board.snapshot()
    assert shown.agreement == (1, 2)
    assert [agrees(case.row) for case in reversed(shown.cases)] == [True, False, None]


def test_of_an_analysts_decisions_the_latest_counts_whatever_order_they_come_in() -> None:
    board = Board(5, Clock())
    board.alert(an_alert(1), 0.0)
    board.found(alert_id(1), a_disposition(1))
    for decision, minute in (("REVIEW", 2), ("ESCALATE", 3), ("DISMISS", 1)):
        board.decided_by_analyst(an_analysts_decision(1, decision=decision, decided_at=60_000 * minute))
    assert board.snapshot().cases[0].row["analyst_decision"] == "ESCALATE"
    assert board.snapshot().agreement == (1, 1)


def test_a_snapshot_stays_as_it_is() -> None:
    board = Board(5, Clock())
    board.alert(an_alert(1), 0.0)
    before = board.snapshot()
    board.found(alert_id(1), a_disposition(1))
    assert "decision" not in before.cases[0].row


def test_what_has_no_alert_does_not_pile_up() -> None:
    board = Board(5, Clock())
    for number in range(5_000):
        board.found(str(number), {"summary": "said"})
    assert len(board._early) == 1_000


@given(st.lists(st.tuples(st.floats(0, 7_200), st.integers(0, 50))))
def test_counts_stand_in_their_minutes(events: list[tuple[float, int]]) -> None:
    counts, now = PerMinute(), 0.0
    for wait, count in events:
        now += wait
        counts.add(count, now)
    moments = [sum(wait for wait, _ in events[: n + 1]) for n in range(len(events))]
    expected = sum(n for (_, n), at in zip(events, moments, strict=True) if now // 60 - at // 60 < MINUTES)
    assert sum(counts.last(now)) == expected
    assert len(counts._counts) <= MINUTES
