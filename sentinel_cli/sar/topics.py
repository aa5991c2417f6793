"""A case from the pipeline's topics, with the analyst's account, outside of any consumer group."""

from confluent_kafka import Message

from sentinel_cli.analyst.decision import latest
from sentinel_cli.kafka.connection import Account, connect
from sentinel_cli.kafka.lookup import find_alert, first_record, records_of
from sentinel_cli.kafka.preflight import check_broker
from sentinel_cli.kafka.reading import Row, RowReader, UnreadableError
from sentinel_cli.kafka.registry import Registry
from sentinel_cli.sar.case import Case, facts
from sql import Pipeline
from sql.errors import InputError
from sql.topics import ALERTS, ANALYST_DECISIONS, DISPOSITIONS, ENRICHED


def case_from_topics(alert_id: str, stack: str | None, pipeline: Pipeline) -> Case:
    """
    The case of an alert; of two summaries or dispositions the first counts, and of an analyst's decisions the latest.

    Raises:
        InputError: there is no such alert, as far back as the topics go, or one of its records cannot be read.
        ServiceError: broker or registry refuses or does not answer.
    """
    connection = connect(Account.analyst, stack)
    check_broker(connection)
    registry = Registry(connection)

    def row(message: Message) -> Row:
        topic = message.topic() or ""
        try:
            return RowReader(pipeline.table(topic), registry).row(message.value())
        except UnreadableError as error:
            raise InputError(f"The record of the alert in {topic} cannot be read: {error}.") from None

    found = find_alert(alert_id, connection)
    if found is None:
        raise InputError(f"There is no alert {alert_id} in {ALERTS}, as far back as it goes.")
    alert = row(found)
    enriched, disposition = (first_record(alert_id, topic, connection) for topic in (ENRICHED, DISPOSITIONS))
    analyst = latest(map(row, records_of(alert_id, ANALYST_DECISIONS, connection)))
    return Case(
        alert,
        facts(alert),
        row(disposition) if disposition else None,
        row(enriched)["summary"] if enriched else None,
        dict(analyst) if analyst else None,
    )
