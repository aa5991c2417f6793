"""What the rolling rule is for: a burst is found wherever the clock cuts it, and at once."""

import random
from itertools import groupby

import sql
from sentinel_cli.local.engine import Engine
from tests.cases import alerts_of, epoch_ms, load_batch, run_replay
from tests.sql.streams import DAY, HOUR, MINUTE, SECOND, START, Event, deposits, in_order, transaction

RULES = ["structuring", "structuring_rolling"]
STEP = 15 * SECOND


def burst(account: str, begin: int, draw: random.Random) -> list[Event]:
    """Five deposits of 9,000.00: the first at `begin`, the last 45 minutes later."""
    middle = sorted(draw.sample(range(1, 45 * MINUTE), 3))
    return deposits(account, [begin, *(begin + at for at in middle), begin + 45 * MINUTE], [9_000.0] * 5)


def test_rolling_finds_every_burst_and_tumbling_a_quarter() -> None:
    draw = random.Random(7)
    bursts = {f"acct-{n}": burst(f"acct-{n}", START + draw.randrange(DAY), draw) for n in range(1_000)}
    events = in_order([event for given in bursts.values() for event in given])
    with run_replay(sql.load_pipeline(rules=RULES), events) as engine:
        alerts = alerts_of(engine)
    rolling = {alert["account_id"]: alert for alert in alerts if alert["rule_id"] == "structuring_rolling"}
    tumbling = [alert for alert in alerts if alert["rule_id"] == "structuring"]

    assert len(rolling) == len(alerts) - len(tumbling) == 1_000  # each, and one alert an episode
    assert all(rolling[account]["detected_at"] == given[-1]["event_time"] for account, given in bursts.items())
    assert 200 <= len(tumbling) <= 300


def emissions(events: list[Event]) -> list[tuple[str, int]]:
    """Account of each rolling alert, and the newest event time of the step that emitted it."""
    pipeline = sql.load_pipeline(rules=["structuring_rolling"])
    engine = Engine(pipeline, until="sentinel.aml_alerts", incremental=True)
    found, first, seen = [], 0, 0
    with engine:
        batch = load_batch(engine.connection, events)
        for _, group in groupby(events, key=lambda event: event["event_time"] // STEP):
            newest = [event["event_time"] for event in group]
            engine.step(f"(SELECT * FROM {batch} WHERE __seq BETWEEN {first} AND {first + len(newest) - 1})")
            first += len(newest)
            rows = engine.rows("sentinel.aml_alerts", after=seen)
            seen += len(rows)
            found += [(str(row["account_id"]), max(newest)) for row in rows]
            assert all(epoch_ms(row["detected_at"]) <= max(newest) for row in rows)
    return found


def test_an_alert_is_out_within_a_minute_of_event_time_of_the_deposit_that_completes_it() -> None:
    draw = random.Random(11)
    bursts = {f"acct-{n}": burst(f"acct-{n}", START + draw.randrange(10 * MINUTE), draw) for n in range(30)}
    others = [transaction(time, "other") for time in range(START, START + HOUR, SECOND)]
    found = emissions(in_order([*others, *(event for given in bursts.values() for event in given)]))
    waits = [newest - bursts[account][-1]["event_time"] for account, newest in found]

    assert sorted(account for account, _ in found) == sorted(bursts)
    assert max(waits) <= 60 * SECOND
    assert max(waits) <= 10 * SECOND + 2 * STEP  # the watermark's delay and the length of the steps, nothing else


def test_a_partition_that_is_days_ahead_makes_another_forget_nothing() -> None:
    late = deposits("acct-1", [START + at * MINUTE for at in (8, 16, 24, 35, 42)], [9_000.0] * 5)
    ahead = deposits("acct-2", [START + 2 * DAY, START + 2 * DAY - 5 * MINUTE], [20.0] * 2)
    order = [(0, deposits("acct-3", [START + 13 * MINUTE], [20.0])[0]), (0, late[0]), *((1, event) for event in ahead)]
    order += [(0, event) for event in late[1:]]
    pipeline = sql.load_pipeline(rules=["structuring_rolling"])
    with Engine(pipeline, until="sentinel.aml_alerts", incremental=True) as engine:
        batch = load_batch(engine.connection, [event for _, event in order])
        for place, (partition, _) in enumerate(order):
            row = f"(SELECT *, {partition} AS __partition FROM {batch} WHERE __seq = {place})"
            engine.step(row, has_partitions=True, is_last=place == len(order) - 1)
        assert [alert["account_id"] for alert in alerts_of(engine)] == ["acct-1"]
