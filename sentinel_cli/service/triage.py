"""The loop from committed alerts to enriched alerts and dispositions."""

import time
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from typing import Any

from confluent_kafka import Consumer, KafkaException, Message, TopicPartition

from sentinel_cli.kafka.reading import Row, RowContract, UnreadableError, alert_id_of, plain
from sentinel_cli.kafka.wire import FrameError, unframe
from sentinel_cli.llm.kept import Kept
from sentinel_cli.llm.rules import never
from sentinel_cli.llm.status import StoppedError
from sentinel_cli.local._run import Managed
from sentinel_cli.local.engine import Engine
from sentinel_cli.service.clients import abort, checked, committed, consumer, reader, unread
from sentinel_cli.service.inlet import Rejected
from sentinel_cli.service.job import Job, note
from sentinel_cli.service.outlet import Outlet, transactional_producer
from sentinel_cli.service.schemas import Schemas
from sql.topics import ALERTS, DISPOSITIONS, ENRICHED

LOOP = "triage"
_BATCH = 1_000
"""Alerts of a transaction, at most."""
_GROWTH = 10
"""How many times the least batch of a model the largest is: between two batches a model has nothing to do."""
_AIM = 15.0
"""Seconds that a batch should take: a member that joins or takes over waits for the others to end theirs."""
_DAY = 86_400
"""Seconds; the longest poll interval that librdkafka takes."""
_GATHER = 1.0
"""Seconds for which alerts are gathered: DuckDB plans the statements for a tenth of a second, however few they are."""
_MOST = 1_000_000
"""Ids that are remembered of a partition: an alert comes again only where its rule is run anew."""
_RECALLED = 200_000
"""Enriched alerts of a partition that are read back, so that one that repeats another is known."""


class Triage:
    """One session of the loop: an engine, a consumer and a producer, until one of them fails for good."""

    def __init__(
        self, job: Job, schemas: Schemas, transactional_id: str, managed: Mapping[str, Managed], kept: Kept
    ) -> None:
        self.job, self.figures, self.kept = job, job.figures, kept
        """`managed` keeps its answers in `kept`; they are forgotten when their alerts are committed."""
        self.contracts = {topic: RowContract(job.pipeline.table(topic)) for topic in (ALERTS, ENRICHED)}
        self.recorder = job.recorder
        self.engine = Engine(job.pipeline, after=ALERTS, managed=managed)
        self.engine.connection.execute("SET threads = 1")
        self.producer = transactional_producer(job.connection, transactional_id)
        self.outlet = Outlet(self.producer, schemas.ids)
        self.batch = self.least = min(_BATCH, job.answering.batch or _BATCH)
        # A model takes seconds: what a batch may take at most must not count as a member that hangs.
        longest = min(300 + _GROWTH * job.answering.longest, _DAY)
        self.consumer = consumer(job.connection, job.group(LOOP), {"max.poll.interval.ms": round(longest * 1000)})
        self.stopping: Callable[[], bool] = never
        self.seen: dict[int, OrderedDict[bytes, None]] = {}
        """Ids that have a disposition, by partition."""

    def run(self, stopping: Callable[[], bool]) -> None:
        """Go on until it is stopped, or FatalClientError; StoppedError where it is stopped as it reads back."""
        self.stopping = stopping
        handlers = {"on_assign": self._assigned, "on_revoke": self._revoked, "on_lost": self._revoked}
        self.consumer.subscribe([ALERTS], **handlers)
        try:
            while not stopping():
                messages, ends = checked(self.consumer.consume(self.batch, _GATHER))
                started = time.monotonic()
                self.figures.beat(LOOP)
                if messages:
                    self._cycle(messages)
                    seconds = time.monotonic() - started
                    self.figures.beat(LOOP, seconds)
                    self.batch = fitting(len(messages), seconds, self.batch, self.least)
                for partition, end in ends.items():
                    self.figures.behind(LOOP, partition, unread(self.consumer, ALERTS, partition, end))
        finally:
            with suppress(KafkaException, RuntimeError):
                self.consumer.close()
            self.engine.connection.close()

    def _cycle(self, messages: list[Message]) -> None:
        try:
            self._step(messages)
        except KafkaException as error:
            self._abort(error)

    def _step(self, messages: list[Message]) -> None:
        """Answer alerts and commit; a transaction is open only while answers are written."""
        alerts, rejected = self._read(messages)
        answers = self._answers(list(alerts.values()))
        offsets = {m.partition() or 0: (m.offset() or 0) + 1 for m in messages}
        self.producer.begin_transaction()
        for topic, rows in answers.items():
            self.outlet.write(topic, rows)
        for record in rejected:
            self.outlet.reject(record, ALERTS)
        positions = [TopicPartition(ALERTS, partition, offset) for partition, offset in offsets.items()]
        self.producer.send_offsets_to_transaction(positions, self.consumer.consumer_group_metadata(), 10)
        self.producer.commit_transaction(30)
        self.kept.committed()
        for partition, alert_id in alerts:
            self._remember(partition, alert_id)
        self.figures.add("rejected", len(rejected))
        self.figures.add_labelled("dispositions", (row["decision"] for row in answers[DISPOSITIONS]))
        for partition, offset in offsets.items():
            self.figures.behind(LOOP, partition, unread(self.consumer, ALERTS, partition, offset))

    def _answers(self, alerts: list[dict[str, Any]]) -> dict[str, list[dict[str, Any]]]:
        """Enriched alerts and dispositions, recorded; the engine remembers none, as the transaction may be aborted."""
        self.kept.begin()
        self.engine.append(ALERTS, alerts)
        self.engine.decide()
        answers = {topic: self.engine.rows(topic) for topic in (ENRICHED, DISPOSITIONS)}
        prompts = self.engine.asked("ML_PREDICT")
        self.engine.clear()
        self.recorder.record(prompts, answers[ENRICHED], answers[DISPOSITIONS])
        return answers

    def _read(self, messages: list[Message]) -> tuple[dict[tuple[int, bytes], dict[str, Any]], list[Rejected]]:
        """Alerts that have no disposition yet, the first of each id, and records that are no alert."""
        alerts: dict[tuple[int, bytes], dict[str, Any]] = {}
        rejected = []
        for message in messages:
            partition = message.partition() or 0
            try:
                alert = self._row(ALERTS, message.value())
                alert_id = bytes.fromhex(alert["alert_id"])
            except (FrameError, UnreadableError) as error:
                value = message.value() or b""
                text = value.decode("utf-8", "backslashreplace") if isinstance(value, bytes) else value
                place = (partition, message.offset() or 0, message.timestamp()[1])
                rejected.append(Rejected(*place, f"no alert: {error}", text, None))
                continue
            if alert_id not in self.seen.get(partition, ()):
                alerts.setdefault((partition, alert_id), alert)
        return alerts, rejected

    def _row(self, topic: str, value: bytes | None) -> Row:
        return plain(self.contracts[topic].read(unframe(value)[1]))

    def _abort(self, error: KafkaException) -> None:
        """Take the transaction back and read on from the committed offsets."""
        note(f"A transaction of triage is aborted and repeated: {abort(self.producer, error)}.")
        self.figures.aborted.labels(LOOP).inc()
        self._assigned(self.consumer, self.consumer.assignment())

    def _assigned(self, _: Consumer, partitions: list[TopicPartition]) -> None:
        positions = committed(self.consumer, ALERTS, partitions)
        for position in positions:
            if position.offset < 0:
                position.offset = self.consumer.get_watermark_offsets(position, timeout=30)[0]
            self.seen[position.partition] = self._decided(position.partition)
            self._recall(position.partition)
        self.consumer.assign(positions)

    def _revoked(self, _: Consumer, partitions: list[TopicPartition]) -> None:
        for partition in partitions:
            self.seen.pop(partition.partition, None)

    def _decided(self, partition: int) -> OrderedDict[bytes, None]:
        """The ids of a partition's dispositions, read back: those of an account's alerts are in the same partition."""
        values = self._read_back(DISPOSITIONS, partition, 2 * _MOST)
        found = (alert_id_of(value) for value in values)
        return OrderedDict((alert_id, None) for alert_id in found if alert_id is not None)

    def _recall(self, partition: int) -> None:
        """Let the engine know the alerts that others may repeat."""
        rows: list[dict[str, Any]] = []
        for value in self._read_back(ENRICHED, partition, _RECALLED):
            with suppress(FrameError, UnreadableError):
                rows.append(self._row(ENRICHED, value))
        self.engine.recall(ENRICHED, rows)

    def _read_back(self, topic: str, partition: int, most: int) -> Iterator[bytes]:
        """The newest committed records of a partition, about so many."""
        back = reader(self.job.connection, self.job.group("restore"))
        try:
            first, end = back.get_watermark_offsets(TopicPartition(topic, partition), timeout=30)
            back.assign([TopicPartition(topic, partition, max(first, end - most))])
            while first < end:
                # With half of what was decided it must not go on, and a broker that is away gives no more of it.
                if self.stopping():
                    raise StoppedError
                messages, ends = checked(back.consume(10_000, 1.0))
                yield from (value for message in messages if isinstance(value := message.value(), bytes))
                if ends:
                    break
        finally:
            back.close()

    def _remember(self, partition: int, alert_id: bytes) -> None:
        seen = self.seen.setdefault(partition, OrderedDict())
        seen[alert_id] = None
        if len(seen) > _MOST:
            seen.popitem(last=False)


def fitting(alerts: int, seconds: float, batch: int, least: int) -> int:
    """
    How many alerts to take next: what is answered in the seconds of a batch, and no more than twice the last batch.

    Args:
        alerts: Those just answered.
        seconds: How long that took, commit included.
        batch: How many would have been taken.
        least: The smallest batch; others are multiples of it, so that a model's last requests are as many as may be.
    """
    fits = round(alerts * _AIM / seconds // least * least)
    return max(least, min(fits, 2 * batch, _GROWTH * least, _BATCH))
