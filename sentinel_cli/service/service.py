"""Runs all loops until they are stopped, and begins anew where a client has failed for good."""

import hashlib
import signal
import threading
import time
from contextlib import closing, suppress
from pathlib import Path
from types import FrameType

from confluent_kafka import KafkaException

from sentinel_cli.kafka.preflight import check_broker
from sentinel_cli.kafka.registry import Registry
from sentinel_cli.llm.kept import Kept
from sentinel_cli.llm.status import StoppedError
from sentinel_cli.service.clients import FatalClientError, log_id
from sentinel_cli.service.detect import LOOP as DETECT
from sentinel_cli.service.detect import Detect
from sentinel_cli.service.figures import serve
from sentinel_cli.service.job import Job, note
from sentinel_cli.service.schemas import Schemas
from sentinel_cli.service.slots import Slot
from sentinel_cli.service.snapshots import Snapshots
from sentinel_cli.service.topics import check_topics
from sentinel_cli.service.triage import LOOP as TRIAGE
from sentinel_cli.service.triage import Triage
from sql import Pipeline
from sql.topics import RAW

_LINE = 10.0
"""Seconds between two lines of figures."""
_PAUSE = 1.0
"""Seconds before a loop begins anew."""


class Service:
    """The loops, each in a thread of its own: one that triages, and those that detect, which share the partitions."""

    def __init__(self, job: Job) -> None:
        self.job, self.options, self.figures = job, job.options, job.figures
        self.stop = threading.Event()
        self.failures: list[BaseException] = []

    def run(self, port: int | None) -> None:
        """
        Run until SIGINT or SIGTERM; a second one ends the process at once, which costs nothing but what is in flight.

        Raises:
            ServiceError: broker, topics or state folder are not as they must be; says what to do.
        """
        # A service may be started together with its broker.
        check_broker(self.job.connection, 60, patience=60)
        check_topics(self.job.connection, self.job.pipeline)
        slot = Slot(self.options.state / self.options.group)
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._stop)
        end = serve(self.figures, port) if port else None
        more = [f"{DETECT}.{number}" for number in range(2, self.options.threads + 1)]
        loops = [threading.Thread(target=self._loop, args=(name, slot)) for name in (DETECT, *more, TRIAGE)]
        try:
            for loop in loops:
                loop.start()
            self._tell(loops)
        finally:
            self.stop.set()
            for loop in loops:
                loop.join()
            if end:
                end()
        if self.failures:
            raise self.failures[0]
        note(f"stopped: {self.figures.line()}")

    def _stop(self, number: int, frame: FrameType | None) -> None:
        del frame
        self.stop.set()
        signal.signal(number, signal.SIG_DFL)

    def _tell(self, loops: list[threading.Thread]) -> None:
        next_line = time.monotonic() + _LINE
        while not self.stop.wait(0.2):
            if not all(loop.is_alive() for loop in loops):
                return
            if time.monotonic() >= next_line:
                note(self.figures.line())
                next_line += _LINE

    def _loop(self, name: str, slot: Slot) -> None:
        """Sessions of one loop, one after the other; what no new session mends ends the service."""
        try:
            while not self.stop.is_set():
                try:
                    self._session(name, slot)
                except FatalClientError as error:
                    note(f"{name} begins anew: {error}")
                except KafkaException as error:
                    note(f"{name} begins anew: {error.args[0].str()}")
                self.stop.wait(_PAUSE)
        except BaseException as error:
            self.failures.append(error)
            self.stop.set()

    def _session(self, name: str, slot: Slot) -> None:
        stopping = self.stop.is_set
        state = self.options.state / self.options.group
        schemas = Schemas(Registry(self.job.connection, 2), state / f"schemas-{name}.json")
        schemas.look_up([table.name for table in self.job.pipeline.tables], stopping)
        if stopping():
            return
        transactional_id = slot.transactional_id(self.options.group, name)
        if name == TRIAGE:
            self._triage(schemas, transactional_id, state / f"answers-{slot.number}.sqlite")
        else:
            snapshots = Snapshots(state, versions(self.job.pipeline, log_id(self.job.connection, RAW)))
            Detect(self.job, name, schemas, snapshots, transactional_id).run(stopping)

    def _triage(self, schemas: Schemas, transactional_id: str, answers: Path) -> None:
        """Run triage; calls in flight are given up when the service stops, and those answered are kept."""

        def stopping() -> bool:
            self.figures.beat(TRIAGE)
            return self.stop.is_set()

        with (
            suppress(StoppedError),
            closing(Kept(answers, note)) as kept,
            self.job.answering.functions(stopping, kept) as managed,
        ):
            Triage(self.job, schemas, transactional_id, managed, kept).run(self.stop.is_set)


def versions(pipeline: Pipeline, log: str) -> str:
    """What a state depends on: the log, every statement that makes or reads it, and this engine's form of it."""
    texts = [statement.sql for statement in pipeline.statements if statement.kind in {"insert", "watermark"}]
    return hashlib.sha256("\0".join([_FORM, log, *texts]).encode()).hexdigest()


_FORM = "2"
"""Changes with the form in which the engine writes its state."""
