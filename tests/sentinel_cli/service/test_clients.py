"""What the service makes of what its clients say."""

from typing import Any, cast

import pytest
from confluent_kafka import KafkaError, KafkaException, TopicPartition

from sentinel_cli.service.clients import committed


class Position:
    """A partition's committed offset, or why it is not known; librdkafka alone can make one with an error."""

    def __init__(self, partition: int, offset: int, error: KafkaError | None = None) -> None:
        self.partition, self.offset, self.error = partition, offset, error


class Told:
    """A consumer that is told these positions."""

    def __init__(self, *positions: Position) -> None:
        self.positions, self.asked = list(positions), list[tuple[str, int]]()

    def committed(self, partitions: list[TopicPartition], _: float) -> list[Position]:
        self.asked = [(each.topic, each.partition) for each in partitions]
        return self.positions


def test_a_partition_without_a_committed_offset_is_told_apart_from_one_whose_offset_is_not_known() -> None:
    partitions = [TopicPartition("any", 0), TopicPartition("any", 3)]
    known = Told(Position(0, 7), Position(3, -1001))
    found = committed(cast("Any", known), "a topic", partitions)
    assert known.asked == [("a topic", 0), ("a topic", 3)]
    assert [position.offset for position in found] == [7, -1001]
    unknown = Told(Position(0, 7), Position(3, -1001, KafkaError(KafkaError.REQUEST_TIMED_OUT)))
    with pytest.raises(KafkaException):
        committed(cast("Any", unknown), "a topic", partitions)
