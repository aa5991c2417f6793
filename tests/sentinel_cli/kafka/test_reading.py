"""A record is read as the row it was written from, or not at all, with a reason."""

import math
from datetime import datetime
from decimal import Decimal
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from sentinel_cli.kafka.connection import Connection
from sentinel_cli.kafka.reading import RowReader, UnreadableError
from sentinel_cli.kafka.registry import RegisteredSchema, Registry
from sentinel_cli.kafka.wire import frame
from sentinel_cli.outputs import json_line
from sentinel_cli.settings import SecurityProtocol
from sql import load_pipeline
from tests.alerts import DETECTED, alert

NOBODY = SecretStr("")
JSON_ID, AVRO_ID, UNKNOWN_ID = 1, 2, 3


def reader() -> RowReader:
    nowhere = Connection("", SecurityProtocol.plaintext, "", NOBODY, "", "http://127.0.0.1:1", "", NOBODY)
    registry = Registry(nowhere)
    registry.known = {JSON_ID: RegisteredSchema(JSON_ID, "", "JSON"), AVRO_ID: RegisteredSchema(AVRO_ID, "", "AVRO")}
    registry.unknown = {UNKNOWN_ID: math.inf}
    return RowReader(load_pipeline().table("sentinel.aml_alerts"), registry)


READER = reader()


def framed(record: Any, schema_id: int = JSON_ID) -> bytes:
    return frame(schema_id, orjson.dumps(record))


def test_a_record_is_read_with_the_types_of_its_columns() -> None:
    row = READER.row(framed(alert(1)))
    assert row["total_amount"] == Decimal("42780.50")
    assert row["detected_at"] == datetime(2025, 1, 6, 9, 12, 10, 831_000)
    assert row["transaction_count"] == 5
    assert list(row) == [column.name for column in READER.table.columns]
    assert orjson.loads(json_line(row)) == alert(1)
    assert b'"total_amount":42780.50,' in json_line(row)


def test_what_may_be_missing_may_be_null_and_what_is_newer_is_left_out() -> None:
    record = alert(1, currency=None, newer="a column of a later version")
    del record["total_amount"]
    row = READER.row(framed(record))
    assert (row["currency"], row["total_amount"], "newer" in row) == (None, None, False)


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (None, "there is no value"),
        (b"", "0 bytes, too short"),
        (b"\x00\x00\x00", "3 bytes, too short"),
        (b"\x01" + framed(alert(1))[1:], "magic byte 0x01"),
        (b"\x02" + framed(alert(1))[1:], "magic byte 0x02"),
        (framed(alert(1), UNKNOWN_ID), "the registry knows no schema 3"),
        (framed(alert(1), AVRO_ID), "schema 2 is AVRO"),
        (frame(JSON_ID, b"{"), "not JSON"),
        (frame(JSON_ID, b"\xff"), "not JSON"),
        (frame(JSON_ID, b'{"total_amount": NaN}'), "not JSON"),
        (frame(JSON_ID, b'{"account_id": "\\ud800"}'), "not JSON"),
        (framed([alert(1)]), "no JSON object"),
        (framed({}), "the record: "),
        (framed(alert(1, severity="SEVERE")), "severity: "),
        (framed(alert(1, alert_id="1")), "alert_id: "),
        (framed(alert(1, account_id=None)), "the record: "),
        (framed(alert(1, evidence=[1])), "evidence.0: "),
        (framed(alert(1, detected_at="now")), "detected_at: "),
        (framed(alert(1, detected_at=10**18)), "a number is out of range"),
        (framed(alert(1, total_amount=1e300)), "a number is out of range"),
        (framed(alert(1, total_amount=1e16)), "a number is out of range"),
        (framed(alert(1, transaction_count=2**63)), "a number is out of range"),
        (frame(JSON_ID, orjson.dumps(alert(1)).replace(b":5,", b":" + b"9" * 30 + b",")), "a number is out of range"),
    ],
)
def test_what_is_no_alert_is_refused_with_a_reason(value: bytes | None, reason: str) -> None:
    with pytest.raises(UnreadableError) as refused:
        READER.row(value)
    assert str(refused.value).startswith(reason)


@given(st.binary().filter(lambda value: value[:1] != b"\0") | st.binary().map(lambda end: frame(JSON_ID, end)))
def test_no_bytes_do_more_than_be_refused(value: bytes) -> None:
    with pytest.raises(UnreadableError):
        READER.row(value)


VALUES = st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats() | st.text() | st.lists(st.text())


@given(st.dictionaries(st.sampled_from(sorted(alert(1))), VALUES, min_size=1))
def test_no_field_does_more_than_be_refused(changes: dict[str, Any]) -> None:
    changed = alert(1, **{name: value for name, value in changes.items() if name != "newer"})
    try:
        value = framed(changed)
    except TypeError:
        return
    try:
        row = READER.row(value)
    except UnreadableError:
        return
    assert json_line(row)
    assert row["detected_at"].year <= 9999
    assert DETECTED
