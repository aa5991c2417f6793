"""What the platform's JSON decoder could not have made a row of is named; everything else arrives."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sentinel_cli.inputs import InputReport, load_transactions
from sentinel_cli.inputs.contract import REQUIRED
from sentinel_cli.inputs.json_lines import judged_json, plain_json
from sql.errors import InputError

GOOD: dict[str, Any] = {
    "event_id": "EVT-1",
    "account_id": "ACC-1",
    "customer_id": "CUS-1",
    "amount": 10000.005,
    "currency": "USD",
    "transaction_type": "WIRE",
    "direction": "IN",
    "country": "NL",
    "counterparty_id": "MER-1",
    "event_time": 1735689600123,
}
LINE = json.dumps(GOOD)


def load(path: Path, content: str | bytes, **options: Any) -> tuple[InputReport, list[Any], list[Any]]:
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    with duckdb.connect() as connection:
        report = load_transactions(connection, [str(path)], **options)
        rows = connection.execute("SELECT * FROM arrived_transactions ORDER BY __seq").fetchall()
        undecodable = connection.execute("SELECT line, reason, original FROM undecodable ORDER BY line").fetchall()
    assert report.rows_read == len(rows) + len(undecodable) + report.filtered
    return report, rows, undecodable


def line(**changes: Any) -> str:
    """The good line with some fields changed, or dropped where Ellipsis."""
    return json.dumps({key: value for key, value in (GOOD | changes).items() if value is not ...})


def raw(field: str, text: str) -> str:
    """The good line with the raw JSON text of one field."""
    return line(**{field: "@"}).replace('"@"', text)


UNDECODABLE = {
    "not JSON": [
        "{",
        "nonsense",
        LINE + LINE,
        LINE[:-1],
        raw("account_id", r'"\ud800"'),
        raw("amount", "01"),
        raw("amount", "+1"),
        raw("account_id", '"a\tb"'),
        raw("account_id", '"a\x01b"'),
        LINE.replace('"', "'"),
    ],
    "not JSON: a comma before the closing brace": [LINE[:-1] + ",}", LINE[:-1] + " , } "],
    "not a JSON object": ["[1]", "null", "5", '"text"', "true"],
    "not UTF-8": [raw("account_id", '"\udcff"')],
    'unknown field "z"': [line(z=1), line(counterparty_id=..., z="x"), line(z=None)],
    'unknown field "Amount"': [line(Amount=1)],
    'field "account_id" is given twice': [LINE[:-1] + ', "account_id": "ACC-2"}', LINE[:-1] + ', "account_id": null}'],
    'field "counterparty_id" is given twice': [LINE[:-1] + r', "counterparty\u005fid": null}'],
    "account_id is missing": [line(account_id=...)],
    "account_id is null": [line(account_id=None)],
    "event_time is missing": [line(event_time=...)],
    "event_time is null": [line(event_time=None)],
    "account_id is not a string": [
        raw("account_id", text) for text in ("5", "true", "{}", '["a"]', "-1.5", "NaN", "Infinity", "inf", "NAN")
    ],
    "counterparty_id is not a string": [raw("counterparty_id", "5"), raw("counterparty_id", "NaN")],
    "amount is not a number": [raw("amount", text) for text in ('"12"', "true", '"NaN"', "{}", "[1]")],
    "amount is not a finite number": [raw("amount", text) for text in ("NaN", "Infinity", "-Infinity", "1e400")],
    "event_time is neither": [
        raw("event_time", text)
        for text in (
            '"abc"',
            "1.5",
            "1735689600000.0",
            "1e3",
            "true",
            "99999999999999999999",
            "9223372036854775808",
            "253402300800000",
            "-62135596800001",
            '"2025-02-30T00:00:00Z"',
            '"0000-01-01T00:00:00Z"',
            '"1735689600000"',
            '""',
            "[1]",
        )
    ],
    "$rowtime is neither": [line(**{"$rowtime": "abc"}), line(**{"$rowtime": True})],
}


@pytest.mark.parametrize(("reason", "bad"), [(why, bad) for why, all_ in UNDECODABLE.items() for bad in all_])
def test_a_record_that_cannot_be_decoded_is_named_with_its_line(tmp_path: Path, reason: str, bad: str) -> None:
    content = f"{LINE}\n\n{bad}\n{LINE}\n".encode("utf-8", "surrogateescape")
    report, rows, undecodable = load(tmp_path / "in.jsonl", content)
    assert (report.rows_read, len(rows)) == (3, 2)
    ((number, why, original),) = undecodable
    assert (number, why[: len(reason)]) == (3, reason)
    assert original == bad.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


@pytest.mark.parametrize(
    ("text", "event_time"),
    [
        ("1735689600123", "2025-01-01 00:00:00.123"),
        ("-1", "1969-12-31 23:59:59.999"),
        ('"2025-01-01T00:00:00.123Z"', "2025-01-01 00:00:00.123"),
        ('"2025-01-01T00:00:00.123999+02:00"', "2024-12-31 22:00:00.123"),
        ('"2025-01-01T00:00:00-0530"', "2025-01-01 05:30:00"),
        ('"2025-01-01 00:00"', "2025-01-01 00:00:00"),
        ('"2025-01-01"', "2025-01-01 00:00:00"),
        (r'"2025\u002d01-01T00:00:00"', "2025-01-01 00:00:00"),
        ("-62135596800000", "0001-01-01 00:00:00"),
        ("253402300799999", "9999-12-31 23:59:59.999"),
    ],
)
def test_a_time_is_an_integer_or_iso_8601_and_utc_without_an_offset(tmp_path: Path, text: str, event_time: str) -> None:
    path = tmp_path / "in.jsonl"
    path.write_text(raw("event_time", text) + "\n")
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'America/New_York'")
        load_transactions(connection, [str(path)])
        assert connection.execute("SELECT event_time::VARCHAR FROM arrived_transactions").fetchall() == [(event_time,)]


@pytest.mark.parametrize(
    ("good", "account_id"),
    [
        (raw("account_id", '"5"'), "5"),
        (raw("account_id", '"true"'), "true"),
        (raw("account_id", '"NaN"'), "NaN"),
        (raw("account_id", '"a,b,c"'), "a,b,c"),
        (raw("account_id", r'"\u0041\/\""'), 'A/"'),
        (raw("account_id", '"{}"'), "{}"),
        (raw("account_id", '""'), ""),
        (raw("account_id", '"Zoë"'), "Zoë"),
        (LINE.replace('"account_id"', r'"account\u005fid"'), "ACC-1"),
        (json.dumps(GOOD, separators=(",", ":")), "ACC-1"),
        (json.dumps(dict(reversed(GOOD.items()))), "ACC-1"),
        ("  " + LINE + " \t", "ACC-1"),
        (LINE + "\r", "ACC-1"),
    ],
)
def test_what_decodes_arrives_whatever_its_value(tmp_path: Path, good: str, account_id: str) -> None:
    _, rows, undecodable = load(tmp_path / "in.jsonl", good + "\n")
    assert undecodable == []
    assert rows == [
        (
            0,
            "EVT-1",
            account_id,
            "CUS-1",
            10000.005,
            "USD",
            "WIRE",
            "IN",
            "NL",
            "MER-1",
            *times("2025-01-01T00:00:00.123"),
        )
    ]


def times(event_time: str, rowtime: datetime | None = None) -> tuple[datetime, datetime | None]:
    return datetime.fromisoformat(event_time), rowtime


@pytest.mark.parametrize("absent", [{"counterparty_id": None}, {"counterparty_id": ...}])
def test_the_counterparty_may_be_absent(tmp_path: Path, absent: dict[str, Any]) -> None:
    _, rows, _ = load(tmp_path / "in.jsonl", line(**absent))
    assert rows[0][9] is None


@pytest.mark.parametrize("amount", [0.1 + 0.2, 1e-7, 1e20, 12345678901234567890, 0, -5, 100.0, 1e12, 5e-324, 2**53 + 1])
def test_an_amount_is_the_double_that_was_written(tmp_path: Path, amount: float) -> None:
    _, rows, _ = load(tmp_path / "in.jsonl", line(amount=amount))
    assert rows[0][4] == float(amount)


def test_a_record_without_a_kafka_timestamp_has_that_of_the_run(tmp_path: Path) -> None:
    content = "\n".join([LINE, line(**{"$rowtime": 0}), line(**{"$rowtime": "1970-01-02T00:00:00Z"})])
    _, rows, _ = load(tmp_path / "in.jsonl", content, arrived=datetime(2025, 2, 1, tzinfo=UTC))
    assert [row[11] for row in rows] == [datetime(2025, 2, 1), datetime(1970, 1, 1), datetime(1970, 1, 2)]


@pytest.mark.parametrize("junk", [b"\r", b"\xff\n", b"\n\r\n", b"x" * 3_000_000 + b"\n"])
def test_lines_that_stop_the_fast_reader_cost_no_good_line(tmp_path: Path, junk: bytes) -> None:
    content = LINE.encode() + b"\n" + junk + LINE.encode() + b"\r\n" + LINE.encode()
    _, rows, undecodable = load(tmp_path / "in.jsonl", content)
    assert (len(rows), len(undecodable)) == (3, 1 if junk.strip() else 0)


def test_another_layout_is_named_and_the_way_out(tmp_path: Path) -> None:
    with pytest.raises(
        InputError, match=r"in.jsonl lacks event_id, .* \(it has date, iban, value\): .* --mapping FILE"
    ):
        load(tmp_path / "in.jsonl", '{"iban": "X", "value": 1, "date": "2025-01-01"}\n')


def test_an_array_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="JSON array, not JSON Lines"):
        load(tmp_path / "in.json", f"[{LINE}]")


VALUES = st.one_of(
    st.none(), st.booleans(), st.integers(-(2**70), 2**70), st.floats(), st.text(max_size=5), st.lists(st.integers()),
    st.dictionaries(st.text(max_size=1), st.text(max_size=1), max_size=2), st.lists(st.text(max_size=1), max_size=2),
    st.sampled_from([..., "NaN", "inf", "-INF", "5", "true", "2025-01-01", "a,b", '"', '""', "{", 1735689600123, 0.5]),
)  # fmt: skip
CHANGED = st.builds(
    lambda changes, separators, cut, added: (
        json.dumps({k: v for k, v in (GOOD | changes).items() if v is not ...}, separators=separators)[:cut] + added
    ),
    st.dictionaries(st.sampled_from([*GOOD, "$rowtime", "other"]), VALUES, max_size=4),
    st.sampled_from([(",", ":"), (", ", ": "), (" ,", " :")]),
    st.sampled_from([None, -1, 40]),
    st.sampled_from(["", "}", ",}", ' ,"amount":1}', "{}", "\r"]),
)


PLAIN = [
    LINE,
    *(line(account_id=text) for text in ("4711", "0f3a-9c", "nan", "NaN", "INFINITY", "true", "")),
    line(counterparty_id="42"),
    line(counterparty_id=...),
]


@given(st.lists(CHANGED, max_size=20))
@settings(max_examples=100, deadline=None)
def test_what_the_cheap_tests_prove_good_the_exact_ones_find_good_and_the_same(changed: list[str]) -> None:
    every = [*PLAIN, *changed, *(bad for group in UNDECODABLE.values() for bad in group)]
    lines = [each.encode(errors="replace").decode() for each in every]
    columns = ", ".join([*REQUIRED, "counterparty_id"])
    with duckdb.connect() as connection:
        connection.execute("CREATE TABLE lines AS SELECT unnest(?::VARCHAR[]) AS line", [lines])
        plain = connection.execute(f"SELECT is_plain, {columns} FROM ({plain_json('lines')})").fetchall()
        exact = f"SELECT reason IS NULL, {columns} FROM ({judged_json('lines', 'NULL::TIMESTAMP')})"
        judged = connection.execute(exact).fetchall()
    assert all(row[0] for row in plain[: len(PLAIN)])
    assert len(plain) == len(judged) == len(lines)
    assert [row for row in plain if row[0]] == [row for row, known in zip(judged, plain, strict=True) if known[0]]
