"""Every format gives the same rows in the same order; a file that cannot be read is one sentence."""

import csv
import gzip
import io
import os
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import duckdb
import orjson
import pytest

from sentinel_cli.inputs import load_transactions
from sql.errors import InputError, UsageError

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
Row = dict[str, Any]


def transactions(count: int, start: int = 0) -> list[Row]:
    """Transactions whose event times are not in order."""
    ids = ("event_id", "account_id", "customer_id", "counterparty_id")
    return [
        {column: f"{column[:3].upper()}-{number % 97 if column != 'event_id' else number}" for column in ids}
        | {"amount": number / 100 + 0.01, "currency": "USD", "transaction_type": "CARD", "direction": "OUT"}
        | {"country": "US", "event_time": 1735689600000 + number * 7919 % 100_003}
        | ({"counterparty_id": None} if number % 3 == 0 else {})
        for number in range(start, start + count)
    ]


def json_lines(rows: list[Row]) -> bytes:
    return b"".join(orjson.dumps({k: v for k, v in row.items() if v is not None}) + b"\n" for row in rows)


def comma_separated(rows: list[Row], delimiter: str = ",", line_end: str = "\n") -> bytes:
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS, delimiter=delimiter, lineterminator=line_end)
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()


def parquet(rows: list[Row], event_time: str = "event_time") -> bytes:
    with TemporaryDirectory() as directory, duckdb.connect() as connection:
        path = Path(directory, "rows")
        path.write_bytes(json_lines(rows))
        types = dict.fromkeys(COLUMNS, "VARCHAR") | {"amount": "DOUBLE", "event_time": "BIGINT"}
        relation = connection.read_json(str(path), columns=types, format="newline_delimited")
        relation.select(f"* REPLACE ({event_time} AS event_time)").write_parquet(str(path))
        return path.read_bytes()


def arrived(inputs: list[str], *, sort: bool = False, threads: int = 2) -> list[Row]:
    with duckdb.connect() as connection:
        connection.execute(f"SET threads = {threads}")
        connection.execute("SET preserve_insertion_order = false")
        report = load_transactions(connection, inputs, sort=sort)
        assert report.files == len(inputs)
        values = ", ".join(COLUMNS[:-1])
        rows = connection.execute(
            f"SELECT __seq, {values}, epoch_ms(event_time) FROM arrived_transactions ORDER BY __seq"
        ).fetchall()
        assert report.rows_read == len(rows) == len({row[0] for row in rows})
    return [dict(zip(COLUMNS, row[1:], strict=True)) for row in rows]


FORMATS = {
    "in.jsonl": json_lines,
    "in.ndjson.gz": lambda rows: gzip.compress(json_lines(rows)),
    "in.json": json_lines,
    "twice.jsonl.gz": lambda rows: gzip.compress(json_lines(rows[:50])) + gzip.compress(json_lines(rows[50:])),
    "bom.jsonl": lambda rows: b"\xef\xbb\xbf" + json_lines(rows),
    "in.csv": comma_separated,
    "in.csv.gz": lambda rows: gzip.compress(comma_separated(rows)),
    "bom.csv": lambda rows: b"\xef\xbb\xbf" + comma_separated(rows),
    "windows.csv": lambda rows: comma_separated(rows, ";", "\r\n"),
    "in.tsv": lambda rows: comma_separated(rows, "\t"),
    "mixed.csv": lambda rows: comma_separated(rows[:50]) + comma_separated(rows[50:], ",", "\r\n").partition(b"\n")[2],
    "in.parquet": parquet,
    "in.parquet.gz": lambda rows: gzip.compress(parquet(rows)),
    "time.parquet": lambda rows: parquet(rows, "epoch_ms(event_time)"),
    "zoned.parquet": lambda rows: parquet(rows, "make_timestamptz(event_time * 1000)"),
    "nanos.parquet": lambda rows: parquet(rows, "make_timestamp_ns(event_time * 1000000)"),
    "text.parquet": lambda rows: parquet(rows, "epoch_ms(event_time)::VARCHAR"),
    "json-without-suffix": json_lines,
    "csv-without-suffix": comma_separated,
    "parquet-without-suffix": parquet,
}


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_gives_the_same_rows(tmp_path: Path, name: str) -> None:
    rows = transactions(100)
    path = tmp_path / name
    path.write_bytes(FORMATS[name](rows))
    assert arrived([str(path)]) == rows


@pytest.mark.parametrize("name", ["in.jsonl", "in.ndjson.gz", "in.csv", "in.parquet"])
def test_standard_input_is_read_in_every_format(tmp_path: Path, name: str) -> None:
    program = (
        "import duckdb; from sentinel_cli.inputs import load_transactions; c = duckdb.connect();"
        "load_transactions(c, ['-']);"
        "print(c.execute('SELECT count(*), sum(amount) FROM arrived_transactions').fetchall())"
    )
    content = FORMATS[name](transactions(100))
    run = subprocess.run([sys.executable, "-c", program], input=content, capture_output=True, check=True)
    assert run.stdout == b"[(100, 50.5)]\n"
    assert run.stderr == b""


def test_a_named_pipe_is_read(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe.jsonl"
    os.mkfifo(pipe)
    (tmp_path / "in.jsonl").write_bytes(json_lines(transactions(100)))
    with subprocess.Popen(["cp", str(tmp_path / "in.jsonl"), str(pipe)]):
        assert arrived([str(pipe)]) == transactions(100)


@pytest.mark.parametrize(("suffix", "write"), [("jsonl", json_lines), ("csv", comma_separated), ("parquet", parquet)])
def test_the_order_of_arrival_is_that_of_the_files_and_their_rows(tmp_path: Path, suffix: str, write: object) -> None:
    assert callable(write)
    rows = transactions(300_000)
    parts = [rows[:250_000], rows[250_000:250_001], rows[250_001:]]
    paths = [tmp_path / f"{number}.{suffix}" for number in (2, 1, 3)]
    for path, part in zip(paths, parts, strict=True):
        path.write_bytes(write(part))
    assert arrived([str(path) for path in paths]) == rows


def test_sort_orders_by_event_time_and_keeps_ties_as_they_arrived(tmp_path: Path) -> None:
    rows = transactions(1_000) + transactions(1_000, 1_000_000)
    paths = [tmp_path / "a.jsonl", tmp_path / "b.csv"]
    paths[0].write_bytes(json_lines(rows[:1_000]))
    paths[1].write_bytes(comma_separated(rows[1_000:]))
    for row in rows:
        row["event_time"] = row["event_time"] // 60_000 * 60_000
    paths[0].write_bytes(json_lines(rows[:1_000]))
    paths[1].write_bytes(comma_separated(rows[1_000:]))
    ordered = sorted(rows, key=lambda row: row["event_time"])
    assert arrived([str(path) for path in paths], sort=True) == ordered


def test_many_files_are_one_stream(tmp_path: Path) -> None:
    rows = transactions(300)
    paths = [tmp_path / f"{number}.jsonl" for number in range(300)]
    for path, row in zip(paths, rows, strict=True):
        path.write_bytes(json_lines([row]))
    assert arrived([str(path) for path in paths]) == rows


def test_a_header_without_rows_is_no_error(tmp_path: Path) -> None:
    path = tmp_path / "in.csv"
    path.write_bytes(comma_separated([]))
    assert arrived([str(path)]) == []
    path = tmp_path / "in.parquet"
    path.write_bytes(parquet([]))
    assert arrived([str(path)]) == []


GOOD = json_lines(transactions(1000))
UNREADABLE = {
    "empty.jsonl": (b"", "is empty"),
    "empty.csv": (b"", "is empty"),
    "empty.jsonl.gz": (gzip.compress(b""), "is empty"),
    "blank.jsonl": (b"\n\n \n", "holds only blank lines"),
    "cut.jsonl.gz": (gzip.compress(GOOD)[:-200], "is a gzip file that is cut short or damaged"),
    "end.jsonl.gz": (gzip.compress(GOOD)[:-4], "is a gzip file that is cut short or damaged"),
    "cut.csv.gz": (gzip.compress(comma_separated(transactions(9000)))[:-99], "is a gzip file that is cut short"),
    "head.jsonl.gz": (b"\x1f\x8b\x08junk", "is a gzip file that is cut short or damaged"),
    "junk.jsonl": (bytes(range(256)) * 40, "is neither JSON Lines, CSV nor Parquet"),
    "junk.csv": (b"\x00\xff" * 999, "is neither JSON Lines, CSV nor Parquet"),
    "junk": (bytes(range(128, 256)), "is neither JSON Lines, CSV nor Parquet"),
    "junk.parquet": (b"junk", "is not a Parquet file"),
    "cut.parquet": (parquet(transactions(10))[:-20], "cannot be read as Parquet"),
    "layout.csv": (b"date,iban\n2025-01-01,X\n", r"lacks event_id, .* \(it has date, iban\): .* --mapping FILE.toml"),
    "twice.csv": (b"event_id,EVENT_ID\n1,2\n", "two have the same"),
    "typed.parquet": (parquet(transactions(3), "event_time > 0"), "event_time is BOOLEAN, not a time"),
}


@pytest.mark.parametrize("name", UNREADABLE)
def test_what_cannot_be_read_is_one_sentence(tmp_path: Path, name: str) -> None:
    content, sentence = UNREADABLE[name]
    path = tmp_path / name
    path.write_bytes(content)
    with duckdb.connect() as connection, pytest.raises(InputError, match=sentence) as error:
        load_transactions(connection, [str(path)])
    assert str(error.value).startswith(str(path))
    assert "\n" not in str(error.value)


def test_what_is_not_there_is_one_sentence(tmp_path: Path) -> None:
    with duckdb.connect() as connection:
        with pytest.raises(InputError, match=r"none.jsonl cannot be read: No such file or directory\."):
            load_transactions(connection, [str(tmp_path / "none.jsonl")])
        with pytest.raises(InputError, match="is a directory: name its files"):
            load_transactions(connection, [str(tmp_path)])
        with pytest.raises(UsageError, match="No INPUT given"):
            load_transactions(connection, [])


CSV_UNDECODABLE = {
    "EVE-1,A,C,1,USD,CARD,OUT,US,,1735689600000,extra": "11 columns where the header has 10",
    "EVE-1,A,C,1": "4 columns where the header has 10",
    'EVE-1,"A"x,C,1,USD,CARD,OUT,US,,1735689600000': "not CSV: ",
    'EVE-1,"A,C,1,USD,CARD,OUT,US,,1735689600000': "not CSV: ",
    "EVE-1,\udcff,C,1,USD,CARD,OUT,US,,1735689600000": "not UTF-8",
    "EVE-1,,C,1,USD,CARD,OUT,US,,1735689600000": "account_id is missing",
    "EVE-1,A,C, 1,USD,CARD,OUT,US,,1735689600000": "amount is not a number",
    "EVE-1,A,C,nan,USD,CARD,OUT,US,,1735689600000": "amount is not a number",
    "EVE-1,A,C,1_000,USD,CARD,OUT,US,,1735689600000": "amount is not a number",
    "EVE-1,A,C,1e999,USD,CARD,OUT,US,,1735689600000": "amount is not a number",
    "EVE-1,A,C,1,USD,CARD,OUT,US,,1735689600000.5": "event_time is not a time",
    "EVE-1,A,C,1,USD,CARD,OUT,US,,99999999999999999999": "event_time is not a time",
    "EVE-1,A,C,1,USD,CARD,OUT,US,,1 Jan 2025": "event_time is not a time",
}


@pytest.mark.parametrize("bad", CSV_UNDECODABLE)
def test_a_csv_row_that_cannot_be_decoded_is_named_with_its_line(tmp_path: Path, bad: str) -> None:
    path = tmp_path / "in.csv"
    good = comma_separated(transactions(2))
    path.write_bytes(good + bad.encode("utf-8", "surrogateescape") + b"\n")
    with duckdb.connect() as connection:
        report = load_transactions(connection, [str(path)])
        assert (report.rows_read, report.undecodable) == (3, 1)
        assert connection.execute("SELECT count(*) FROM arrived_transactions").fetchall() == [(2,)]
        ((source, line, reason),) = connection.execute("SELECT source, line, reason FROM undecodable").fetchall()
    assert (source, line) == (str(path), 4)
    assert str(reason).startswith(CSV_UNDECODABLE[bad])


def test_a_parquet_row_that_cannot_be_decoded_is_named_with_its_number(tmp_path: Path) -> None:
    path = tmp_path / "in.parquet"
    rows = transactions(5)
    rows[1]["account_id"] = None
    path.write_bytes(parquet(rows, "CASE WHEN amount = 0.03 THEN 9223372036854775807 ELSE event_time END"))
    with duckdb.connect() as connection:
        report = load_transactions(connection, [str(path)])
        undecodable = connection.execute("SELECT line, reason FROM undecodable ORDER BY line").fetchall()
        assert connection.execute("SELECT __seq FROM arrived_transactions").fetchall() == [(0,), (3,), (4,)]
    assert report.undecodable == 2
    assert undecodable == [(2, "account_id is missing"), (3, "event_time is not a time or epoch milliseconds")]
