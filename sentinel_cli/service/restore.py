"""Brings a partition's state to its committed offset: from the newest snapshot, else from the log's beginning."""

import time
from collections.abc import Iterator
from dataclasses import dataclass

import duckdb
from confluent_kafka import Consumer, Message, TopicPartition

from sentinel_cli.local.engine import Engine
from sentinel_cli.service.clients import checked, reader
from sentinel_cli.service.inlet import Inlet
from sentinel_cli.service.job import Job, note
from sentinel_cli.service.snapshots import Snapshot, Snapshots
from sql.topics import RAW

_SLICE = 1.0
"""Seconds of reading back after which other partitions have their turn."""


@dataclass
class _Way:
    """Where a partition is, and where it is to be."""

    position: int
    target: int
    first: int
    """The beginning of its log."""
    snapshot: Snapshot | None
    is_begun: bool = False
    since: float = 0.0
    held: Message | None = None
    """The next record, if nobody knows its schema id while the registry is down."""


class Restore:
    """The partitions that are not yet where their committed offsets are; what comes out on the way is not written."""

    def __init__(self, job: Job, engine: Engine, inlet: Inlet, snapshots: Snapshots) -> None:
        self.engine, self.inlet, self.snapshots = engine, inlet, snapshots
        self.outputs = [table.name for table in job.pipeline.tables if table.name != RAW]
        self.batch = job.options.batch
        self.reader = reader(job.connection, job.group("restore"))
        self.ways: dict[int, _Way] = {}

    def begin(self, committed: TopicPartition, consumer: Consumer) -> int:
        """Begin with a partition, given what was committed of it; the offset from which it is read on."""
        partition = committed.partition
        first, _ = consumer.get_watermark_offsets(TopicPartition(RAW, partition), timeout=30)
        snapshot = self.snapshots.take_up(partition, committed.offset)
        if committed.offset < 0:
            self.ways[partition] = _Way(first, first, first, None)
            return int(first)
        target = max(committed.offset, first)
        if target > committed.offset:
            lost = target - committed.offset
            note(f"Partition {partition}: {lost} records were deleted by retention before they were read.")
        self.ways[partition] = _Way(snapshot.offset if snapshot else first, target, first, snapshot)
        return int(target)

    def end(self, partition: int) -> None:
        """Leave a partition where it is."""
        way = self.ways.pop(partition, None)
        if way and way.since and not way.held:
            self.reader.unassign()

    def advance(self) -> Iterator[tuple[int, int]]:
        """Go on for a while; the partitions that have arrived, with their offsets."""
        deadline = time.monotonic() + _SLICE
        for partition, way in list(self.ways.items()):
            if not way.is_begun:
                self._start(partition, way)
            elif way.held and not self.inlet.read([way.held]).unknown:
                way.held = None
                self.reader.assign([TopicPartition(RAW, partition, way.position)])
            while way.position < way.target and not way.held and time.monotonic() < deadline:
                self._read(partition, way)
            if way.held:
                # Behind the others: the reader is with the first.
                self.ways[partition] = self.ways.pop(partition)
                continue
            if way.position < way.target:
                return
            if way.since:
                self.reader.unassign()
                note(f"Partition {partition} is read back after {time.monotonic() - way.since:.1f} s.")
            del self.ways[partition]
            yield partition, way.target

    def _start(self, partition: int, way: _Way) -> None:
        way.is_begun = True
        if way.snapshot and not self._load(partition, way.snapshot):
            way.position, way.snapshot = way.first, None
        if way.position < way.target:
            if way.snapshot is None:
                note(f"Partition {partition} has no snapshot: its log is read back up to offset {way.target}.")
            way.since = time.monotonic()
            self.reader.assign([TopicPartition(RAW, partition, way.position)])

    def _load(self, partition: int, snapshot: Snapshot) -> bool:
        """Take a snapshot up; False, and nothing of it, where its files went or changed meanwhile."""
        try:
            self.engine.load(partition, snapshot.folder, snapshot.watermark)
        except duckdb.Error:
            is_whole = False
        else:
            is_whole = self.snapshots.is_whole(snapshot)
        if not is_whole:
            self.engine.forget(partition)
        return is_whole

    def _read(self, partition: int, way: _Way) -> None:
        """Read a part of the log up to the target, and let the engine see it; what comes out was written before."""
        read, ends = checked(self.reader.consume(self.batch, 0.2))
        messages = [m for m in read if m.partition() == partition]
        known = [m for m in messages if (m.offset() or 0) < way.target]
        arrived = self.inlet.read(known)
        if arrived.rows:
            self.engine.step(arrived.rows, has_partitions=True)
        for topic in self.outputs:
            self.engine.drain(topic)
        if partition in arrived.unknown:
            # Left out it would be missing in the state, and with it alerts: it waits for the registry, however long.
            way.held = known[arrived.unknown[partition]]
            way.position = way.held.offset() or 0
            self.reader.unassign()
            note(f"Partition {partition} waits for the registry, which does not answer, to be read back.")
            return
        if known:
            way.position = (known[-1].offset() or 0) + 1
        if ends or len(known) < len(messages):
            way.position = way.target
