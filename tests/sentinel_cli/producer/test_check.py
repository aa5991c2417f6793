"""What the check lets pass is a record that schema, platform and two decimals allow; it crashes on nothing."""

import json
from decimal import Decimal
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sentinel_cli.generator import Mode, generate
from sentinel_cli.producer.check import RejectedError, compile_check
from sql import load_pipeline
from sql.errors import ServiceError

SCHEMA = load_pipeline().table("sentinel.transactions_raw").schema_text
CHECK = compile_check(SCHEMA)
EVENT: dict[str, Any] = {
    "event_id": "e-1", "account_id": "ACC-1", "customer_id": "CUS-1", "amount": 12.5, "currency": "USD",
    "transaction_type": "CARD", "direction": "OUT", "country": "US", "event_time": 1_748_736_000_000,
}  # fmt: skip


def reason(record: bytes) -> str | None:
    try:
        CHECK(record)
    except RejectedError as error:
        return str(error)
    return None


def test_what_the_generator_writes_passes() -> None:
    stream = generate(2_000, 100, Mode.mixed, 3)
    assert [line for line in (*stream.transactions, stream.heartbeat(5)) if reason(line)] == []


@given(st.decimals(0, 10**12, places=2))
def test_an_amount_with_two_decimals_passes(amount: Decimal) -> None:
    assert reason(orjson.dumps(EVENT).replace(b"12.5", str(amount).encode())) is None


@given(st.integers(0, 10**9), st.integers(1, 9))
def test_an_amount_with_a_third_decimal_does_not(cents: int, third: int) -> None:
    assert reason(orjson.dumps(EVENT).replace(b"12.5", f"{cents // 100}.{cents % 100:02}{third}".encode())) == "amount"


@pytest.mark.parametrize(
    ("text", "field"),
    [
        (b'"amount":NaN', "not JSON"),
        (b'"amount":Infinity', "not JSON"),
        (b'"amount":1e999', "not JSON"),
        (b'"amount":-0.01', "amount"),
        (b'"amount":99999999999999999999999', "amount"),
        (b'"amount":1e300', "amount"),
        (b'"amount":"12.50"', "amount"),
        (b'"amount":true', "amount"),
        (b'"amount":null', "amount"),
        (b'"amount":1,"branch":"x"', "branch"),
        (b'"amount":1,"branch":"\\ud800"', "not JSON"),
        (b'"amount":1,"branch":"\xff"', "not JSON"),
    ],
)
def test_what_is_wrong_with_an_amount_is_named(text: bytes, field: str) -> None:
    assert reason(orjson.dumps(EVENT).replace(b'"amount":12.5', text)) == field


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"event_time": 10**25}, "event_time"),
        ({"event_time": 2**63}, "event_time"),
        ({"event_time": 253_402_300_800_000}, "event_time"),
        ({"event_time": 1_748_736_000_000.5}, "event_time"),
        ({"event_time": 0}, "event_time"),
        ({"currency": "USD\n"}, "currency"),
        ({"currency": "usd"}, "currency"),
        ({"country": None}, "country"),
        ({"transaction_type": "LOAN"}, "transaction_type"),
        ({"event_id": ""}, "event_id"),
        ({"account_id": "A" * 65}, "account_id"),
        ({"counterparty_id": None}, "counterparty_id"),
    ],
)
def test_the_field_that_breaks_the_contract_is_named(change: dict[str, Any], field: str) -> None:
    assert reason(json.dumps(EVENT | change).encode()) == field


@pytest.mark.parametrize("field", sorted(EVENT))
def test_a_field_that_is_missing_is_named(field: str) -> None:
    assert reason(orjson.dumps({name: value for name, value in EVENT.items() if name != field})) == field


@given(st.binary(max_size=200))
def test_any_bytes_are_judged_and_never_crashed_on(record: bytes) -> None:
    assert reason(record) is not None


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.floats() | st.text(), st.lists, max_leaves=5))
def test_any_value_in_any_field_is_judged(value: Any) -> None:
    for field in EVENT:
        reason(json.dumps(EVENT | {field: value}).encode())


@pytest.mark.parametrize("text", ["{", '{"type": 3}', '{"$ref": "http://nowhere.invalid/other.json"}', "[]"])
def test_what_is_no_schema_is_one_sentence(text: str) -> None:
    with pytest.raises(ServiceError, match=r"^The registry's schema cannot be used: [^\n]*\.$"):
        compile_check(text)
