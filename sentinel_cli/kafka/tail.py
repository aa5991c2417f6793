"""Reads topics outside of any group: every partition, from a moment on, to the end and on."""

from collections.abc import Sequence

from confluent_kafka import Consumer, KafkaError, KafkaException, Message, TopicPartition

from sentinel_cli.kafka.connection import Connection
from sentinel_cli.kafka.faults import question, raise_if_final

_SECONDS = 15


class Tail:
    """Partitions of some topics; a topic that is not there has none."""

    def __init__(self, connection: Connection, topics: Sequence[str], *, committed: bool) -> None:
        settings = {
            # A group's name is asked for, and not used: nothing is committed, so no right on a group is needed.
            "group.id": "sentinel-tail",
            "enable.auto.commit": False,
            "enable.partition.eof": True,
            "auto.offset.reset": "earliest",
            "isolation.level": "read_committed" if committed else "read_uncommitted",
            "queued.max.messages.kbytes": 16_384,
        }
        self.consumer = Consumer(connection.client(settings))
        with question():
            known = self.consumer.list_topics(timeout=_SECONDS).topics
        self.partitions = [(topic, p) for topic in topics if topic in known for p in known[topic].partitions]
        self._ended: set[tuple[str, int]] = set()

    @property
    def at_end(self) -> bool:
        """Whether each partition was read to its end, as far as this reader may see it."""
        return len(self._ended) == len(self.partitions)

    def start_at(self, moment: int) -> None:
        """Go to the first records written at `moment` (epoch ms of the record's timestamp) or later."""
        # The ends are asked for first: what is written between the two questions is read, and not jumped over.
        ends = {place: self._ends(place)[1] for place in self.partitions}
        asked = [TopicPartition(topic, partition, moment) for topic, partition in self.partitions]
        with question():
            found = self.consumer.offsets_for_times(asked, timeout=_SECONDS) if asked else []
            for place in found:
                # Taken for "nothing since then" it would jump over all that is there.
                if place.error is not None:
                    raise KafkaException(place.error)
        self._assign([(p.topic, p.partition, p.offset if p.offset >= 0 else ends[p.topic, p.partition]) for p in found])

    def start_before_end(self, records: int) -> None:
        """Go to so many records before the end of each partition."""
        places = [(*place, *self._ends(place)) for place in self.partitions]
        self._assign([(topic, partition, max(low, high - records)) for topic, partition, low, high in places])

    def read(self, most: int, seconds: float) -> list[Message]:
        """
        Records as they come: at most so many, after at most so long.

        Raises:
            ServiceError: the broker refuses for good.
        """
        records = []
        for message in self.consumer.consume(most, timeout=seconds):
            place, error = (message.topic() or "", message.partition() or 0), message.error()
            if error is None:
                self._ended.discard(place)
                records.append(message)
            elif error.code() == KafkaError._PARTITION_EOF:
                self._ended.add(place)
            # The client looks for its group's coordinator all the same, and may not.
            elif error.code() != KafkaError.GROUP_AUTHORIZATION_FAILED:
                raise_if_final(error)
        return records

    def close(self) -> None:
        """Leave the broker."""
        self.consumer.close()

    def _ends(self, place: tuple[str, int]) -> tuple[int, int]:
        with question():
            low, high = self.consumer.get_watermark_offsets(TopicPartition(*place), timeout=_SECONDS)
        return low, high

    def _assign(self, places: Sequence[tuple[str, int, int]]) -> None:
        self._ended.clear()
        self.consumer.assign([TopicPartition(topic, partition, offset) for topic, partition, offset in places])
