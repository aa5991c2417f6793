"""Records as the tests append them, and a ledger as someone may have tampered with it."""

import shutil
import sqlite3
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

from sentinel_cli.ledger.record import Record
from sentinel_cli.ledger.store import Ledger
from tests.alerts import alert_id

Rows = list[list[object]]
"""Number, content, previous and hash of each."""
WRONG: tuple[dict[str, Any], ...] = (
    {"result": ["REVIEW"]},
    {"result": {"decision": ["REVIEW"]}},
    {"alert_id": 5},
    {"stage": "verdict"},
    {"time": "now"},
    {"latency_ms": True},
    {"guard": {}},
    {"alert": []},
)
"""Changes that no record can have."""


def record(number: int, **changes: Any) -> Record:
    """A decision on an alert; the same number gives the same one."""
    given: dict[str, Any] = {
        "alert_id": alert_id(number),
        "stage": "triage",
        "prompt_version": "00000002",
        "prompt": f"Typology: structuring\nTotal: {number}",
        "provider": "local",
        "model": "an_agent",
        "parameters": {},
        "answer": f'{{"decision": "REVIEW", "rationale": "E{number}, \\u2028 \ud800 ✓"}}',
        "status": "SUCCESS",
        "result": {"decision": "REVIEW", "priority": 3},
        "guard": None,
        "latency_ms": 1,
        "input_tokens": None,
        "output_tokens": None,
        "cost": "0.0001",
        "time": 1_800_000_000_000 + number,
        "alert": None,
    }
    return Record(**given | changes)


NO_JSON = tuple(
    record(1, result={"priority": 3}).content().replace('"priority":3', f'"priority":{value}')
    for value in ("NaN", "-Infinity", "1e999", "9" * 5000, "[" * 100_000 + "]" * 100_000)
)
"""What Python reads or writes as JSON in part, or falls over."""


def rows_of(ledger: Ledger) -> Rows:
    """What a ledger holds."""
    return [[entry.number, entry.content, entry.previous, entry.hash] for entry in ledger.entries()]


def written(ledger: Ledger, rows: Rows, folder: Path) -> Ledger:
    """A copy of the file with other rows, by someone who has put back what stood in the way, as far as that goes."""
    path = folder / "tampered.sqlite"
    shutil.copy(ledger.path, path)
    with closing(sqlite3.connect(path)) as connection:
        (_, _, table), *others = connection.execute("SELECT type, name, sql FROM sqlite_schema").fetchall()
        for kind, name, _ in others:
            connection.execute(f"DROP {kind} {name}")
        # Without the columns that read the content, it may be anything.
        say_that_it_is(connection, "CREATE TABLE records (number INTEGER PRIMARY KEY, content, previous, hash)")
        connection.execute("DELETE FROM records")
        connection.executemany("INSERT INTO records VALUES (?, ?, ?, ?)", rows)
        connection.commit()
        say_that_it_is(connection, table)
        for _, _, statement in others:
            with suppress(sqlite3.Error):
                connection.execute(statement)
        connection.commit()
    return Ledger(path)


def say_that_it_is(connection: sqlite3.Connection, table: str) -> None:
    connection.execute("PRAGMA writable_schema = ON")
    connection.execute("UPDATE sqlite_schema SET sql = ? WHERE name = 'records'", [table])
    connection.commit()
    connection.execute("PRAGMA writable_schema = RESET")
