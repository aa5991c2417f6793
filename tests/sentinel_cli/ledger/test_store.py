"""The file only grows, whoever writes it and however a writer ends."""

import random
import signal
import sqlite3
import stat
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from sentinel_cli.ledger.record import read_record
from sentinel_cli.ledger.store import BEGINNING, Head, Ledger
from sentinel_cli.ledger.verify import verify
from sql.errors import LedgerError
from tests.sentinel_cli.ledger.records import record

WRITER = """
import sys
from pathlib import Path
from sentinel_cli.ledger.store import Ledger
from tests.sentinel_cli.ledger.records import record
ledger = Ledger(Path(sys.argv[1])).make()
for n in range(int(sys.argv[2]), int(sys.argv[3])):
    ledger.append([record(2 * n), record(2 * n + 1)])
    print(n, flush=True)
"""


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    return Ledger(tmp_path / "data" / "ledger.sqlite").make()


def writer(ledger: Ledger, first: int, end: int) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", WRITER, str(ledger.path), str(first), str(end)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def test_what_is_appended_comes_back_as_it_was(ledger: Ledger) -> None:
    given = [record(n, parameters={"temperature": 0.5}) for n in range(3)]
    assert ledger.append(given) == 3
    assert [read_record(entry.content) for entry in ledger.entries()] == given
    assert [read_record(entry.content) for entry in ledger.entries(given[1].alert_id)] == [given[1]]
    assert ledger.head().number == 3


def test_a_record_that_is_there_is_not_added_again(ledger: Ledger) -> None:
    ledger.append([record(1)])
    again = record(1, time=1, latency_ms=999)
    assert ledger.append([again, record(2), record(2)]) == 1
    assert [read_record(entry.content).time for entry in ledger.entries()] == [record(1).time, record(2).time]


@pytest.mark.parametrize(
    "changes",
    [
        {"answer": "x"},
        {"prompt": "x"},
        {"stage": "enrichment"},
        {"alert_id": "x"},
        {"status": "FAILED"},
        {"result": {"decision": "DISMISS"}},
        {"guard": "SEVERITY"},
    ],
)
def test_another_question_answer_or_outcome_is_another_record(ledger: Ledger, changes: dict[str, Any]) -> None:
    assert ledger.append([record(1), record(1, **changes)]) == 2


def test_an_empty_ledger_has_a_head(ledger: Ledger) -> None:
    assert ledger.head() == Head(0, BEGINNING)
    assert verify(ledger).findings == ()


def test_its_owner_alone_may_read_it(ledger: Ledger) -> None:
    assert stat.S_IMODE(ledger.path.stat().st_mode) == 0o600
    assert stat.S_IMODE(ledger.path.parent.stat().st_mode) == 0o700


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE records SET content = '{}'",
        "DELETE FROM records WHERE number = 1",
        "INSERT INTO records (number, content, previous, hash) VALUES (9, '{}', '', '')",
        "INSERT INTO records (number, content, previous, hash) SELECT number + 2, content, previous, hash FROM records",
        "INSERT OR REPLACE INTO records (number, content, previous, hash) "
        "SELECT number, '{}', previous, hash FROM records",
        "INSERT OR REPLACE INTO records (number, content, previous, hash) "
        "SELECT 3, content, (SELECT hash FROM records WHERE number = 2), '' FROM records WHERE number = 1",
    ],
)
def test_the_file_itself_refuses_anything_else(ledger: Ledger, statement: str) -> None:
    ledger.append([record(1), record(2)])
    with closing(sqlite3.connect(ledger.path)) as connection, pytest.raises(sqlite3.IntegrityError):
        connection.execute(statement)
    assert verify(ledger).findings == ()
    assert ledger.head().number == 2


def test_two_processes_do_not_fork_the_chain(ledger: Ledger) -> None:
    # Every record of the first is one of the second as well, so that both append the same ones at once.
    both = [writer(ledger, 0, 100), writer(ledger, 0, 150), writer(ledger, 100, 200)]
    for process in both:
        process.communicate(timeout=120)
    assert [process.returncode for process in both] == [0, 0, 0]
    assert verify(ledger).findings == ()
    assert ledger.head().number == 400


def test_a_writer_that_is_killed_leaves_a_whole_ledger(ledger: Ledger) -> None:
    dice, begun = random.Random(5), 0
    for _ in range(8):
        with writer(ledger, begun, begun + 10_000) as process:
            assert process.stdout is not None
            said = [process.stdout.readline()]
            time.sleep(dice.uniform(0, 0.1))
            process.send_signal(signal.SIGKILL)
            said += process.stdout.readlines()
        begun = int(said[-1]) + 1
        verdict = verify(ledger)
        assert verdict.findings == ()
        # What was said to be appended is there; the transaction that was on its way is there whole, or not at all.
        assert verdict.head.number in {2 * begun, 2 * begun + 2}


def test_a_ledger_that_cannot_be_written_says_so(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("no database, but long enough to be read as one" * 100)
    with pytest.raises(LedgerError, match="file is not a database"):
        Ledger(file).make()
    with pytest.raises(LedgerError, match="File exists"):
        Ledger(file / "ledger").make()
    with pytest.raises(LedgerError, match="There is no ledger at"):
        Ledger(tmp_path / "none").head()
    other = tmp_path / "other"
    with closing(sqlite3.connect(other)) as connection:
        connection.execute("CREATE TABLE records (x)")
    with pytest.raises(LedgerError, match="is no ledger"):
        Ledger(other).make()


def test_a_ledger_of_an_earlier_form_is_refused(ledger: Ledger) -> None:
    with closing(sqlite3.connect(ledger.path)) as connection:
        connection.execute("PRAGMA user_version = 1")
    for ask in (ledger.make, ledger.head):
        with pytest.raises(LedgerError, match=r"of form 1, and this version reads form 2: keep it, and name another"):
            ask()


def test_a_full_disk_adds_nothing(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    ledger.append([record(1)])
    connect = Ledger._connect

    def small(self: Ledger) -> sqlite3.Connection:
        connection = connect(self)
        connection.execute("PRAGMA max_page_count = 10")
        return connection

    monkeypatch.setattr(Ledger, "_connect", small)
    with pytest.raises(LedgerError, match="full"):
        ledger.append([record(n) for n in range(2, 200)])
    assert ledger.head().number == 1
