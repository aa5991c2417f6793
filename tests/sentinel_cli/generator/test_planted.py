"""What is planted is what fires: the rules, written again in plain Python, against the labels."""

import json
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Any

import pytest

from sentinel_cli.generator import Mode, generate
from sentinel_cli.scoring import Label

MINUTE = 60_000
HOUR = 60 * MINUTE
DAY = 24 * HOUR

Event = dict[str, Any]


def events_of(events: int, customers: int, mode: Mode, seed: int, lap: int = 0) -> list[Event]:
    stream = generate(events, customers, mode, seed, lap)
    return [json.loads(line, parse_float=Decimal) for line in stream.transactions]


def by_account(events: list[Event]) -> dict[str, list[Event]]:
    accounts: dict[str, list[Event]] = defaultdict(list)
    for event in events:
        accounts[event["account_id"]].append(event)
    return accounts


def tumbles(events: list[Event], size: int) -> Iterator[list[Event]]:
    windows: dict[int, list[Event]] = defaultdict(list)
    for event in events:
        windows[event["event_time"] // size].append(event)
    yield from windows.values()


def frames(events: list[Event], size: int) -> Iterator[list[Event]]:
    """RANGE `size` PRECEDING of each event, both ends included; no two events of an account share a millisecond."""
    first = 0
    for last, event in enumerate(events):
        while events[first]["event_time"] < event["event_time"] - size:
            first += 1
        yield events[first : last + 1]


def may_structure(event: Event) -> bool:
    return event["transaction_type"] in ("CASH_DEPOSIT", "CASH_WITHDRAWAL", "EFT") and event["currency"] == "USD"


def is_structuring(window: list[Event]) -> bool:
    amounts = [event["amount"] for event in window]
    return len(amounts) >= 5 and sum(amount < 10_000 for amount in amounts) >= 4 and sum(amounts) >= 30_000


def is_in_band(event: Event) -> bool:
    return may_structure(event) and event["transaction_type"] != "EFT" and 8_000 <= event["amount"] <= 10_000


def is_multiday(window: list[Event]) -> bool:
    return max(Counter(event["transaction_type"] for event in window).values()) >= 3


def may_travel(event: Event) -> bool:
    return bool(event["transaction_type"] != "HEARTBEAT")


def is_geo(window: list[Event]) -> bool:
    return len({event["country"] for event in window}) >= 3


TUMBLING = {
    "structuring": (may_structure, 60 * MINUTE, is_structuring),
    "geo": (may_travel, 30 * MINUTE, is_geo),
}
ROLLING = {
    "structuring_rolling": (may_structure, 60 * MINUTE, is_structuring),
    "structuring_multiday": (is_in_band, 7 * DAY, is_multiday),
    "geo_rolling": (may_travel, 30 * MINUTE, is_geo),
}


def fired(events: list[Event]) -> set[tuple[str, str, int]]:
    """Rule, account and day of each alert: of each window, or of each rolling hit with none in the window before it."""
    alerts = set()
    for account, own in by_account(events).items():
        for rule, (counts, size, meets) in TUMBLING.items():
            for window in tumbles([event for event in own if counts(event)], size):
                if meets(window):
                    alerts.add((rule, account, window[-1]["event_time"] // DAY))
        for rule, (counts, size, meets) in ROLLING.items():
            last_hit = 0
            for window in frames([event for event in own if counts(event)], size):
                if meets(window):
                    if window[-1]["event_time"] - last_hit > size:
                        alerts.add((rule, account, window[-1]["event_time"] // DAY))
                    last_hit = window[-1]["event_time"]
    return alerts


def surges(events: list[Event]) -> set[tuple[str, int]]:
    """Account and start of each ten-minute window with more than any of 16 or more before it; bursts do not count."""
    found = set()
    for account, own in by_account(events).items():
        counts = Counter(event["event_time"] // (10 * MINUTE) for event in own)
        before: list[int] = []
        for window, count in sorted(counts.items()):
            if len(before) >= 16 and count > max(before):
                assert count >= max(before) + 6, "neither ordinary nor a burst"
                found.add((account, window * 10 * MINUTE))
            else:
                before.append(count)
    return found


def assert_labels_are_what_fires(events: list[Event], labels: Sequence[Label]) -> None:
    spans = [(label, label.start or 0, label.end or 0) for label in labels]
    rules = {(rule, x.account_id, end // DAY) for x, _, end in spans for rule in x.rules if rule != "velocity"}
    bursts = {(x.account_id, start - start % (10 * MINUTE)) for x, start, _ in spans if x.rules == ("velocity",)}
    assert fired(events) == rules
    assert surges(events) == bursts


EPISODES: dict[Mode, list[tuple[str, ...]]] = {
    Mode.normal: [],
    Mode.structuring: [
        ("structuring", "structuring_rolling"),
        ("structuring_multiday",),
        ("structuring_multiday",),
        ("structuring_rolling",),
    ],
    Mode.velocity: [("velocity",)],
    Mode.geo: [("geo", "geo_rolling"), ("geo_rolling",)],
}
EPISODES[Mode.mixed] = [rules for mode in EPISODES for rules in EPISODES[mode]]

TYPOLOGY = {"structuring": "structuring", "velocity": "velocity", "geo": "geographic anomaly"}


@pytest.mark.parametrize("seed", range(50))
def test_the_default_stream_fires_every_rule_exactly_where_labels_say(seed: int) -> None:
    labels = generate(200, 20, Mode.mixed, seed).labels
    assert {rule for label in labels for rule in label.rules} == {*TUMBLING, *ROLLING, "velocity"}
    assert_labels_are_what_fires(events_of(200, 20, Mode.mixed, seed), labels)


@pytest.mark.parametrize("mode", Mode)
@pytest.mark.parametrize("seed", range(5))
def test_each_mode_plants_its_typology_and_nothing_else_fires(mode: Mode, seed: int) -> None:
    labels = generate(200, 20, mode, seed).labels
    assert sorted(label.rules for label in labels) == sorted(EPISODES[mode])
    assert all(label.typology == TYPOLOGY[label.rules[0].split("_")[0]] for label in labels)
    assert_labels_are_what_fires(events_of(200, 20, mode, seed), labels)


@pytest.mark.parametrize(
    ("events", "customers", "mode", "lap"),
    [
        (40_000, 20, Mode.mixed, 0),
        (30_000, 37, Mode.mixed, 3),
        (60_000, 600, Mode.mixed, 0),
        (40_000, 8_000, Mode.mixed, 0),
        (60_000, 1_500, Mode.velocity, 1),
        (30_000, 300, Mode.geo, 0),
        (30_000, 300, Mode.structuring, 0),
        (60_000, 900, Mode.normal, 0),
        (5_000, 1, Mode.mixed, 0),
        (20_000, 3, Mode.structuring, 0),
    ],
)
def test_nothing_else_fires_in_long_streams(events: int, customers: int, mode: Mode, lap: int) -> None:
    labels = generate(events, customers, mode, 7, lap).labels
    assert bool(labels) == (mode != Mode.normal)
    assert_labels_are_what_fires(events_of(events, customers, mode, 7, lap), labels)


def test_laps_of_an_endless_run_do_not_fire_one_another() -> None:
    laps = [generate(300, 20, Mode.mixed, 5, lap) for lap in range(4)]
    events = [event for lap in range(4) for event in events_of(300, 20, Mode.mixed, 5, lap)]
    assert [event["event_time"] for event in events] == sorted(event["event_time"] for event in events)
    assert len({event["event_id"] for event in events}) == 1_200
    assert fired(events) == {hit for lap in range(4) for hit in fired(events_of(300, 20, Mode.mixed, 5, lap))}
    assert sum(len(stream.labels) for stream in laps) == 28


@pytest.mark.parametrize("seed", range(10))
def test_the_first_alert_comes_within_twenty_transactions(seed: int) -> None:
    assert "geo_rolling" in {rule for rule, _, _ in fired(events_of(200, 20, Mode.mixed, seed)[:20])}


@pytest.mark.parametrize("seed", range(10))
def test_near_misses_stand_beside_the_episodes(seed: int) -> None:
    stream = generate(200, 20, Mode.normal, seed)
    assert not stream.labels
    accounts = by_account(events_of(200, 20, Mode.normal, seed)).values()
    hours = [
        [e["amount"] for e in w if e["transaction_type"] == "CASH_DEPOSIT"]
        for own in accounts
        for w in tumbles(own, HOUR)
    ]
    assert any(len(amounts) == 5 and sum(amounts) == Decimal("29999.99") for amounts in hours)
    assert any(len(amounts) == 4 and sum(amounts) >= 30_000 for amounts in hours)
    assert any(len(amounts) == 5 and sum(a < 10_000 for a in amounts) == 3 for amounts in hours)
    for edge in ("7999.99", "10000.01"):
        assert any(sum(event["amount"] == Decimal(edge) for event in own) == 3 for own in accounts)
    assert any(len({event["country"] for event in w}) == 2 for own in accounts for w in tumbles(own, 30 * MINUTE))
    just_longer = [w for own in accounts for w in frames(own, 30 * MINUTE + 1) if is_geo(w)]
    assert [w[-1]["event_time"] - w[0]["event_time"] for w in just_longer] == [30 * MINUTE + 1]
    assert any(sum(1 for _ in tumbles(own, 10 * MINUTE)) >= 20 for own in accounts)
