"""The file of the ledger: SQLite, append-only, each record bound to the one before it by its hash."""

import hashlib
import os
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from sentinel_cli.ledger.record import Record, read_record
from sql.errors import LedgerError

BEGINNING = "0" * 64
"""What the first record follows."""
_FORM = 2
"""Changes with the form of the file."""
_PATIENCE = 30.0
"""Seconds in which another process may finish what it appends."""
_SCHEMA = f"""
CREATE TABLE records (
  number INTEGER PRIMARY KEY,
  content TEXT NOT NULL,
  previous TEXT NOT NULL,
  hash TEXT NOT NULL,
  id TEXT GENERATED ALWAYS AS (json_extract(content, '$.id')) VIRTUAL,
  alert_id TEXT GENERATED ALWAYS AS (json_extract(content, '$.alert_id')) VIRTUAL
) STRICT;
CREATE UNIQUE INDEX records_id ON records (id);
CREATE INDEX records_alert_id ON records (alert_id);
CREATE TRIGGER no_update BEFORE UPDATE ON records BEGIN SELECT RAISE(ABORT, 'a record never changes'); END;
CREATE TRIGGER no_delete BEFORE DELETE ON records BEGIN SELECT RAISE(ABORT, 'a record is never deleted'); END;
-- REPLACE deletes without asking the trigger above.
CREATE TRIGGER only_append BEFORE INSERT ON records
WHEN NEW.number IS NOT (SELECT COALESCE(MAX(number), 0) + 1 FROM records)
  OR NEW.previous IS NOT COALESCE((SELECT hash FROM records ORDER BY number DESC LIMIT 1), '{BEGINNING}')
  OR EXISTS (SELECT 1 FROM records WHERE id = json_extract(NEW.content, '$.id'))
BEGIN SELECT RAISE(ABORT, 'a record follows the last one'); END;
PRAGMA user_version = {_FORM};
"""


@dataclass(frozen=True)
class Head:
    """How many records there are, and the hash of the last: kept elsewhere, it shows that a tail was cut."""

    number: int
    hash: str

    def __str__(self) -> str:
        return f"{self.number}:{self.hash}"


@dataclass(frozen=True)
class Entry:
    """A record as it stands in the file; nothing of it need be true."""

    number: int
    content: str
    previous: str
    hash: str


def chained(previous: str, content: str) -> str:
    """The hash of a record: SHA-256 over the hash before it and its content."""
    return hashlib.sha256(f"{previous}\n{content}".encode()).hexdigest()


class Ledger:
    """
    A ledger in a file, which its owner alone may read: a disposition may advise a SAR.

    It is opened for each question anew, so that threads and processes may share it.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def make(self) -> "Ledger":
        """
        Make the file where there is none, and see to it that it can be written.

        Raises:
            LedgerError: it cannot be written, or is something else.
        """
        with self._failing("written"):
            self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            os.close(os.open(self.path, os.O_RDWR | os.O_CREAT, 0o600))
            with closing(self._connect()) as connection, _exclusive(connection):
                if _form(connection) == 0 and not connection.execute("SELECT 1 FROM sqlite_schema").fetchone():
                    for statement in _statements(_SCHEMA):
                        connection.execute(statement)
                self._check(connection)
        return self

    def append(self, records: Sequence[Record]) -> int:
        """
        Append those that are not there yet, all or none; they are on the disk when it returns. How many those are.

        Raises:
            LedgerError: they cannot be written; nothing may be decided then.
        """
        if not records:
            return 0
        with self._failing("written"), closing(self._open()) as connection, _exclusive(connection):
            head = _head(connection)
            before = head.number
            for record in records:
                if not connection.execute("SELECT 1 FROM records WHERE id = ?", [record.id]).fetchone():
                    content = record.content()
                    following = Head(head.number + 1, chained(head.hash, content))
                    row = (following.number, content, head.hash, following.hash)
                    connection.execute("INSERT INTO records (number, content, previous, hash) VALUES (?, ?, ?, ?)", row)
                    head = following
            return head.number - before

    def head(self) -> Head:
        """The last record's number and hash; LedgerError where it cannot be read."""
        with self._failing("read"), closing(self._open()) as connection:
            return _head(connection)

    def entries(self, alert: str = "") -> Iterator[Entry]:
        """
        The records in order, or those alone of alerts whose ids begin with a text.

        Raises:
            LedgerError: they cannot be read.
        """
        query, given = "SELECT number, content, previous, hash FROM records", []
        if alert:
            query, given = f"{query} WHERE alert_id BETWEEN ? AND ?", [alert, f"{alert}g"]
        with self._failing("read"), closing(self._open()) as connection:
            for row in connection.execute(f"{query} ORDER BY number", given):
                yield Entry(*row)

    def records(self, alert: str = "") -> Iterator[tuple[int, Record]]:
        """
        What the entries say, with their numbers.

        Raises:
            LedgerError: they cannot be read, or one is no record.
        """
        for entry in self.entries(alert):
            try:
                yield entry.number, read_record(entry.content)
            except ValueError:
                raise LedgerError(f"Record {entry.number} is no decision; see `sentinel ledger verify`.") from None

    def unlike(self) -> list[str]:
        """
        Kinds and names of what is in the file otherwise than `make` makes it, was added, or is not there any more.

        Raises:
            LedgerError: it cannot be read.
        """
        with closing(sqlite3.connect(":memory:")) as made:
            made.executescript(_SCHEMA)
            expected = _objects(made)
        with self._failing("read"), closing(self._open()) as connection:
            return sorted({f"{kind} {name}" for kind, name, _ in _objects(connection) ^ expected})

    def damage(self) -> str | None:
        """
        What SQLite finds wrong first in tables and indexes, which may hide records; None where all is right.

        Raises:
            LedgerError: it cannot be read.
        """
        with self._failing("read"), closing(self._open()) as connection:
            try:
                found: str = connection.execute("PRAGMA integrity_check(1)").fetchone()[0]
            except sqlite3.OperationalError as error:
                # A content that is no JSON ends the check, since the indexes read it; a file that is locked is no find.
                if error.sqlite_errorcode != sqlite3.SQLITE_ERROR:
                    raise
                found = str(error)
        return None if found == "ok" else " ".join(found.split())

    def _open(self) -> sqlite3.Connection:
        connection = self._connect()
        try:
            self._check(connection)
        except BaseException:
            connection.close()
            raise
        return connection

    def _connect(self) -> sqlite3.Connection:
        # Read and write: what a killed process left half-written is taken back by whoever opens the file next.
        uri = f"{self.path.absolute().as_uri()}?mode=rw"
        return sqlite3.connect(uri, uri=True, timeout=_PATIENCE, isolation_level=None)

    def _check(self, connection: sqlite3.Connection) -> None:
        if (form := _form(connection)) != _FORM:
            if not form:
                raise LedgerError(f"{self.path} is no ledger.")
            raise LedgerError(
                f"{self.path} is a ledger of form {form}, and this version reads form {_FORM}: "
                "keep it, and name another file with --ledger or SENTINEL_LEDGER."
            )

    @contextmanager
    def _failing(self, what: str) -> Iterator[None]:
        try:
            yield
        except (OSError, sqlite3.Error) as error:
            if isinstance(error, sqlite3.Error) and not self.path.exists():
                raise LedgerError(f"There is no ledger at {self.path}; --ledger or SENTINEL_LEDGER names it.") from None
            why = getattr(error, "strerror", None) or error
            raise LedgerError(f"The ledger {self.path} cannot be {what}: {why}.") from None


@contextmanager
def _exclusive(connection: sqlite3.Connection) -> Iterator[None]:
    """A transaction beside which no other process appends: two that read the same head would fork the chain."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
    except BaseException:
        connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")


def _form(connection: sqlite3.Connection) -> int:
    form: int = connection.execute("PRAGMA user_version").fetchone()[0]
    return form


def _objects(connection: sqlite3.Connection) -> set[tuple[str, str, str]]:
    """Tables, indexes and triggers with their text, but for what SQLite makes by itself."""
    return set(connection.execute("SELECT type, name, sql FROM sqlite_schema WHERE name NOT GLOB 'sqlite_*'"))


def _head(connection: sqlite3.Connection) -> Head:
    row = connection.execute("SELECT number, hash FROM records ORDER BY number DESC LIMIT 1").fetchone()
    return Head(*row) if row else Head(0, BEGINNING)


def _statements(script: str) -> Iterator[str]:
    """The statements of a script: `executescript` would commit before it begins."""
    text = ""
    for line in script.splitlines(keepends=True):
        text += line
        if sqlite3.complete_statement(text):
            yield text
            text = ""
