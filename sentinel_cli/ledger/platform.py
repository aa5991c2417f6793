"""Takes what was decided elsewhere into the ledger: a topic is kept for years, and the ledger for good."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from confluent_kafka import Message

from sentinel_cli.analyst.decision import record_of as analysts_record
from sentinel_cli.kafka.connection import Account, connect
from sentinel_cli.kafka.preflight import check_broker
from sentinel_cli.kafka.reading import Row, RowReader, UnreadableError
from sentinel_cli.kafka.registry import Registry
from sentinel_cli.kafka.tail import Tail
from sentinel_cli.ledger.record import Record
from sentinel_cli.ledger.recorder import NO_ANSWER, RESULT, plain
from sentinel_cli.ledger.store import Ledger
from sentinel_cli.local.prompts import triage_prompts
from sql import Pipeline, load_pipeline
from sql.topics import ANALYST_DECISIONS, DISPOSITIONS, ENRICHED

PLATFORM = "platform"
"""The provider of what was decided in the stream: a disposition names the agent, and not what it runs on."""
_READ = 10_000
_RENDERED = {"prompt": "rendered at import"}
"""The parameters of a record whose prompt was not recorded where it was sent."""
_STATUS = {"NO_ANSWER": NO_ANSWER, "FAILED": "FAILED"}
"""What AI_RUN_AGENT gave, by what the SQL has made of it; SUCCESS for every other."""


@dataclass
class Imported:
    """What came of an import."""

    read: int = 0
    """Dispositions and analysts' decisions."""
    added: int = 0
    without_alert: int = 0
    """Dispositions that were read, and whose enriched alert was not: they cannot be judged again."""
    unreadable: int = 0


def import_decisions(ledger: Ledger, stack: str | None, since: int) -> Imported:
    """
    Append the committed dispositions and analysts' decisions that the ledger does not hold.

    A disposition names its prompt's version alone: where that is today's, the pipeline's SQL renders the text.

    Args:
        ledger: Where they go.
        stack: Whose topics.
        since: The first moment at which they were written, epoch ms.

    Raises:
        ServiceError: broker or registry does not answer or refuses.
        LedgerError: the ledger cannot be written.
    """
    ledger.make()
    connection = connect(Account.analyst, stack)
    check_broker(connection)
    pipeline, registry = load_pipeline(), Registry(connection)
    topics = (ENRICHED, DISPOSITIONS, ANALYST_DECISIONS)
    reader = _Reader({name: RowReader(pipeline.table(name), registry) for name in topics})
    tail = Tail(connection, topics, committed=True)
    own = {_as_in_topic(record).id for _, record in ledger.records() if record.stage == "triage"}
    try:
        tail.start_at(since)
        while not tail.at_end:
            found = [record for message in tail.read(_READ, 1.0) for record in reader.take(message)]
            new = [record for record in found if record.id not in own]
            reader.counts.added += ledger.append(_rendered(new, pipeline))
    finally:
        tail.close()
    alone = [record for records in reader.waiting.values() for record in records]
    reader.counts.without_alert = len(alone)
    reader.counts.added += ledger.append([record for record in alone if record.id not in own])
    return reader.counts


class _Reader:
    """Makes a disposition a record as soon as its alert is known; topics come in any order."""

    def __init__(self, readers: dict[str, RowReader]) -> None:
        self.readers, self.counts = readers, Imported()
        self.alerts: dict[str, Row] = {}
        self.waiting: dict[str, list[Record]] = {}
        """Records of dispositions whose alert has not come."""

    def take(self, message: Message) -> Iterator[Record]:
        topic = message.topic() or ""
        try:
            row = self.readers[topic].row(message.value())
        except UnreadableError:
            self.counts.unreadable += 1
            return
        self.counts.read += topic != ENRICHED
        if topic == ENRICHED:
            # Of two summaries of an alert the first counts, as it did for triage.
            alert = self.alerts.setdefault(row["alert_id"], plain(row))
            yield from (replace(record, alert=alert) for record in self.waiting.pop(row["alert_id"], ()))
        elif topic == ANALYST_DECISIONS:
            yield analysts_record(plain(row))
        else:
            yield from self._disposition(row, message.timestamp()[1])

    def _disposition(self, row: Row, written: int) -> Iterator[Record]:
        record = _record(row, written, self.alerts.get(row["alert_id"]))
        if record.alert is None:
            self.waiting.setdefault(record.alert_id, []).append(record)
        else:
            yield record


def _as_in_topic(record: Record) -> Record:
    """
    A disposition as the topic alone has it, so that two can be compared.

    It holds neither the prompt, which an import may or may not have rendered, nor why rules answered for a model.
    """
    return replace(record, prompt=None, status=_status(record.result.get("agent_status")))


def _status(agent_status: str | None) -> str:
    return _STATUS.get(agent_status or "", "SUCCESS")


def _rendered(records: Sequence[Record], pipeline: Pipeline) -> list[Record]:
    """The records, with the prompt where the alert is known and the version is the pipeline's."""
    alerts = {record.alert_id: record.alert for record in records if record.alert is not None}
    prompts = triage_prompts(pipeline, list(alerts.values())) if alerts else {}
    found = [(record, prompts.get((record.alert_id, record.prompt_version or ""))) for record in records]
    return [replace(record, prompt=text, parameters=_RENDERED) if text else record for record, text in found]


def _record(row: Row, written: int, alert: Row | None) -> Record:
    return Record(
        alert_id=row["alert_id"],
        stage="triage",
        prompt_version=row["prompt_version"],
        prompt=None,
        provider=PLATFORM,
        model=row["model"],
        parameters={},
        answer=row["raw_response"],
        status=_status(row["agent_status"]),
        result=plain({name: row[name] for name in RESULT["triage"]}),
        guard=row["guard"],
        latency_ms=None,
        input_tokens=None,
        output_tokens=None,
        cost=None,
        time=written,
        alert=alert,
    )
