"""What an engine decides does not depend on its steps; one that runs for months takes no more room than it knows."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from random import Random

import pytest

from sentinel_cli.local.engine import Engine
from sql import load_pipeline
from sql.topics import ALERTS
from tests.alerts import alert
from tests.engines import DISMISSALS, Row, embedded_decisions

TEN_MINUTES = timedelta(minutes=10)


def deposit(account: str, at: datetime, country: str = "US") -> Row:
    return {
        "event_id": f"{account} {at}", "account_id": account, "customer_id": "cust-1", "amount": 7_000.0,
        "currency": "USD", "transaction_type": "CASH_DEPOSIT", "direction": "IN", "country": country,
        "event_time": round(at.timestamp() * 1000),
    }  # fmt: skip


@pytest.mark.parametrize("step", [None, 1, 5, 100])
def test_the_first_of_a_month_is_the_first_in_time_whichever_rule_found_it(step: int | None) -> None:
    pipeline = load_pipeline(DISMISSALS, rules=["structuring", "structuring_rolling"])
    across_an_hour = datetime(2026, 3, 2, 10, 30, tzinfo=UTC)
    within_an_hour = datetime(2026, 3, 5, 10, 0, tzinfo=UTC)
    times = [start + number * TEN_MINUTES for start in (across_an_hour, within_an_hour) for number in range(6)]
    events = [*(deposit("acct-1", time) for time in times), deposit("other", times[-1] + timedelta(days=1))]
    assert embedded_decisions(pipeline, events, step) == [
        ("structuring_rolling", datetime(2026, 3, 2, 11, 10), "DISMISS", None),
        ("structuring_rolling", datetime(2026, 3, 5, 10, 40), "REVIEW", "REPEAT"),
        ("structuring", datetime(2026, 3, 5, 10, 59, 59, 999_000), "REVIEW", "REPEAT"),
    ]


def episodes(seed: int) -> list[Row]:
    """Episodes of eight accounts in one month, of which some arrive hours or days late."""
    dice, arriving = Random(seed), []
    for number in range(40):
        time = datetime(2026, 3, 1, tzinfo=UTC) + dice.randrange(27 * 144) * TEN_MINUTES
        delay = dice.choice([timedelta(), timedelta(), timedelta(hours=3), timedelta(days=5)])
        for _ in range(7):
            time += TEN_MINUTES * dice.random()
            arriving.append((time + delay, deposit(f"acct-{number % 8}", time, dice.choice(("US", "FR", "DE")))))
    return [event for _, event in sorted(arriving, key=lambda arrival: arrival[0])]


@pytest.mark.parametrize(("seed", "step"), [(0, 60), (1, 40), (2, 80)])
def test_steps_of_any_size_decide_as_a_replay_does(seed: int, step: int) -> None:
    pipeline, events = load_pipeline(DISMISSALS), episodes(seed)
    decided = embedded_decisions(pipeline, events)
    times = [time for _, time, _, _ in decided]
    assert {guard for _, _, _, guard in decided} >= {None, "REPEAT"}
    assert times != sorted(times)
    assert embedded_decisions(pipeline, events, step) == decided


@pytest.mark.parametrize("emptied", [Engine.clear, lambda engine: engine.drain(ALERTS)], ids=["clear", "drain"])
def test_what_is_emptied_takes_no_room(emptied: Callable[[Engine], object]) -> None:
    with Engine(load_pipeline(), after=ALERTS) as engine:

        def taken() -> int:
            engine.append(ALERTS, [alert(number) for number in range(2_000)])
            emptied(engine)
            ((found,),) = engine.connection.execute("SELECT sum(memory_usage_bytes) FROM duckdb_memory()").fetchall()
            return int(found)

        first = taken()
        assert [taken() for _ in range(5)][-1] < first + 1_000_000
