"""The windows and thresholds that the rules must have: read from the rendered SQL, and seen at the edge."""

import re

import pytest

import sql
from tests.cases import alerts_of, run_replay
from tests.sql.streams import DAY, HOUR, MINUTE, START, Event, deposits, in_order, transaction

TUMBLE_HOUR = "TUMBLE(TABLE candidate, DESCRIPTOR(event_time), INTERVAL '0 01:00:00' DAY TO SECOND)"
STRUCTURING = (
    "transaction_type IN ('CASH_DEPOSIT', 'CASH_WITHDRAWAL', 'EFT')",
    "currency = 'USD'",
    "amount < 10000.00",
    "transaction_count >= 5",
    "below_count >= 4",
    "total_amount >= 30000.00",
)
TEXTS = {
    "structuring": (*STRUCTURING, TUMBLE_HOUR),
    "structuring_rolling": (
        *STRUCTURING,
        "RANGE BETWEEN INTERVAL '0 01:00:00' DAY TO SECOND PRECEDING AND CURRENT ROW",
    ),
    "structuring_multiday": (
        "transaction_type IN ('CASH_DEPOSIT', 'CASH_WITHDRAWAL')",
        "BETWEEN 8000.00 AND 10000.00",
        "transaction_count >= 3",
        "RANGE BETWEEN INTERVAL '7 00:00:00' DAY TO SECOND PRECEDING AND CURRENT ROW",
    ),
    "velocity": (
        "TUMBLE(TABLE candidate, DESCRIPTOR(event_time), INTERVAL '0 00:10:00' DAY TO SECOND)",
        "'minTrainingSize' VALUE 16",
        "'maxTrainingSize' VALUE 288",
        "'confidencePercentage' VALUE 99.0",
        "'enableStl' VALUE FALSE",
        "PARTITION BY account_id ORDER BY window_time RANGE BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW",
        "anomaly.is_anomaly = TRUE AND transaction_count > anomaly.upper_bound",
    ),
    "geo": (
        "TUMBLE(TABLE candidate, DESCRIPTOR(event_time), INTERVAL '0 00:30:00' DAY TO SECOND)",
        "COUNT(DISTINCT country)",
        "country_count >= 3",
    ),
    "geo_rolling": (
        "COUNT(DISTINCT country)",
        "country_count >= 3",
        "RANGE BETWEEN INTERVAL '0 00:30:00' DAY TO SECOND PRECEDING AND CURRENT ROW",
    ),
}
STEP = 10 * MINUTE
FIVE = [START + number * STEP for number in range(5)]


def alerted(events: list[Event], *rules: str, **parameters: object) -> dict[str, set[str]]:
    """The accounts that each rule alerts on."""
    given = {name.replace("__", "."): value for name, value in parameters.items()}
    with run_replay(sql.load_pipeline(given, rules=rules), in_order(events)) as engine:
        found = alerts_of(engine)
    return {rule: {alert["account_id"] for alert in found if alert["rule_id"] == rule} for rule in rules}


@pytest.mark.parametrize("rule", TEXTS)
def test_windows_and_thresholds_stand_in_the_rendered_sql(rule: str) -> None:
    text = re.sub(r"\s+", " ", sql.load_pipeline().statement(rule.replace("_", "-")).sql)
    assert [part for part in TEXTS[rule] if part not in text] == []


def test_every_rule_is_checked_here() -> None:
    assert set(TEXTS) == {rule.id for rule in sql.load_pipeline().rules}


def test_structuring_needs_five_transactions_four_below_and_thirty_thousand() -> None:
    amounts = {
        "five": [9_000.0] * 5,
        "four": [9_999.0] * 4,
        "four-below": [9_000.0] * 4 + [10_000.0],
        "three-below": [9_000.0] * 3 + [10_000.0] * 2,
        "one-cent-below": [9_999.99] * 4 + [10_000.0],
        "exactly-30000": [6_000.0] * 5,
        "one-cent-short": [6_000.0] * 4 + [5_999.99],
    }
    events = [event for name, given in amounts.items() for event in deposits(name, FIVE[: len(given)], given)]
    expected = {"five", "four-below", "one-cent-below", "exactly-30000"}
    assert alerted(events, "structuring", "structuring_rolling") == {
        "structuring": expected,
        "structuring_rolling": expected,
    }


def test_structuring_windows_end_where_they_should() -> None:
    last = {"inside": START + HOUR - 1, "edge": START + HOUR, "outside": START + HOUR + 1}
    events = [e for name, time in last.items() for e in deposits(name, [*FIVE[:4], time], [9_000.0] * 5)]
    assert alerted(events, "structuring", "structuring_rolling") == {
        "structuring": {"inside"},
        "structuring_rolling": {"inside", "edge"},
    }


def test_multiday_structuring_needs_three_within_seven_days_of_8000_to_10000() -> None:
    days = [START, START + DAY, START + 2 * DAY]
    given = {
        "three": (days, [8_000.0, 9_000.0, 10_000.0]),
        "two": (days[:2], [9_000.0, 9_000.0]),
        "too-small": (days, [9_000.0, 9_000.0, 7_999.99]),
        "too-large": (days, [9_000.0, 9_000.0, 10_000.01]),
        "edge": ([START, START + DAY, START + 7 * DAY], [9_000.0] * 3),
        "outside": ([START, START + DAY, START + 7 * DAY + 1], [9_000.0] * 3),
    }
    events = [event for name, (times, amounts) in given.items() for event in deposits(name, times, amounts)]
    assert alerted(events, "structuring_multiday") == {"structuring_multiday": {"three", "edge"}}


def test_geography_needs_three_countries_within_half_an_hour() -> None:
    half = 30 * MINUTE
    given = {
        "three": [("US", 0), ("FR", MINUTE), ("DE", 2 * MINUTE)],
        "two": [("US", 0), ("FR", MINUTE), ("US", 2 * MINUTE)],
        "inside": [("US", 0), ("FR", MINUTE), ("DE", half - 1)],
        "edge": [("US", 0), ("FR", MINUTE), ("DE", half)],
        "outside": [("US", 0), ("FR", MINUTE), ("DE", half + 1)],
    }
    events = [transaction(START + at, name, country=code) for name, seen in given.items() for code, at in seen]
    assert alerted(events, "geo", "geo_rolling") == {
        "geo": {"three", "inside"},
        "geo_rolling": {"three", "inside", "edge"},
    }


def windows(account: str, counts: list[int]) -> list[Event]:
    """So many payments in each window of ten minutes, one after the other."""
    return [
        transaction(START + window * STEP + second * 1_000, account)
        for window, count in enumerate(counts)
        for second in range(count)
    ]


def test_velocity_judges_after_sixteen_windows_above_the_upper_bound() -> None:
    # A flat history of ones: the mean is 1, the standard deviation at least 1, so the bound is 1 + 2.576 = 3.58.
    counts = {
        "above": [1] * 16 + [4],
        "below": [1] * 16 + [3],
        "untrained": [1] * 15 + [4],
        "straddling": [1] * 16 + [3, 3],
    }
    events = [event for name, given in counts.items() for event in windows(name, given)]
    assert alerted(events, "velocity") == {"velocity": {"above"}}


def test_velocity_has_no_alert_on_an_account_that_goes_quiet() -> None:
    # Ten a window: the lower bound is 10 - 2.576 * 3.16 = 1.85, so a single payment is an anomaly, but no velocity.
    events = windows("quiet", [10] * 8 + [1]) + windows("loud", [10] * 8 + [19])
    assert alerted(events, "velocity", velocity__min_training_size=8) == {"velocity": {"loud"}}


def test_velocity_forgets_what_lies_before_its_longest_history() -> None:
    # Thirty in the first window: with it the bound is above five, without it five are an alarm.
    events = windows("acct-1", [30] + [1] * 16 + [5])
    assert alerted(events, "velocity") == {"velocity": set()}
    assert alerted(events, "velocity", velocity__max_training_size=16) == {"velocity": {"acct-1"}}


def test_severity_follows_its_parameters() -> None:
    events = [*windows("acct-1", [1] * 16 + [4]), *deposits("acct-2", FIVE, [9_000.0] * 5)]
    parameters = {"velocity.critical_transactions": 4, "structuring.critical_total": "45000.01"}
    with run_replay(sql.load_pipeline(parameters, rules=["velocity", "structuring"]), in_order(events)) as engine:
        assert {alert["rule_id"]: alert["severity"] for alert in alerts_of(engine)} == {
            "velocity": "CRITICAL",
            "structuring": "HIGH",
        }


def test_euros_can_be_monitored_in_the_place_of_dollars() -> None:
    events = deposits("dollars", FIVE, [9_000.0] * 5)
    events += [event | {"currency": "EUR"} for event in deposits("euros", FIVE, [9_000.0] * 5)]
    assert alerted(events, "structuring", structuring__currency="EUR") == {"structuring": {"euros"}}
