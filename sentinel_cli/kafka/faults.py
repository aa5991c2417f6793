"""Which errors of a reading client are final: librdkafka repeats every one for ever."""

from collections.abc import Iterator
from contextlib import contextmanager

from confluent_kafka import KafkaError, KafkaException

from sql.errors import ServiceError

_SAYS = {
    KafkaError.UNKNOWN_TOPIC_OR_PART: "has no such topic; `sentinel topics create` makes the pipeline's topics",
    KafkaError._UNKNOWN_TOPIC: "has no such topic; `sentinel topics create` makes the pipeline's topics",
    KafkaError.TOPIC_AUTHORIZATION_FAILED: "does not let this key read a topic",
    KafkaError.GROUP_AUTHORIZATION_FAILED: "does not let this key use the consumer group",
    KafkaError._AUTHENTICATION: "refuses the key or its secret",
    KafkaError._FATAL: "does not take this client any more",
}


def raise_if_final(error: KafkaError) -> None:
    """
    Let an error pass that the client mends by itself.

    Raises:
        ServiceError: it does not; in one sentence.
    """
    if error.code() in _SAYS:
        raise ServiceError(f"The broker {_SAYS[error.code()]} ({error.str()}).")


@contextmanager
def question() -> Iterator[None]:
    """
    A question that the broker has to answer at once.

    Raises:
        ServiceError: it does not.
    """
    try:
        yield
    except KafkaException as failure:
        error = failure.args[0]
        raise_if_final(error)
        raise ServiceError(f"The broker does not answer ({error.str()}).") from None
