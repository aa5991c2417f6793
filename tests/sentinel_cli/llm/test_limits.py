"""Budget and circuit breaker, by a clock of the test's own."""

import subprocess
import sys
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sentinel_cli.llm.breaker import Breaker
from sentinel_cli.llm.budget import Budget, Reservation, Spent
from sentinel_cli.llm.endpoint import Limits
from sentinel_cli.llm.prices import Price
from sql.errors import SettingsError

PRICE = Price(Decimal("0.25"), Decimal("2.00"))
STEP = st.tuples(
    st.integers(0, 1), st.sampled_from(["reserve", "settle", "lose"]), st.integers(0, 500), st.integers(0, 500)
)


@given(st.lists(STEP, max_size=80), st.integers(0, 20), st.integers(0, 5_000))
def test_no_order_of_requests_of_two_processes_spends_more_than_the_limits(
    steps: list[tuple[int, str, int, int]], calls: int, tokens: int
) -> None:
    with TemporaryDirectory() as folder:
        limits = Limits(calls, tokens, Decimal("0.002"))
        budgets = [Budget(limits, PRICE, Path(folder) / "spent.sqlite", clock=lambda: 0) for _ in range(2)]
        open_: list[tuple[Budget, Reservation, int, int]] = []
        made, used, cost = 0, 0, Decimal(0)
        for who, what, n, m in steps:
            if what == "reserve" and (taken := budgets[who].reserve(n, m)):
                open_.append((budgets[who], taken, n, m))
                made += 1
            elif what != "reserve" and open_:
                budget, reservation, most_in, most_out = open_.pop()
                spent = (min(n, most_in), min(m, most_out)) if what == "settle" else (most_in, most_out)
                if what == "settle":
                    budget.settle(reservation, *spent)
                budget.end()
                used, cost = used + sum(spent), cost + PRICE.cost(*spent)
            assert made <= calls
            assert used <= tokens
            assert cost <= Decimal("0.002")
        assert [budget.open for budget in budgets] == [sum(b is budget for b, *_ in open_) for budget in budgets]


def test_a_budget_is_a_days(tmp_path: Path) -> None:
    now = [86_399.0]
    budget = Budget(Limits(calls=1), None, tmp_path / "spent.sqlite", clock=lambda: now[0])
    first = budget.reserve(1, 1)
    assert first is not None
    assert budget.reserve(1, 1) is None
    now[0] = 86_400.0
    assert budget.reserve(1, 1) is not None
    budget.settle(first, 5_000, 5_000)
    assert budget.spent() == Spent(1, 2)


def test_a_request_is_spent_before_it_is_sent_whatever_becomes_of_its_process(tmp_path: Path) -> None:
    limits, spent = Limits(calls=3, tokens=1_000), tmp_path / "folder" / "spent.sqlite"
    reserve = (
        "import sys, time; from pathlib import Path; from sentinel_cli.llm.budget import Budget; "
        "from sentinel_cli.llm.endpoint import Limits; "
        "Budget(Limits(calls=3, tokens=1_000), None, Path(sys.argv[1])).reserve(300, 100); "
        "print('sent', flush=True); time.sleep(60)"
    )
    with subprocess.Popen([sys.executable, "-c", reserve, str(spent)], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"sent\n"
        process.kill()
    budget = Budget(limits, None, spent)
    assert budget.spent() == Spent(1, 400)
    assert budget.reserve(300, 400) is None
    assert budget.reserve(300, 300) is not None


def test_without_limits_nothing_is_written_and_what_cannot_be_kept_is_said(tmp_path: Path) -> None:
    free = Budget(Limits(), None, tmp_path / "spent.sqlite")
    assert free.reserve(10**9, 10**9) is not None
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "file").write_text("no folder")
    with pytest.raises(SettingsError, match=r"cannot keep .*SENTINEL_LLM_BUDGET_FILE names another"):
        Budget(Limits(calls=1), None, tmp_path / "file" / "spent.sqlite")


def test_five_failures_in_a_row_open_the_circuit_and_one_call_tries_it() -> None:
    now = [0.0]
    breaker = Breaker(clock=lambda: now[0])
    for _ in range(4):
        assert not breaker.failed()
    breaker.answered()
    assert [breaker.failed() for _ in range(5)] == [False] * 4 + [True]
    assert not breaker.admits()
    now[0] = 30.0
    assert [breaker.admits(), breaker.admits()] == [True, False]
    assert not breaker.failed()
    now[0] = 59.0
    assert not breaker.admits()
    now[0] = 60.0
    assert breaker.admits()
    breaker.answered()
    assert [breaker.admits(), breaker.admits()] == [True, True]


def test_a_pause_that_was_asked_for_is_kept() -> None:
    now = [0.0]
    breaker = Breaker(clock=lambda: now[0])
    assert breaker.failed(600)
    now[0] = 599.0
    assert not breaker.admits()
    now[0] = 600.0
    assert breaker.admits()
