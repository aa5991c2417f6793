"""One run of `sentinel produce`: what must be there, then record by record to the end."""

import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import BinaryIO

from sentinel_cli.interrupts import Stop
from sentinel_cli.kafka.connection import Account, connect
from sentinel_cli.kafka.preflight import check_broker
from sentinel_cli.kafka.registry import Registry
from sentinel_cli.producer.check import Check, RejectedError, compile_check
from sentinel_cli.producer.newest import newest_event
from sentinel_cli.producer.outbox import Outbox
from sentinel_cli.producer.pace import Pace
from sentinel_cli.producer.parts import Batch, Part
from sentinel_cli.producer.schemas import partitions_of, schema_of
from sentinel_cli.producer.undelivered import UndeliveredFile
from sql import load_pipeline, parse_retention
from sql.topics import DEAD_LETTERS, RAW

Say = Callable[[str], None]


@dataclass(frozen=True)
class Report:
    """How every record that was taken ended."""

    sent: int
    rejected: Counter[str]
    """By reason."""
    undelivered: Counter[str]
    """By reason."""
    lost_heartbeats: int
    seconds: float
    file: UndeliveredFile
    """Of what Kafka did not take."""
    failure: str | None
    """Why nothing more could be sent."""

    @property
    def complete(self) -> bool:
        """Whether all that was taken is in the topic."""
        return not (self.rejected or self.undelivered or self.lost_heartbeats or self.failure)


class Run:
    """A connection over which a source's parts are sent."""

    def __init__(self, stack: str | None, delivery_timeout: float, stop: Stop, say: Say) -> None:
        """Raises SettingsError and ServiceError, in one sentence, where anything that is needed is not there."""
        connection = connect(Account.producer, stack)
        check_broker(connection)
        pipeline = load_pipeline()
        raw, dead = pipeline.table(RAW), pipeline.table(DEAD_LETTERS)
        self._stop, self._lost, self._started = stop, UndeliveredFile(), time.perf_counter()
        self._outbox = Outbox(connection, delivery_timeout, stop, self._lost, say)
        self._partitions = partitions_of(self._outbox.producer, (raw, dead))[RAW]
        registry = Registry(connection)
        schema = schema_of(raw, registry, say)
        self._check: Check = compile_check(schema.text)
        self._outbox.use(RAW, schema.id)
        self._outbox.use(DEAD_LETTERS, schema_of(dead, registry, say).id)
        self._connection, self._max_ahead = connection, parse_retention(str(raw.parameters["max_ahead"].default))

    def newest(self) -> int | None:
        """The newest event of the topic that counts; ServiceError where the topic cannot be read."""
        return newest_event(self._connection, RAW, self._max_ahead)

    def send(self, parts: Iterator[Part], pace: Pace, out: BinaryIO | None, advance: Callable[[int], None]) -> None:
        """
        Send all parts, or what there is of them until a request to stop, and wait for their delivery.

        `out` is where each transaction is printed, `advance` is told how many more were taken.
        """
        self._started = time.perf_counter()
        pace.begin()
        try:
            for part in parts:
                self._send_part(part, pace, out, advance)
                if self._stopped():
                    break
                self._close(part)
        finally:
            self._outbox.finish()

    def _send_part(self, part: Part, pace: Pace, out: BinaryIO | None, advance: Callable[[int], None]) -> None:
        for reason, record, position in part.undecodable:
            self._outbox.reject(reason, record, part.source, position)
            advance(1)
        for batch in part.batches:
            self._send_batch(part.source, batch, out)
            advance(len(batch.records))
            if self._stopped():
                return
            pace.wait(len(batch.records), self._outbox.poll, self._stopped)

    def _send_batch(self, source: str, batch: Batch, out: BinaryIO | None) -> None:
        check, send = self._check, self._outbox.transaction
        for index, record in enumerate(batch.records):
            try:
                event = check(record)
            except RejectedError as error:
                self._outbox.reject(str(error), record, source, f"record {batch.numbers[index]}")
                continue
            send(record, event["account_id"])
            if out:
                out.write(record + b"\n")
        if out:
            out.flush()

    def _close(self, part: Part) -> None:
        """Close the last windows: an idle partition holds the watermark, and with it what was sent to the others."""
        if part.heartbeat is None:
            return
        for partition in range(self._partitions):
            record = part.heartbeat(partition).rstrip()
            try:
                self._outbox.heartbeat(record, self._check(record)["account_id"], partition)
            except RejectedError as error:
                self._outbox.reject(str(error), record, part.source, f"heartbeat {partition}")

    def _stopped(self) -> bool:
        return self._stop.requested or self._outbox.failure is not None

    def report(self) -> Report:
        """How all ended that was taken since `send` began."""
        outbox, seconds = self._outbox, time.perf_counter() - self._started
        return Report(
            outbox.sent, outbox.rejected, outbox.undelivered, outbox.lost_heartbeats, seconds,
            self._lost, outbox.failure,
        )  # fmt: skip
