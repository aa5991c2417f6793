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
"""What an error of the client means, what tells most first: one of two addresses of a host may be unreachable while the
other refuses the key. A wrong password is repeated for ever, and never fatal."""
_AT_ONCE = (KafkaError._AUTHENTICATION, KafkaError._SSL)
_PATIENCE = 3.0
"""Seconds that a broker may be unreachable before that is final: it may be starting."""


def check_broker(connection: Connection, seconds: float = 15, patience: float = _PATIENCE) -> None:
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
        codes = {problem.code() for problem in problems}
        found = next((code for code in _SAYS if code in codes), None)
        if found is not None and (found in _AT_ONCE or passed > patience):
            raise ServiceError(f"The broker at {connection.bootstrap} {_SAYS[found]}.")
    raise ServiceError(f"The broker at {connection.bootstrap} does not answer within {seconds:.0f} s.")
