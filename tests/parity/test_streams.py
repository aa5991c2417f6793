"""Random streams: both engines give the same alerts, late rows and dead letters, every column."""

import os
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import HealthCheck, given, note, settings
from hypothesis import strategies as st

from sentinel_cli.flink.referee import Referee
from sentinel_cli.local import _chunks
from sql import load_pipeline
from tests.engines import embedded_detection, flink_detection, interrupted_detection, partitioned_detection

PIPELINE = load_pipeline()
MINUTE, HOUR, DAY = 60_000, 3_600_000, 86_400_000
START = 1_736_121_600_000
"""2025-01-06 00:00, a Monday."""
APART = 40 * DAY
"""Between the streams of one run: longer than any look-back, so that none knows of the one before."""
EXAMPLES, STREAMS = 30 if os.environ.get("CI") else 6, 20

steps = st.sampled_from(
    [0, 0, 1, 999, 10_000, 10_001, 4 * MINUTE, 9 * MINUTE, 10 * MINUTE, 15 * MINUTE, 30 * MINUTE, HOUR]
)
delays = st.sampled_from(
    [0] * 12 + [1, 9_999, 10_000, 10_001, MINUTE, 20 * MINUTE, HOUR, 91 * MINUTE, 3 * HOUR, 8 * DAY]
)
amounts = st.sampled_from(
    [9_999.99, 10_000.0, 10_000.01, 7_999.99, 8_000.0, 6_000.0, 9_000.0, 2.5, 30_000.0, 29_999.99, 0.01]
)
breaches: st.SearchStrategy[dict[str, Any]] = st.sampled_from(
    [{}] * 30
    + [
        {"amount": -1.0}, {"amount": 10.001}, {"amount": 0.0}, {"amount": 2e12}, {"currency": "usd"},
        {"country": "USA"}, {"direction": "UP"}, {"transaction_type": "BARTER"}, {"event_id": ""},
        {"counterparty_id": "x" * 65}, {"event_time": 4_070_908_800_000}, {"event_time": 1_000},
    ]
)  # fmt: skip


@st.composite
def rows(draw: st.DrawFn) -> tuple[int, dict[str, Any]]:
    """How far time moves on, and the transaction that arrives then."""
    kind = draw(st.sampled_from(["CASH_DEPOSIT"] * 4 + ["CASH_WITHDRAWAL", "EFT", "CARD", "HEARTBEAT"]))
    delay = draw(delays)
    row = {
        "account_id": draw(st.sampled_from("AAAB")),
        "customer_id": draw(st.sampled_from("CCD")),
        "amount": draw(amounts),
        "currency": draw(st.sampled_from(["USD"] * 6 + ["EUR", "ZZZ"])),
        "transaction_type": kind,
        "direction": "IN",
        "country": draw(st.sampled_from(["US", "US", "FR", "DE", "XX"])),
        "counterparty_id": draw(st.sampled_from([None, "M-1"])),
        "delay": delay,
        **draw(breaches),
    }
    return draw(steps), row


@st.composite
def streams(draw: st.DrawFn) -> list[list[dict[str, Any]]]:
    """Streams, one after the other and far apart in time, each with accounts of its own."""
    drawn = draw(st.lists(st.lists(rows(), min_size=1, max_size=24), min_size=STREAMS, max_size=STREAMS))
    return [list(_timed(number, stream)) for number, stream in enumerate(drawn)]


def _timed(number: int, stream: list[tuple[int, dict[str, Any]]]) -> Iterator[dict[str, Any]]:
    now = START + number * APART + 30 * MINUTE
    for place, (step, row) in enumerate(stream):
        now += step
        delay = row.pop("delay")
        yield {
            "event_id": f"{number}-{place}",
            "event_time": now - delay,
            "$rowtime": now,
            **row,
            "account_id": f"{row['account_id']}{number}",
        }


tried: list[int] = []


@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck), print_blob=True)
@given(streams())
def test_both_engines_give_the_same_rows(flink: Referee, drawn: list[list[dict[str, Any]]]) -> None:
    events = [row for stream in drawn for row in stream]
    tried.append(len(drawn))
    expected = flink_detection(flink, PIPELINE, events)
    note(f"{len(events)} rows, {len(expected['sentinel.aml_alerts'])} alerts")
    assert embedded_detection(PIPELINE, events) == expected


@settings(max_examples=EXAMPLES // 3, deadline=None, suppress_health_check=list(HealthCheck), print_blob=True)
@given(streams(), st.sampled_from([1, 7, 50]))
def test_steps_of_any_size_give_the_rows_of_a_replay(drawn: list[list[dict[str, Any]]], step: int) -> None:
    events = [row for stream in drawn[:2] for row in stream]
    assert embedded_detection(PIPELINE, events, step) == embedded_detection(PIPELINE, events)


@settings(max_examples=EXAMPLES // 3, deadline=None, suppress_health_check=list(HealthCheck), print_blob=True)
@given(streams(), st.sampled_from([1, 7, 50]), st.sampled_from([2, 3]), st.sampled_from([0, 20, 200]))
def test_a_partition_gives_what_its_rows_alone_would(
    drawn: list[list[dict[str, Any]]], step: int, partitions: int, lead: int
) -> None:
    events = [row for stream in drawn[:2] for row in stream]
    expected: dict[str, list[str]] = {}
    for partition in range(partitions):
        own = [row for number, row in enumerate(events) if number % 7 % partitions == partition]
        for table, rows in embedded_detection(PIPELINE, own).items() if own else ():
            expected[table] = sorted(expected.get(table, []) + rows)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_chunks, "_SMALLEST", 3)
        assert partitioned_detection(PIPELINE, events, partitions, step, lead) == expected


@settings(max_examples=EXAMPLES // 3, deadline=None, suppress_health_check=list(HealthCheck), print_blob=True)
@given(streams(), st.sampled_from([1, 7, 50]), st.integers(0, 48))
def test_a_state_that_was_written_is_taken_up(drawn: list[list[dict[str, Any]]], step: int, at: int) -> None:
    events = [row for stream in drawn[:2] for row in stream]
    expected = partitioned_detection(PIPELINE, events, 3, step)
    with TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setattr(_chunks, "_SMALLEST", 3)
        assert interrupted_detection(PIPELINE, events, step, min(at, len(events) - 1), Path(folder)) == expected


def test_enough_streams_were_tried(capsys: pytest.CaptureFixture[str]) -> None:
    """At least 500 streams on CI; the number stands in the output."""
    if not tried:
        pytest.skip("no stream ran on both engines: install uv, which brings Apache Flink")
    with capsys.disabled():
        print(f"\n{sum(tried)} random streams gave the same rows on both engines")
    assert sum(tried) >= EXAMPLES * STREAMS * 5 // 6
