"""Whatever the bytes: every transaction that was written is read back, and every row that is read has a fate."""

import csv
import io
import json
import math
import re
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import duckdb
from hypothesis import assume, given, reject, settings
from hypothesis import strategies as st

from sentinel_cli.inputs import load_transactions
from sql.errors import InputError

# Each example loads a file, 0.05 to 0.1 s.
EXAMPLES = 60
IDS = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,63}", fullmatch=True)
TYPES = ["CASH_DEPOSIT", "CASH_WITHDRAWAL", "EFT", "WIRE", "CARD", "CHECK", "TRANSFER", "HEARTBEAT"]
TRANSACTIONS = st.fixed_dictionaries(
    {
        "event_id": IDS,
        "account_id": IDS | st.sampled_from(["5", "true", "null", "NaN", "Infinity", "1e5", "2025-01-01"]),
        "customer_id": IDS,
        "amount": st.integers(0, 10**14).map(lambda cents: cents / 100),
        "currency": st.from_regex(r"[A-Z]{3}", fullmatch=True),
        "transaction_type": st.sampled_from(TYPES),
        "direction": st.sampled_from(["IN", "OUT"]),
        "country": st.from_regex(r"[A-Z]{2}", fullmatch=True),
        "event_time": st.integers(631152000000, 253402300799999),
    },
    optional={"counterparty_id": IDS},
)
LISTS = st.lists(TRANSACTIONS, min_size=1, max_size=20)
COLUMNS = [
    "event_id",
    "account_id",
    "customer_id",
    "amount",
    "currency",
    "transaction_type",
    "direction",
    "country",
    "counterparty_id",
    "event_time",
]
Transaction = dict[str, Any]


def write_json(path: Path, transactions: list[Transaction]) -> None:
    path.write_text("".join(json.dumps(transaction) + "\n" for transaction in transactions))


def write_csv(path: Path, transactions: list[Transaction]) -> None:
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS)
        writer.writeheader()
        writer.writerows(transactions)


def write_parquet(path: Path, transactions: list[Transaction]) -> None:
    lines = path.with_suffix(".jsonl")
    write_json(lines, transactions)
    types = dict.fromkeys(COLUMNS, "VARCHAR") | {"amount": "DOUBLE", "event_time": "BIGINT"}
    with duckdb.connect() as connection:
        connection.read_json(str(lines), columns=types, format="newline_delimited").write_parquet(str(path))


def read_back(path: Path) -> list[Transaction]:
    values = ", ".join(COLUMNS[:-1])
    with duckdb.connect() as connection:
        report = load_transactions(connection, [str(path)])
        assert report.undecodable == report.filtered == 0
        query = f"SELECT {values}, epoch_ms(event_time) FROM arrived_transactions ORDER BY __seq"
        rows = connection.execute(query).fetchall()
    records = (dict(zip(COLUMNS, row, strict=True)) for row in rows)
    return [{column: value for column, value in record.items() if value is not None} for record in records]


@settings(deadline=None, max_examples=EXAMPLES)
@given(LISTS, st.sampled_from([("a.jsonl", write_json), ("a.csv", write_csv), ("a.parquet", write_parquet)]))
def test_what_was_written_is_read_back(transactions: list[Transaction], form: Any) -> None:
    name, write = form
    with TemporaryDirectory() as directory:
        path = Path(directory, name)
        write(path, transactions)
        assert read_back(path) == transactions


BYTES = st.binary(min_size=1, max_size=3) | st.sampled_from(
    [
        b"\r",
        b"\n",
        b"\r\n",
        b'"',
        b"\\",
        b"\0",
        b"\x01",
        b",",
        b"}",
        b"{",
        b"\xff",
        b"\xc3\xa9",
        b" ",
        b"null",
        b"NaN",
        b'""',
    ]
)
CORRUPTIONS = st.lists(st.tuples(st.floats(0, 1), st.integers(0, 4), BYTES), max_size=5)


def corrupt(content: bytes, corruptions: list[tuple[float, int, bytes]]) -> bytes:
    """Replace some bytes at some places."""
    for place, length, replacement in corruptions:
        start = int(place * len(content))
        content = content[:start] + replacement + content[start + length :]
    return content


def load(path: Path, content: bytes) -> tuple[int, list[str]]:
    """How many rows were read, and the ids of those that arrived, in order."""
    path.write_bytes(content)
    with duckdb.connect() as connection:
        try:
            report = load_transactions(connection, [str(path)])
        except InputError:
            reject()
        arrived = connection.execute("SELECT event_id FROM arrived_transactions ORDER BY __seq").fetchall()
        undecodable = connection.execute("SELECT source, reason FROM undecodable").fetchall()
    assert report.rows_read == len(arrived) + len(undecodable)
    assert all(source == str(path) and reason for source, reason in undecodable)
    return report.rows_read, [event_id for (event_id,) in arrived]


def decoded(line: bytes) -> Transaction | None:
    """The transaction in a line by Python's own decoder; None where a strict decoder has none."""
    try:
        record = json.loads(line.decode(), object_pairs_hook=distinct, parse_constant=float_of_constant)
        json.dumps(record, ensure_ascii=False).encode()  # lone surrogates
    except (ValueError, TypeError):
        return None
    if not isinstance(record, dict) or not record.keys() <= set(COLUMNS):
        return None
    texts = [record.get(column) for column in COLUMNS if column not in ("amount", "event_time", "counterparty_id")]
    amount, event_time, counterparty = record.get("amount"), record.get("event_time"), record.get("counterparty_id")
    good = all(isinstance(text, str) for text in texts) and isinstance(counterparty, str | None)
    good = good and isinstance(amount, int | float) and not isinstance(amount, bool) and math.isfinite(amount)
    return record if good and type(event_time) is int and -62135596800000 <= event_time <= 253402300799999 else None


def distinct(pairs: list[tuple[str, Any]]) -> Transaction:
    if len({key for key, _ in pairs}) < len(pairs):
        raise ValueError("a key is given twice")
    return dict(pairs)


def float_of_constant(constant: str) -> float:
    raise ValueError(f"{constant} is not JSON")


@settings(deadline=None, max_examples=EXAMPLES)
@given(st.lists(TRANSACTIONS, min_size=2, max_size=8), CORRUPTIONS)
def test_every_json_line_has_the_fate_that_a_strict_decoder_gives_it(
    transactions: list[Transaction], corruptions: Any
) -> None:
    content = corrupt(b"".join(json.dumps(transaction).encode() + b"\n" for transaction in transactions), corruptions)
    # Without any \n the reader ends lines at \r, as old Macs did; within a line a \r is taken for damage.
    assume(b"\n" in content and not re.search(rb"\r(?!\n)", content))
    lines = [line for line in content.removeprefix(b"\xef\xbb\xbf").split(b"\n") if line.strip(b" \t\r")]
    with TemporaryDirectory() as directory:
        read, arrived = load(Path(directory, "in.jsonl"), content)
    assert read == len(lines)
    assert arrived == [record["event_id"] for line in lines if (record := decoded(line))]


@settings(deadline=None, max_examples=EXAMPLES)
@given(st.lists(TRANSACTIONS, min_size=2, max_size=8), CORRUPTIONS)
def test_every_csv_row_has_a_fate(transactions: list[Transaction], corruptions: Any) -> None:
    file = io.StringIO()
    writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
    writer.writerows(transactions)
    header = ",".join(COLUMNS).encode() + b"\n"
    content = corrupt(file.getvalue().encode(), corruptions)
    with TemporaryDirectory() as directory:
        read, _ = load(Path(directory, "in.csv"), header + content)
    text = io.StringIO(content.decode("utf-8", "surrogateescape"), newline="")
    assert read == count_csv_rows(text)


def count_csv_rows(text: io.StringIO) -> int:
    """Rows as Python's reader sees them, one that it refuses included, blank ones not."""
    reader, count = csv.reader(text, strict=True), 0
    while True:
        try:
            count += bool(next(reader))
        except StopIteration:
            return count
        except csv.Error:
            count += 1
