"""How many transactions come, by the ends of their topic's partitions: none of them is read."""

from dataclasses import dataclass

from confluent_kafka import KafkaException, TopicPartition
from confluent_kafka.admin import AdminClient, OffsetSpec  # type: ignore[attr-defined]

from sentinel_cli.kafka.connection import Connection
from sql.topics import RAW

_SECONDS = 3.0
_LATEST: OffsetSpec = OffsetSpec.latest()  # type: ignore[no-untyped-call]


@dataclass(frozen=True)
class Answer:
    """What the broker says."""

    is_there: bool
    """Whether it says anything."""
    new: int | None
    """Offsets since the last answer, ends of transactions among them; None where the key may not ask."""


class EventCount:
    """Asks for the ends, again and again."""

    def __init__(self, connection: Connection) -> None:
        self.admin = AdminClient(connection.client())
        self._last: int | None = None

    def ask(self) -> Answer:
        """What is new; the first answer counts nothing."""
        try:
            topic = self.admin.list_topics(timeout=_SECONDS).topics.get(RAW)
        except KafkaException:
            return Answer(is_there=False, new=None)
        places = [TopicPartition(RAW, partition) for partition in topic.partitions] if topic else []
        if not places:
            return Answer(is_there=True, new=None)
        try:
            ends: dict[TopicPartition, OffsetSpec] = dict.fromkeys(places, _LATEST)
            asked = self.admin.list_offsets(ends, request_timeout=_SECONDS)
            total = sum(answer.result().offset for answer in asked.values())
        except KafkaException:
            return Answer(is_there=True, new=None)
        last, self._last = self._last, total
        return Answer(is_there=True, new=0 if last is None else max(0, total - last))
