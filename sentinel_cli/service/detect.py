"""A loop from transactions to alerts, late transactions and dead letters."""

import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing, suppress
from typing import Any

import duckdb
from confluent_kafka import Consumer, KafkaException, Message, TopicPartition

from sentinel_cli.local._capture import Capture
from sentinel_cli.local.engine import Engine
from sentinel_cli.service.clients import abort, checked, committed, consumer, unread
from sentinel_cli.service.heartbeats import Heartbeats
from sentinel_cli.service.inlet import POSITION, Arrived, Inlet
from sentinel_cli.service.job import Job, note
from sentinel_cli.service.outlet import Outlet, transactional_producer
from sentinel_cli.service.restore import Restore
from sentinel_cli.service.schemas import Schemas
from sentinel_cli.service.snapshots import Snapshots
from sql.topics import ALERTS, DEAD_LETTERS, LATE, RAW

OUTPUTS = (ALERTS, LATE, DEAD_LETTERS)
LOOP = "detect"
_LEAST_WAIT = 0.01
"""Seconds."""


class Detect:
    """
    One session of a loop: an engine, a consumer and a producer, until one of them fails for good.

    A partition is taken up where its committed offset is, with the state that its log up to there gives. It is paused
    until that state is there.
    """

    def __init__(self, job: Job, name: str, schemas: Schemas, snapshots: Snapshots, transactional_id: str) -> None:
        self.name, self.options, self.figures, self.snapshots = name, job.options, job.figures, snapshots
        self.engine = Engine(job.pipeline, until=ALERTS, incremental=True)
        self.engine.fill(DEAD_LETTERS, "position", POSITION)
        # A step is less than DuckDB shares among threads: they would only wait for each other.
        self.engine.connection.execute("SET threads = 1")
        self.inlet = Inlet(self.engine.connection, schemas.type_of)
        self.producer = transactional_producer(job.connection, transactional_id)
        self.outlet = Outlet(self.producer, schemas.ids)
        self.consumer = consumer(job.connection, job.group(LOOP))
        self.restore = Restore(job, self.engine, self.inlet, snapshots)
        self.heartbeats = Heartbeats(job.options.idle)
        self.offsets: dict[int, int] = {}
        """The next record to read, by partition that is ours and whole."""
        self.parked: dict[int, list[Message]] = {}
        """What partitions have read that wait for the registry; they are paused."""
        self.waiting: dict[int, float] = {}
        """Since when each of them waits."""
        self.written: dict[int, float] = {}
        """When each was last captured for a snapshot."""
        self.started = 0.0
        """When the last step was."""
        self.writer = ThreadPoolExecutor(1, "snapshots")
        self.writing: Future[None] | None = None

    def run(self, stopping: Callable[[], bool]) -> None:
        """Go on until it is stopped, or FatalClientError."""
        handlers = {"on_assign": self._assigned, "on_revoke": self._revoked, "on_lost": self._lost}
        self.consumer.subscribe([RAW], **handlers)
        try:
            while not stopping():
                self._cycle()
            for partition in list(self.offsets):
                self._snapshot(partition)
        finally:
            with suppress(KafkaException, RuntimeError):
                self.consumer.close()
            self.writer.shutdown()
            self.engine.connection.close()

    def _cycle(self) -> None:
        # A step that took longer than the interval is followed by the next at once: its records are there.
        wait = max(_LEAST_WAIT, self.started + self.options.commit_interval - time.monotonic())
        messages, ends = checked(self.consumer.consume(self.options.batch, wait))
        self._take_up()
        self.started = time.monotonic()
        # Until a step is committed the engine is ahead of its offsets: no snapshot is to be taken of that.
        before, self.offsets = self.offsets, {}
        try:
            offsets = self._step(messages)
        except KafkaException as error:
            self._abort(error)
            return
        self.offsets = before | (offsets or {})
        for partition in self.offsets.keys() & ends.keys() - self.parked.keys():
            self.figures.behind(LOOP, partition, unread(self.consumer, RAW, partition, ends[partition]))
        self.figures.beat(self.name, None if offsets is None else time.monotonic() - self.started)
        self._snapshot_one()

    def _step(self, messages: list[Message]) -> dict[int, int] | None:
        """Read, compute, write and commit; the offsets that were committed, None where there was nothing to do."""
        messages = [*(message for parked in self.parked.values() for message in parked), *messages]
        now = time.monotonic()
        given_up = {p for p, since in self.waiting.items() if now - since > self.options.registry_wait}
        arrived = self.inlet.read(messages, give_up=frozenset(given_up))
        offsets = self._offsets_after(messages, arrived)
        if arrived.rows:
            self.engine.step(arrived.rows, has_partitions=True)
        self.heartbeats.note(self.engine.watermarks, offsets)
        due = [p for p in self.heartbeats.due(self.engine.watermarks) if self.engine.waits(p)]
        if not offsets and not due:
            return None
        rows = {topic: self.engine.drain(topic) for topic in OUTPUTS}
        self.producer.begin_transaction()
        self._write(rows, arrived)
        for partition in due:
            self.outlet.heartbeat(partition, self.heartbeats.line(partition))
        self._commit(offsets)
        self._count(rows, arrived)
        return offsets

    def _write(self, rows: Mapping[str, list[dict[str, Any]]], arrived: Arrived) -> None:
        for topic, found in rows.items():
            self.outlet.write(topic, found)
        for rejected in arrived.rejected:
            self.outlet.reject(rejected, RAW)

    def _count(self, rows: Mapping[str, list[dict[str, Any]]], arrived: Arrived) -> None:
        self.figures.add("events", arrived.count)
        self.figures.add("rejected", len(arrived.rejected) + len(rows[DEAD_LETTERS]))
        self.figures.add("late", len(rows[LATE]))
        self.figures.add_labelled("alerts", (alert["rule_id"] for alert in rows[ALERTS]))

    def _commit(self, offsets: dict[int, int]) -> None:
        marks = self.engine.watermarks
        positions = [TopicPartition(RAW, p, offset, metadata=str(marks.get(p, ""))) for p, offset in offsets.items()]
        self.producer.send_offsets_to_transaction(positions, self.consumer.consumer_group_metadata(), 10)
        self.producer.commit_transaction(30)
        for partition, offset in offsets.items():
            self.figures.watermark.labels(str(partition)).set(marks.get(partition, 0) / 1000)
            self.figures.behind(LOOP, partition, unread(self.consumer, RAW, partition, offset))

    def _offsets_after(self, messages: list[Message], arrived: Arrived) -> dict[int, int]:
        """The next offset of each partition once a batch is done; what waits for the registry is parked."""
        offsets: dict[int, int] = {}
        for place, message in enumerate(messages):
            partition = message.partition() or 0
            if place < arrived.unknown.get(partition, len(messages)):
                offsets[partition] = (message.offset() or 0) + 1
        self._park({p: [m for m in messages[place:] if m.partition() == p] for p, place in arrived.unknown.items()})
        return offsets

    def _park(self, parked: dict[int, list[Message]]) -> None:
        """Let partitions wait for the registry, and others go on that waited for it."""
        for partition in set(parked) - set(self.parked):
            note(f"Partition {partition} waits for the registry, which does not answer.")
            self.waiting[partition] = time.monotonic()
            self.consumer.pause([TopicPartition(RAW, partition)])
        for partition in set(self.parked) - set(parked):
            self.waiting.pop(partition)
            self.consumer.resume([TopicPartition(RAW, partition)])
        self.parked = parked

    def _abort(self, error: KafkaException) -> None:
        """Take everything back: the engine to what the committed offsets say, and read on from there."""
        note(f"A transaction is aborted and repeated: {abort(self.producer, error)}.")
        self.figures.aborted.labels(LOOP).inc()
        self._take_back(self.consumer.assignment())

    def _take_back(self, partitions: list[TopicPartition]) -> None:
        for partition in partitions:
            self._drop(partition.partition)
        for topic in OUTPUTS:
            self.engine.drain(topic)
        self._assigned(self.consumer, partitions)

    def _assigned(self, _: Consumer, partitions: list[TopicPartition]) -> None:
        positions = committed(self.consumer, RAW, partitions)
        for position in positions:
            position.offset = self.restore.begin(position, self.consumer)
        self.consumer.assign(positions)
        self.consumer.pause(positions)

    def _take_up(self) -> None:
        """Bring partitions to their committed offsets, a slice at a time, and read on in those that are there."""
        for partition, offset in self.restore.advance():
            self.offsets[partition] = offset
            self.written[partition] = time.monotonic()
            self.heartbeats.begin(partition)
            self.consumer.resume([TopicPartition(RAW, partition)])

    def _revoked(self, _: Consumer, partitions: list[TopicPartition]) -> None:
        for partition in partitions:
            self._snapshot(partition.partition)
            self._drop(partition.partition)
        if self.writing is not None:
            # Whoever takes a partition up looks for its newest snapshot.
            self.writing.result()

    def _lost(self, _: Consumer, partitions: list[TopicPartition]) -> None:
        for partition in partitions:
            self._drop(partition.partition)

    def _drop(self, partition: int) -> None:
        self.restore.end(partition)
        self.engine.forget(partition)
        self.heartbeats.end(partition)
        for known in (self.offsets, self.parked, self.waiting, self.written):
            known.pop(partition, None)
        self.figures.behind(LOOP, partition, 0)

    def _snapshot_one(self) -> None:
        """Write the partition that was written longest ago, so that each has its turn within the interval."""
        if not self.written or not (self.writing is None or self.writing.done()):
            return
        partition = min(self.written, key=lambda p: self.written[p])
        now = time.monotonic()
        pause = self.options.snapshot_interval / len(self.written)
        if now - max(self.written.values()) >= pause or now - self.written[partition] > self.options.snapshot_interval:
            self._snapshot(partition)

    def _snapshot(self, partition: int) -> None:
        """Take the state of a partition as it is, and write it while the loop goes on."""
        offset, watermark = self.offsets.get(partition), self.engine.watermarks.get(partition)
        if offset is None or watermark is None:
            return
        self.written[partition] = time.monotonic()
        if self.writing is not None:
            self.writing.result()
        capture = self.engine.capture(partition)
        self.writing = self.writer.submit(self._write_snapshot, capture, partition, offset, watermark)

    def _write_snapshot(self, capture: Capture, partition: int, offset: int, watermark: int) -> None:
        try:
            with closing(capture):
                self.snapshots.write(partition, offset, watermark, capture.write)
        except (OSError, duckdb.Error) as error:
            note(f"Partition {partition} goes on without a new snapshot: {str(error).splitlines()[0][:400]}")
