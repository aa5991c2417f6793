"""Budget and circuit breaker, by a clock of the test's own."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sentinel_cli.llm.ask import Asker
from sentinel_cli.llm.breaker import Breaker
from sentinel_cli.llm.budget import Budget, Reservation
from sentinel_cli.llm.call import Call
from sentinel_cli.llm.endpoint import Endpoint, Limits
from sentinel_cli.llm.prices import Price
from sentinel_cli.settings import LlmProvider

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


def call(status: str, provider: str = "openai", **changes: object) -> Call:
    given = {"answer": None, "status": status, "input_tokens": None, "output_tokens": None, "cost": None, **changes}
    return Call("triage", "", "four", provider, "another", {}, latency_ms=1, time=0, **given)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("made", "spent"),
    [
        (call("SUCCESS", input_tokens=700, output_tokens=90, cost=Decimal("0.5")), (1, 790, Decimal("0.5"))),
        (call("SUCCESS", input_tokens=4, output_tokens=2), (1, 6, PRICE.cost(4, 2))),
        (call("TIMEOUT"), (1, 103, PRICE.cost(3, 100))),
        (call("UNREADABLE"), (1, 103, PRICE.cost(3, 100))),
        (call("UNAUTHORIZED"), (1, 0, 0)),
        (call("SUCCESS", "local", cost=Decimal(0)), (0, 0, 0)),
        (call("SUCCESS", "platform"), (0, 0, 0)),
    ],
)
def test_what_is_on_record_of_the_day_is_spent(made: Call, spent: tuple[int, int, Decimal]) -> None:
    now = [86_400.0 * 20_000 + 5]
    budget = Budget(Limits(calls=10), PRICE, clock=lambda: now[0])
    endpoint = Endpoint(LlmProvider.openai, "https://models.example", "m", "m", limits=budget.limits)
    Asker(endpoint, budget, 100).count([made, made])
    assert (budget.spent.calls, budget.spent.tokens, budget.spent.cost) == tuple(2 * part for part in spent)
    assert budget.began == 86_400_000 * 20_000
    now[0] += 86_400
    assert budget.reserve(1, 1)
    assert budget.spent.calls == 1


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
