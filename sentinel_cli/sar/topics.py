"""A case from the pipeline's topics, with the analyst's account, outside of any consumer group."""

from sentinel_cli.kafka.connection import Account, connect
from sentinel_cli.kafka.preflight import check_broker
from sentinel_cli.kafka.reading import Row, RowReader, UnreadableError, alert_id_of
from sentinel_cli.kafka.registry import Registry
from sentinel_cli.kafka.tail import Tail
from sentinel_cli.sar.case import Case, facts
from sql import Pipeline
from sql.errors import InputError
from sql.topics import ALERTS, DISPOSITIONS, ENRICHED

_SECONDS = 0.5


def case_from_topics(alert_id: str, stack: str | None, pipeline: Pipeline) -> Case:
    """
    The case of an alert; read from the beginning of the topics, since an alert says nothing of its partition.

    Only committed records count, and of two decisions the first.
    Raises:
        InputError: there is no such alert, as far back as the topics go, or it cannot be read.
        ServiceError: broker or registry refuses or does not answer.
    """
    connection = connect(Account.analyst, stack)
    check_broker(connection)
    registry = Registry(connection)
    readers = {name: RowReader(pipeline.table(name), registry) for name in (ALERTS, ENRICHED, DISPOSITIONS)}
    tail = Tail(connection, list(readers), committed=True)
    try:
        found = _read(tail, bytes.fromhex(alert_id), readers)
    finally:
        tail.close()
    alert, enriched = found.get(ALERTS), found.get(ENRICHED)
    if alert is None:
        raise InputError(f"There is no alert {alert_id} in {ALERTS}, as far back as it goes.")
    return Case(alert, facts(alert), found.get(DISPOSITIONS), enriched["summary"] if enriched else None)


def _read(tail: Tail, alert_id: bytes, readers: dict[str, RowReader]) -> dict[str, Row]:
    """The first row of the alert in each topic; ends with the topics, or when each has given one."""
    found: dict[str, Row] = {}
    tail.start_at(0)
    while len(found) < len(readers):
        messages = tail.read(1000, _SECONDS)
        for message in messages:
            topic = message.topic() or ""
            if topic not in found and alert_id_of(message.value()) == alert_id:
                try:
                    found[topic] = readers[topic].row(message.value())
                except UnreadableError as error:
                    raise InputError(f"The record of the alert in {topic} cannot be read: {error}.") from None
        if tail.at_end and not messages:
            break
    return found
