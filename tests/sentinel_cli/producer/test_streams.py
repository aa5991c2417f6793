"""Simulated time: each lap behind what was there, whole days apart, no id twice, and never past the present."""

import json
import time
from collections.abc import Iterator
from itertools import islice
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sentinel_cli.generator import Mode, generate
from sentinel_cli.generator.clock import DAY, LAP_GAP, START
from sentinel_cli.producer.clock import Clock
from sentinel_cli.producer.parts import Part
from sentinel_cli.producer.streams import Synthetic
from sql.errors import UsageError


def events_of(part: Part) -> list[dict[str, Any]]:
    return [json.loads(record) for batch in part.batches for record in batch.records]


def parts(newest: int | None, clock: Clock = Clock.simulated, events: int = 50, seed: int = 0) -> Iterator[Part]:
    return Synthetic(events, 10, Mode.mixed, seed, clock).parts(newest, 7, lambda _: None)


def test_the_first_run_is_what_generate_writes() -> None:
    (part,) = islice(parts(None, events=200), 1)
    assert events_of(part) == [json.loads(line) for line in generate(200, 10, Mode.mixed, 0).transactions]


@settings(max_examples=20, deadline=None)
@given(st.integers(START, START + 300 * DAY), st.lists(st.sampled_from([20, 50, 500]), min_size=2, max_size=4))
def test_a_run_begins_behind_the_newest_event_and_repeats_no_id(newest: int, sizes: list[int]) -> None:
    ids = set[str]()
    for size in sizes:
        (part,) = islice(parts(newest, events=size), 1)
        events = events_of(part)
        assert min(event["event_time"] for event in events) >= newest + LAP_GAP * DAY
        assert part.heartbeat is not None
        newest = json.loads(part.heartbeat(3))["event_time"]
        assert newest > max(event["event_time"] for event in events)
        assert not ids & {event["event_id"] for event in events}
        ids |= {event["event_id"] for event in events}


def test_laps_follow_one_another_up_to_the_present_and_then_have_its_time() -> None:
    said: list[str] = []
    now = time.time_ns() // 1_000_000
    source = Synthetic(50, 10, Mode.mixed, 0, Clock.simulated)
    newest, ids = 0, set[str]()
    for part in islice(source.parts(now - 60 * DAY, 7, said.append), 8):
        events = events_of(part)
        assert all(newest <= event["event_time"] <= time.time_ns() // 1_000_000 for event in events)
        newest = max(event["event_time"] for event in events)
        assert not ids & {event["event_id"] for event in events}
        ids |= {event["event_id"] for event in events}
    assert newest >= now
    assert sum("come to the present" in text for text in said) == 1


@pytest.mark.parametrize("clock", Clock)
def test_a_topic_that_is_ahead_of_the_real_clock_is_refused(clock: Clock) -> None:
    with pytest.raises(UsageError, match="later than now"):
        next(parts(time.time_ns() // 1_000_000 + DAY, clock))
