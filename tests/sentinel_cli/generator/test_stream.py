"""The stream as a whole: exact numbers, order, contract, and the same bytes every time."""

import hashlib
import json
import re
import subprocess
import sys
from itertools import islice, pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sentinel_cli.generator import Mode, generate, schedule
from sql.errors import UsageError

MONDAY = 1_736_121_600_000  # 2025-01-06T00:00:00Z
DAY = 86_400_000

ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,63}")
FIELDS = {
    "event_id": ID,
    "account_id": ID,
    "customer_id": ID,
    "amount": re.compile(r"[0-9]{1,9}\.[0-9]{2}"),
    "currency": re.compile(r"USD|CAD|GBP|EUR"),
    "transaction_type": re.compile(r"CASH_DEPOSIT|CASH_WITHDRAWAL|EFT|WIRE|CARD|CHECK|TRANSFER"),
    "direction": re.compile(r"IN|OUT"),
    "country": re.compile(r"[A-Z]{2}"),
    "counterparty_id": ID,
    "event_time": re.compile(r"[0-9]{13}"),
}


def parsed(lines: Any) -> list[dict[str, str]]:
    """Objects with every number as the text that stands on the line."""
    return [json.loads(line, parse_float=str, parse_int=str) for line in lines]


def assert_keeps_the_contract(events: list[dict[str, str]]) -> None:
    for event in events:
        assert list(event) == [name for name in FIELDS if name in event]
        assert FIELDS.keys() - event.keys() <= {"counterparty_id"}
        assert all(FIELDS[name].fullmatch(value) for name, value in event.items())
        assert float(event["amount"]) > 0


def digest(*blocks: bytes) -> str:
    return hashlib.sha256(b"".join(blocks)).hexdigest()


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 500), st.integers(1, 600), st.sampled_from(Mode), st.integers(0, 2**64 - 1), st.integers(0, 3))
def test_any_size_gives_exactly_what_was_asked_for(
    events: int, customers: int, mode: Mode, seed: int, lap: int
) -> None:
    stream = generate(events, customers, mode, seed, lap)
    rows = parsed(stream.transactions)
    assert len(rows) == events
    assert len({row["account_id"] for row in rows}) == min(events, customers)
    assert len({row["event_id"] for row in rows}) == events
    assert_keeps_the_contract(rows)
    times = [int(row["event_time"]) for row in rows]
    assert times == sorted(times)
    assert all(stream.lap.start <= time < stream.lap.end for time in times)
    here = {(row["account_id"], int(row["event_time"])) for row in rows}
    assert all((label.account_id, end) in here for label in stream.labels for end in (label.start, label.end))


def test_an_account_has_one_customer_one_currency_and_a_place_of_its_own() -> None:
    rows = parsed(generate(20_000, 300, Mode.mixed, 3).transactions)
    owners = {(row["account_id"], row["customer_id"], row["currency"]) for row in rows}
    assert len(owners) == 300
    assert {currency for _, _, currency in owners} == {"USD", "CAD", "GBP", "EUR"}
    assert {row["transaction_type"] for row in rows} == set(FIELDS["transaction_type"].pattern.split("|"))


def test_the_same_seed_gives_the_same_bytes_and_another_seed_others() -> None:
    stream = generate(3_000, 50, Mode.mixed, 11)
    first = digest(*stream.blocks())
    assert digest(*stream.blocks()) == first
    assert digest(*generate(3_000, 50, Mode.mixed, 11).blocks()) == first
    assert generate(3_000, 50, Mode.mixed, 11).labels == stream.labels
    others = [generate(3_000, 50, Mode.mixed, 12), generate(3_000, 50, Mode.mixed, 11, lap=1)]
    assert len({first, *(digest(*other.blocks()) for other in others)}) == 3


def test_the_bytes_of_a_seed_are_frozen() -> None:
    """A change here changes every figure that names a seed: make it on purpose, and say so."""
    assert digest(*generate(200, 20, Mode.mixed, 0).blocks()) == (
        "78d06b201cec05cc236fe4200c71fcbbf980fb50eb4e690a7fea5a2ade4812bc"
    )


def test_chunks_leave_no_trace(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = digest(*generate(5_000, 40, Mode.mixed, 2).transactions)
    monkeypatch.setattr(schedule, "CHUNK", 1)
    assert digest(*generate(5_000, 40, Mode.mixed, 2).transactions) == whole


def test_blocks_are_the_transactions_and_one_closing_heartbeat() -> None:
    stream = generate(200, 20, Mode.mixed, 0)
    lines = b"".join(stream.blocks()).splitlines()
    assert lines[:-1] == list(stream.transactions)
    assert lines[-1] + b"\n" == stream.heartbeat(0)
    last = json.loads(lines[-2])["event_time"]
    closing = json.loads(stream.heartbeat(3))
    time = closing.pop("event_time")
    assert time >= last + 3_600_000 + 10_000
    assert closing == {
        "event_id": f"heartbeat-3-{time}",
        "account_id": "heartbeat-3",
        "customer_id": "heartbeat",
        "amount": 0,
        "currency": "XXX",
        "transaction_type": "HEARTBEAT",
        "direction": "IN",
        "country": "ZZ",
    }


def test_no_transactions_are_an_empty_stream() -> None:
    stream = generate(0, 20, Mode.mixed, 0)
    assert list(stream.blocks()) == []
    assert stream.labels == ()


@pytest.mark.parametrize(
    ("events", "customers", "seed", "lap", "named"),
    [
        (-1, 20, 0, 0, "--events -1"),
        (5, 0, 0, 0, "--customers 0"),
        (5, 1, -1, 0, "--seed -1"),
        (5, 1, 2**64, 0, "--seed"),
        (5, 1, 0, -1, "Lap -1"),
    ],
)
def test_what_cannot_be_is_refused_in_a_sentence(events: int, customers: int, seed: int, lap: int, named: str) -> None:
    with pytest.raises(UsageError, match=named) as refused:
        generate(events, customers, Mode.mixed, seed, lap)
    assert str(refused.value).count(".") == 1


@pytest.mark.parametrize(
    ("events", "customers", "least", "most"),
    [(200, 20, 2, 8), (1_000_000, 5_000, 7, 60), (5_000_000, 50_000, 4, 30), (3, 1, 2, 8)],
)
def test_a_stream_spans_days_to_weeks(events: int, customers: int, least: int, most: int) -> None:
    lap = generate(events, customers, Mode.normal, 0).lap
    assert lap.start == MONDAY
    assert least <= (lap.end - lap.start) / DAY <= most


def test_few_transactions_plant_what_fits_in_order() -> None:
    def rules(events: int, customers: int) -> list[tuple[str, ...]]:
        return [label.rules for label in generate(events, customers, Mode.mixed, 0).labels]

    assert rules(2, 1) == []
    assert rules(3, 1) == [("geo", "geo_rolling")]
    assert rules(200, 1) == [("geo", "geo_rolling")] * 3  # one a season
    assert len(rules(60, 20)) == 6  # all but velocity, whose history alone takes 30


def test_few_accounts_share_the_whole_load_in_order_of_time() -> None:
    times = [int(row["event_time"]) for row in parsed(generate(40_000, 2, Mode.normal, 0).transactions)]
    assert all(one <= other for one, other in pairwise(times))


def test_millions_begin_at_once_and_are_read_in_pieces() -> None:
    blocks = generate(5_000_000, 1_000, Mode.normal, 0).blocks()
    assert all(len(block) < 4_000_000 for block in islice(blocks, 20))


def test_the_modes_can_be_listed_without_numpy() -> None:
    source = "import sys, sentinel_cli.generator; print('numpy' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", source], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"
