"""A case from files: alerts as a replay or `sentinel consume --json` writes them, and the transactions behind them."""

import gzip
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import orjson

from sentinel_cli.analyst.decision import latest, recorded
from sentinel_cli.kafka.reading import Row, RowContract, UnreadableError
from sentinel_cli.ledger.store import Ledger
from sentinel_cli.sar.case import Case, Transaction, facts
from sql import Pipeline
from sql.errors import InputError
from sql.topics import ALERTS, DISPOSITIONS


def case_from_file(alert_id: str, path: Path, pipeline: Pipeline) -> Case:
    """
    The case of an alert in a file of JSON Lines, gzipped by its suffix; with its disposition where the file has it.

    Raises:
        InputError: the file cannot be read, or has no such alert.
    """
    for number, line in _lines(path):
        if alert_id.encode() in line and (found := _object(line)).get("alert_id") == alert_id:
            try:
                return _case(found, pipeline)
            except UnreadableError as error:
                raise InputError(f"{path}, line {number}: {error}.") from None
    raise InputError(f"{path} has no alert {alert_id}.")


def with_transactions(case: Case, inputs: Sequence[str], mapping: Path | None) -> Case:
    """
    The case with the transactions of its evidence as files have them, ids included.

    Raises:
        InputError: a file cannot be read, or an event of the evidence is in none of them.
    """
    from sentinel_cli.inputs import load_transactions, read_mapping

    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        read = read_mapping(mapping) if mapping else None
        load_transactions(connection, inputs, mapping=read, arrived=datetime.now(UTC))
        found = _evidence(connection, case.alert)
    missing = [event for event in case.alert["evidence"] if event not in found]
    if missing:
        raise InputError(
            f"{len(missing)} of the {len(case.alert['evidence'])} transactions of the evidence are not in --input: "
            "give the files that were replayed."
        )
    return replace(case, transactions=sorted(found.values()))


def with_decision(case: Case, ledger: Ledger) -> Case:
    """The case with what an analyst decided last, as the ledger has it; LedgerError where it cannot be read."""
    found = latest(recorded(ledger, case.alert["alert_id"]))
    at = datetime.fromtimestamp(found["decided_at"] / 1000, UTC) if found else None
    return replace(case, analyst={**found, "decided_at": at} if found else None)


def _lines(path: Path) -> Iterator[tuple[int, bytes]]:
    try:
        with (gzip.open if path.suffix == ".gz" else open)(path, "rb") as file:
            yield from enumerate(file, 1)
    except (OSError, EOFError, zlib.error) as error:
        raise InputError(f"{path} cannot be read: {error}; give alerts as JSON Lines.") from None


def _object(line: bytes) -> dict[str, Any]:
    try:
        found = orjson.loads(line)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _case(found: dict[str, Any], pipeline: Pipeline) -> Case:
    alert = RowContract(pipeline.table(ALERTS)).row(found)
    disposition = RowContract(pipeline.table(DISPOSITIONS)).row(found) if found.get("decision") else None
    summary = found.get("summary")
    if not isinstance(summary, str | None):
        raise UnreadableError("summary: it is no text")
    return Case(alert, facts(alert), disposition, summary)


def _evidence(connection: duckdb.DuckDBPyConnection, alert: Row) -> dict[str, Transaction]:
    """By event id, the first that arrived."""
    rows = connection.execute(
        "SELECT event_time, transaction_type, direction, CAST(amount AS DECIMAL(18, 2)), currency, country, event_id,"
        " counterparty_id FROM arrived_transactions WHERE account_id = ? AND list_contains(?::VARCHAR[], event_id)"
        " ORDER BY __seq DESC",
        [alert["account_id"], alert["evidence"]],
    ).fetchall()
    return {row[6]: Transaction(*row) for row in rows}
