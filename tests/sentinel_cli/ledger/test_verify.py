"""A hundred ways to tamper with a ledger at random, and each is found, with its place."""

import json
import random
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from sentinel_cli.ledger.record import canonical
from sentinel_cli.ledger.store import Ledger, chained
from sentinel_cli.ledger.verify import parse_head, verify
from sql.errors import LedgerError, UsageError
from tests.sentinel_cli.ledger.records import NO_JSON, WRONG, Rows, record, rows_of, written

RECORDS = 30


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Ledger:
    ledger = Ledger(tmp_path_factory.mktemp("ledger") / "ledger.sqlite").make()
    ledger.append([record(n) for n in range(RECORDS)])
    return ledger


def change_a_letter(rows: Rows, dice: random.Random) -> None:
    row = dice.choice(rows)
    text = str(row[1])
    digits = [place for place, letter in enumerate(text) if letter.isdigit()]
    place = dice.choice(digits)
    row[1] = f"{text[:place]}{(int(text[place]) + dice.randrange(1, 10)) % 10}{text[place + 1 :]}"


def change_and_hash_again(rows: Rows, dice: random.Random) -> None:
    """Changed with a hash that fits it; whoever follows still knows the old one."""
    row = rows[dice.randrange(len(rows) - 1)]
    row[1] = record(dice.randrange(100, 999)).content()
    row[3] = chained(str(row[2]), str(row[1]))


def change_a_hash(rows: Rows, dice: random.Random) -> None:
    dice.choice(rows)[dice.choice([2, 3])] = f"{dice.getrandbits(256):064x}"


def delete_some(rows: Rows, dice: random.Random) -> None:
    first = dice.randrange(len(rows) - 1)
    del rows[first : min(first + dice.randrange(1, 5), len(rows) - 1)]


def delete_and_close_the_gap(rows: Rows, dice: random.Random) -> None:
    delete_some(rows, dice)
    for number, row in enumerate(rows, 1):
        row[0] = number


def swap(rows: Rows, dice: random.Random) -> None:
    one, other = dice.sample(rows, 2)
    one[1:], other[1:] = other[1:], one[1:]


def swap_contents(rows: Rows, dice: random.Random) -> None:
    one, other = dice.sample(rows, 2)
    one[1], other[1] = other[1], one[1]


def insert(rows: Rows, dice: random.Random) -> None:
    """One more, with a hash that fits where it was put."""
    place = dice.randrange(len(rows))
    previous = str(rows[place][2])
    content = record(dice.randrange(100, 999)).content()
    rows.insert(place, [0, content, previous, chained(previous, content)])
    for number, row in enumerate(rows, 1):
        row[0] = number


def repeat(rows: Rows, dice: random.Random) -> None:
    rows.append([len(rows) + 1, *dice.choice(rows)[1:]])


def append(rows: Rows, content: str) -> None:
    """One more at the end, with a hash that fits."""
    previous = str(rows[-1][3])
    rows.append([len(rows) + 1, content, previous, chained(previous, content)])


def append_what_is_no_decision(rows: Rows, dice: random.Random) -> None:
    append(rows, canonical({"id": str(dice.random()), "alert_id": ""}))


def append_what_has_wrong_types(rows: Rows, dice: random.Random) -> None:
    append(rows, record(dice.randrange(100, 999), **dice.choice(WRONG)).content())


def append_what_is_no_json(rows: Rows, dice: random.Random) -> None:
    append(rows, dice.choice(NO_JSON))


def append_what_is_written_otherwise(rows: Rows, dice: random.Random) -> None:
    append(rows, json.dumps(json.loads(record(dice.randrange(100, 999)).content())))


WAYS = [
    change_a_letter,
    change_and_hash_again,
    change_a_hash,
    delete_some,
    delete_and_close_the_gap,
    swap,
    swap_contents,
    insert,
    repeat,
    append_what_is_no_decision,
    append_what_has_wrong_types,
    append_what_is_no_json,
    append_what_is_written_otherwise,
]


@pytest.mark.parametrize("seed", range(100))
def test_every_tampering_is_found_without_a_head(whole: Ledger, tmp_path: Path, seed: int) -> None:
    rows, dice = rows_of(whole), random.Random(seed)
    WAYS[seed % len(WAYS)](rows, dice)
    assert any("record" in finding.split() for finding in verify(written(whole, rows, tmp_path)).findings)


@pytest.mark.parametrize("content", [*(record(1, **changes).content() for changes in WRONG), *NO_JSON])
def test_what_is_no_record_is_found_and_not_read(whole: Ledger, tmp_path: Path, content: str) -> None:
    rows = rows_of(whole)
    append(rows, content)
    tampered = written(whole, rows, tmp_path)
    assert f"record {RECORDS + 1} is no decision" in verify(tampered).findings
    with pytest.raises(LedgerError, match=f"Record {RECORDS + 1} is no decision; see `sentinel ledger verify`"):
        list(tampered.records())


@pytest.mark.parametrize(
    ("statement", "what"),
    [
        ("DROP TRIGGER no_update", "trigger no_update"),
        ("DROP TRIGGER no_delete", "trigger no_delete"),
        ("DROP TRIGGER only_append", "trigger only_append"),
        ("DROP INDEX records_id", "index records_id"),
        ("CREATE TRIGGER quiet BEFORE INSERT ON records BEGIN SELECT RAISE(IGNORE); END", "trigger quiet"),
        ("ALTER TABLE records ADD COLUMN note TEXT", "table records"),
        ("ANALYZE", None),
    ],
)
def test_a_file_that_is_not_as_it_was_made_is_found(
    whole: Ledger, tmp_path: Path, statement: str, what: str | None
) -> None:
    path = tmp_path / "ledger.sqlite"
    shutil.copy(whole.path, path)
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(statement)
        connection.commit()
    expected = (f"the {what} is missing, or is another than the ledger makes",) if what else ()
    assert verify(Ledger(path)).findings == expected


@pytest.mark.parametrize(("index", "column"), [("records_alert_id", "alert_id"), ("records_id", "id")])
def test_a_record_that_an_index_hides_is_found(whole: Ledger, tmp_path: Path, index: str, column: str) -> None:
    path, hidden = tmp_path / "ledger.sqlite", next(record for number, record in whole.records() if number == 5)
    shutil.copy(whole.path, path)
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        (as_made,) = connection.execute("SELECT sql FROM sqlite_schema WHERE name = ?", [index]).fetchone()
        connection.execute(f"DROP INDEX {index}")
        where = f"{column} <> '{getattr(hidden, column)}'"
        connection.execute(f"{as_made} WHERE {where}")
        connection.execute("PRAGMA writable_schema = ON")
        connection.execute("UPDATE sqlite_schema SET sql = ? WHERE name = ?", [as_made, index])
    assert verify(Ledger(path)).findings == (
        f"the file is damaged, so that records may be hidden: row 5 missing from index {index}",
    )


@pytest.mark.parametrize("seed", range(20))
def test_a_cut_or_rewritten_tail_is_found_with_the_head(whole: Ledger, tmp_path: Path, seed: int) -> None:
    rows, dice, head = rows_of(whole), random.Random(seed), whole.head()
    first = dice.randrange(len(rows))
    del rows[first:]
    if seed % 2:
        for number in range(first, RECORDS + 3):
            previous = str(rows[-1][3]) if rows else "0" * 64
            content = record(1000 + number).content()
            rows.append([number + 1, content, previous, chained(previous, content)])
    tampered = written(whole, rows, tmp_path)
    assert verify(tampered).findings == ()
    for kept in (str(head), head.hash):
        assert "the head that was kept is not there" in verify(tampered, parse_head(kept)).findings[0]


def test_it_says_which(whole: Ledger, tmp_path: Path) -> None:
    rows = rows_of(whole)
    rows[4][1] = record(777).content()
    assert verify(written(whole, rows, tmp_path)).findings == (
        "record 5 was changed: its content does not give its hash",
    )
    rows = rows_of(whole)
    del rows[6:9]
    first, second = verify(written(whole, rows, tmp_path)).findings
    assert first == "records 7 to 9 are missing"
    assert second == "record 10 does not follow record 6: what it was written after is not there"
    rows = rows_of(whole)
    rows[2][1:], rows[7][1:] = rows[7][1:], rows[2][1:]
    findings = verify(written(whole, rows, tmp_path)).findings
    assert "record 3 does not follow record 2: it was written after what now is record 7" in findings
    assert "record 8 does not follow record 7: it was written after what now is record 2" in findings


def test_it_says_how_much_of_the_tail_is_missing(whole: Ledger, tmp_path: Path) -> None:
    tampered = written(whole, rows_of(whole)[:-4], tmp_path)
    assert verify(tampered, whole.head()).findings == (
        f"the head that was kept is not there: records {RECORDS - 3} to {RECORDS} are missing",
    )


def test_a_ledger_that_has_grown_since_is_whole(whole: Ledger, tmp_path: Path) -> None:
    path = tmp_path / "grown.sqlite"
    shutil.copy(whole.path, path)
    kept, grown = whole.head(), Ledger(path)
    grown.append([record(RECORDS)])
    assert verify(grown, kept).findings == ()
    assert verify(grown, parse_head(kept.hash)).findings == ()


@pytest.mark.parametrize(
    "text", ["", "3", "3:", f"x:{'0' * 64}", "g" * 64, f"3:{'0' * 63}", f":{'0' * 64}", f"{'9' * 5000}:{'0' * 64}"]
)
def test_what_is_no_head_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="sentinel ledger head"):
        parse_head(text)
