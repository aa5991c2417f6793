"""Records a decision: in the ledger first, then in the topic."""

import time
from contextlib import suppress
from dataclasses import asdict
from typing import Any

import orjson
from confluent_kafka import KafkaError, Message, Producer

from sentinel_cli.analyst.decision import Decided, record_of
from sentinel_cli.kafka.agreement import contradiction
from sentinel_cli.kafka.connection import Account, Connection, connect
from sentinel_cli.kafka.lookup import find_alert, records_of
from sentinel_cli.kafka.preflight import check_broker
from sentinel_cli.kafka.reading import RowReader, UnreadableError
from sentinel_cli.kafka.registry import Registry
from sentinel_cli.kafka.wire import frame, unframe
from sentinel_cli.ledger.store import Ledger
from sentinel_cli.producer.outbox import settings
from sentinel_cli.scoring import epoch_ms
from sentinel_cli.topics.plan import subject
from sql import load_pipeline
from sql.errors import ServiceError, UsageError
from sql.topics import ALERTS, ANALYST_DECISIONS

_PATIENCE = 30.0
"""Seconds in which the broker has to confirm."""
_DAY = 86_400_000
"""Milliseconds by which the clocks of two desks surely differ less."""


def decide(decided: Decided, stack: str | None, ledger: Ledger) -> None:
    """
    Look the alert up, write the decision down, and wait until the topic has it.

    Raises:
        UsageError: the topic has no such alert.
        LedgerError: it cannot be recorded; nothing was sent then.
        ServiceError: broker or registry does not answer or refuses; says whether the ledger has it.
    """
    ledger.make()
    connection = connect(Account.analyst, stack)
    check_broker(connection)
    schema_id = _schema(connection)
    account_id = _account_of(decided.alert_id, connection)
    now = time.time_ns() // 1_000_000
    said = decided.at(ledger, now)
    if said != now and _is_overruled(decided.alert_id, said, connection):
        said = now
    row = {**asdict(decided), "account_id": account_id, "decided_at": said}
    ledger.append([record_of(row)])
    _send(row, schema_id, connection)


def _schema(connection: Connection) -> int:
    table = load_pipeline().table(ANALYST_DECISIONS)
    known = Registry(connection).latest(subject(table))
    if known is None:
        raise ServiceError(
            f"The registry has no subject {subject(table)}: run `sentinel topics create --yes`, or `pulumi up`."
        )
    if why := contradiction(table, known):
        raise ServiceError(f"The registry's schema of {ANALYST_DECISIONS} is another: {why}.")
    return known.id


def _account_of(alert_id: str, connection: Connection) -> str:
    """The account of an alert, which is the key of its records."""
    found = find_alert(alert_id, connection)
    if found is None:
        raise UsageError(f"There is no alert {alert_id} in {ALERTS}.")
    return str(orjson.loads(unframe(found.value())[1])["account_id"])


def _is_overruled(alert_id: str, said: int, connection: Connection) -> bool:
    """Whether the topic has a later decision on the alert: another desk's, of which this ledger knows nothing."""
    reader = RowReader(load_pipeline().table(ANALYST_DECISIONS), Registry(connection))
    for message in records_of(alert_id, ANALYST_DECISIONS, connection, max(0, said - _DAY)):
        with suppress(UnreadableError):
            if epoch_ms(reader.row(message.value())["decided_at"]) > said:
                return True
    return False


def _send(row: dict[str, Any], schema_id: int, connection: Connection) -> None:
    """Send it, acknowledged by all replicas that are in sync, once."""
    ended = ["it does not answer"]

    def report(error: KafkaError | None, _: Message) -> None:
        ended[:] = [] if error is None else [error.str()]

    producer = Producer(connection.client(settings(_PATIENCE)))
    producer.produce(
        ANALYST_DECISIONS, frame(schema_id, orjson.dumps(row)), row["account_id"].encode(), on_delivery=report
    )
    producer.flush(_PATIENCE + 1)
    if ended:
        raise ServiceError(
            f"The decision stands in the ledger, and the broker did not take it ({ended[0]}): run the command again."
        )
