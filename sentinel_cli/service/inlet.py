"""Records of the topic of transactions as rows for the engine, and those that cannot be read with the reason."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import duckdb
import numpy as np
from confluent_kafka import Message

from sentinel_cli.inputs.contract import REQUIRED
from sentinel_cli.inputs.json_lines import judged_json, plain_json
from sentinel_cli.kafka.registry import RegistryDownError
from sentinel_cli.kafka.wire import HEADER_SIZE, FrameError, unframe

PARTITIONS = 4096
"""Partitions that a row's place in order of arrival has room for: `offset * PARTITIONS + partition`."""
POSITION = f"format('partition {{}}, offset {{}}', __seq % {PARTITIONS}, __seq // {PARTITIONS})"
"""A row's place in the log in words, as SQL."""
_WRONG_KEY = "WHEN key IS DISTINCT FROM j.account_id THEN 'key is not the account_id'"
_REASON = f"""CASE WHEN j.reason IS NOT NULL THEN j.reason
    WHEN json_exists(line, '$."$rowtime"') THEN 'unknown field "$rowtime"'
    WHEN json_type(line, '$.event_time') = 'VARCHAR' THEN 'event_time is not a number' {_WRONG_KEY} END"""
_UNPROVEN = "not proven good"


@dataclass(frozen=True)
class Rejected:
    """A record that cannot be read."""

    partition: int
    offset: int
    arrived_at: int
    """Epoch milliseconds."""
    reason: str
    record: str
    key: bytes | None


@dataclass
class Arrived:
    """What a batch of records holds."""

    rows: str = ""
    """Relation for the engine, empty where no record could be read."""
    count: int = 0
    rejected: list[Rejected] = field(default_factory=list)
    unknown: dict[int, int] = field(default_factory=dict)
    """By partition, the place in the batch of the first record whose schema cannot be looked up now."""


class Inlet:
    """Reads batches into tables of a connection."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, type_of: Callable[[int], str | None]) -> None:
        self.connection, self.type_of = connection, type_of
        self.headers: set[bytes] = set()
        """Frames of schemas that are known to be JSON."""

    def read(self, messages: Sequence[Message], *, give_up: frozenset[int] = frozenset()) -> Arrived:
        """
        The rows of records, in order of arrival in each partition.

        A record whose schema id nobody knows while the registry is down holds up its partition: it and what is behind
        it are left out, unless its partition is in `give_up`; there such a record is rejected.
        """
        arrived = Arrived()
        columns: dict[str, list[Any]] = {"__seq": [], "__partition": [], "arrived": [], "key": [], "line": []}
        add_sequence, add_partition, add_arrived, add_key, add_line = (column.append for column in columns.values())
        for place, message in enumerate(messages):
            partition = message.partition() or 0
            if partition in arrived.unknown:
                continue
            try:
                line = self._text(message.value())
            except RegistryDownError as error:
                if partition not in give_up:
                    arrived.unknown[partition] = place
                    continue
                arrived.rejected.append(_rejected(message, f"schema id not known: {error}"))
                continue
            except (FrameError, UnicodeDecodeError) as error:
                reason = "not UTF-8" if isinstance(error, UnicodeDecodeError) else f"wire format: {error}"
                arrived.rejected.append(_rejected(message, reason))
                continue
            add_sequence((message.offset() or 0) * PARTITIONS + partition)
            add_partition(partition)
            add_arrived(message.timestamp()[1])
            add_key(_key(message.key()))
            add_line(line)
        if columns["line"]:
            self._judge(columns, arrived, messages)
        return arrived

    def _text(self, value: bytes | None) -> str:
        header = (value or b"")[:HEADER_SIZE]
        if value and header in self.headers:
            return value[HEADER_SIZE:].decode()
        schema_id, record = unframe(value)
        kind = self.type_of(schema_id)
        if kind is None:
            raise FrameError(f"schema id {schema_id} is not in the registry")
        if kind != "JSON":
            raise FrameError(f"schema id {schema_id} is {kind} and not JSON")
        self.headers.add(header)
        return record.decode()

    def _judge(self, columns: dict[str, list[Any]], arrived: Arrived, messages: Sequence[Message]) -> None:
        numbers = {name: np.array(columns[name], dtype=np.int64) for name in ("__seq", "__partition", "arrived")}
        texts = {name: np.array(columns[name], dtype=object) for name in ("key", "line")}
        self.connection.register("__records", numbers | texts)
        self.connection.execute("CREATE OR REPLACE TEMP TABLE __read AS SELECT * FROM __records")
        self.connection.unregister("__records")
        found = self._arrive(plain_json("__read"), f"CASE WHEN NOT is_plain THEN '{_UNPROVEN}' {_WRONG_KEY} END")
        if _UNPROVEN in found.values():
            found = self._arrive(judged_json("__read", "NULL::TIMESTAMP"), _REASON)
        if found:
            numbered = ((_sequence(message), message) for message in messages)
            arrived.rejected += [_rejected(message, found[number]) for number, message in numbered if number in found]
        arrived.count = len(columns["line"]) - len(found)
        arrived.rows = "(SELECT * EXCLUDE (reason) FROM __arrived WHERE reason IS NULL)" if arrived.count else ""

    def _arrive(self, judged: str, reason: str) -> dict[int, str]:
        """Make the table of rows, and give the reasons of those that cannot be read, by `__seq`."""
        columns = ", ".join(f"j.{column}" for column in REQUIRED) + ", j.counterparty_id"
        self.connection.execute(
            f"""CREATE OR REPLACE TEMP TABLE __arrived AS
            SELECT __seq, __partition::INTEGER AS __partition, {columns},
                   make_timestamp_ms(arrived) AS "$rowtime", {reason} AS reason
            FROM __read POSITIONAL JOIN ({judged}) AS j"""
        )
        return dict(self.connection.execute("SELECT __seq, reason FROM __arrived WHERE reason IS NOT NULL").fetchall())


def _sequence(message: Message) -> int:
    return (message.offset() or 0) * PARTITIONS + (message.partition() or 0)


def _key(key: bytes | str | None) -> str | None:
    return key.decode("utf-8", "backslashreplace") if isinstance(key, bytes) else key


def _rejected(message: Message, reason: str) -> Rejected:
    value = message.value() or b""
    body = value[5:] if value[:1] == b"\0" else value
    text = body.decode("utf-8", "backslashreplace") if isinstance(body, bytes) else body
    key = message.key()
    return Rejected(
        message.partition() or 0,
        message.offset() or 0,
        message.timestamp()[1],
        reason,
        text,
        key.encode() if isinstance(key, str) else key,
    )
