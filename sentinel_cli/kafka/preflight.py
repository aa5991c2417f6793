"""Whether the broker answers, before a command relies on it: librdkafka itself never gives up."""

import time

from confluent_kafka import KafkaError, KafkaException, Producer

from sentinel_cli.kafka.connection import Connection
from sql.errors import ServiceError

_SAYS = {
    KafkaError._AUTHENTICATION: "refuses the key or its secret",
    KafkaError._SSL: "shows a certificate that is not trusted, or speaks no TLS; see SENTINEL_KAFKA_CA_LOCATION",
    KafkaError._RESOLVE: "has no such host name",
    KafkaError._TRANSPORT: "cannot be reached",
}
"""What an error of the client means, the most telling first; a wrong password is repeated for ever, and never fatal."""
_PATIENCE = 3.0
"""Seconds that a broker may be unreachable before that is final: it may be starting. A refused key is final at once."""


def check_broker(connection: Connection, seconds: float = 15) -> None:
    """
    Ask the broker for its metadata once.

    Raises:
        ServiceError: it does not answer in time, or refuses; says why in one sentence.
    """
    problems: list[KafkaError] = []
    producer = Producer(connection.client({"error_cb": problems.append}))
    started = time.monotonic()
    while (passed := time.monotonic() - started) < seconds:
        try:
            producer.list_topics(timeout=0.3)
        except KafkaException:
            producer.poll(0)
        else:
            return
        found = {problem.code() for problem in problems}
        cause = next((code for code in _SAYS if code in found), None)
        if cause is not None and (cause == KafkaError._AUTHENTICATION or passed > _PATIENCE):
            raise ServiceError(f"The broker at {connection.bootstrap} {_SAYS[cause]}.")
    raise ServiceError(f"The broker at {connection.bootstrap} does not answer within {seconds:.0f} s.")
