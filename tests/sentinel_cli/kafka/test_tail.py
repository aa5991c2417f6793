"""A reader of all partitions takes no error for the end of one."""

from typing import Any, cast

import pytest
from confluent_kafka import KafkaError, TopicPartition

from sentinel_cli.kafka.tail import Tail
from sql.errors import ServiceError


class Place:
    """Where the records of a time begin, or why it is not known; librdkafka alone can make one with an error."""

    def __init__(self, offset: int, error: KafkaError | None) -> None:
        self.topic, self.partition, self.offset, self.error = "a topic", 0, offset, error


class Told:
    """A consumer that is told this place."""

    def __init__(self, place: Place) -> None:
        self.place, self.assigned = place, list[int]()

    def get_watermark_offsets(self, _: TopicPartition, **__: float) -> tuple[int, int]:
        return 3, 9

    def offsets_for_times(self, _: list[TopicPartition], **__: float) -> list[Place]:
        return [self.place]

    def assign(self, places: list[TopicPartition]) -> None:
        self.assigned = [place.offset for place in places]


def begun(offset: int, error: KafkaError | None = None) -> list[int]:
    """The offsets at which a tail begins that has asked for a time."""
    tail, told = Tail.__new__(Tail), Told(Place(offset, error))
    tail.consumer, tail.partitions, tail._ended = cast("Any", told), [("a topic", 0)], set()
    tail.start_at(1)
    return told.assigned


def test_it_begins_at_the_time_or_at_the_end_where_nothing_is_as_new() -> None:
    assert begun(5) == [5]
    assert begun(-1) == [9]


def test_a_partition_of_which_the_broker_does_not_say_it_is_not_at_its_end() -> None:
    with pytest.raises(ServiceError, match=r"The broker does not answer"):
        begun(-1001, KafkaError(KafkaError.REQUEST_TIMED_OUT))
