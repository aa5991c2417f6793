"""Budget and circuit breaker, by a clock of the test's own."""

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from sentinel_cli.llm.breaker import Breaker
from sentinel_cli.llm.budget import Budget, Reservation
from sentinel_cli.llm.endpoint import Limits
from sentinel_cli.llm.prices import Price

PRICE = Price(Decimal("0.25"), Decimal("2.00"))
STEP = st.tuples(st.sampled_from(["reserve", "settle", "lose"]), st.integers(0, 500), st.integers(0, 500))


@given(st.lists(STEP, max_size=80), st.integers(0, 20), st.integers(0, 5_000))
def test_no_order_of_requests_spends_more_than_the_limits(
    steps: list[tuple[str, int, int]], calls: int, tokens: int
) -> None:
    limits = Limits(calls, tokens, Decimal("0.002"))
    budget = Budget(limits, PRICE, clock=lambda: 0)
    open_: list[tuple[Reservation, int, int]] = []
    made, used, cost = 0, 0, Decimal(0)
    for what, n, m in steps:
        if what == "reserve" and (taken := budget.reserve(n, m)):
            open_.append((taken, n, m))
            made += 1
        elif what != "reserve" and open_:
            reservation, most_in, most_out = open_.pop()
            spent = (min(n, most_in), min(m, most_out)) if what == "settle" else (most_in, most_out)
            if what == "settle":
                budget.settle(reservation, *spent)
            budget.end()
            used, cost = used + sum(spent), cost + PRICE.cost(*spent)
        assert made <= calls
        assert used <= tokens
        assert cost <= Decimal("0.002")
    assert budget.open == len(open_)


def test_a_budget_is_a_days() -> None:
    now = [86_399.0]
    budget = Budget(Limits(calls=1), None, clock=lambda: now[0])
    first = budget.reserve(1, 1)
    assert first is not None
    assert budget.reserve(1, 1) is None
    now[0] = 86_400.0
    assert budget.reserve(1, 1) is not None
    budget.settle(first, 5_000, 5_000)
    assert budget.spent.tokens == 2


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
