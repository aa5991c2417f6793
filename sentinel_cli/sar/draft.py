"""Writes the draft of one alert, as two files that only their owner may read."""

import os
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from sentinel_cli.kafka.reading import Row
from sentinel_cli.ledger.store import Ledger
from sentinel_cli.outputs import written_aside
from sentinel_cli.sar.case import Case
from sentinel_cli.sar.files import case_from_file, with_decision, with_transactions
from sentinel_cli.sar.filing import batch
from sentinel_cli.sar.form import Gap
from sentinel_cli.sar.markdown import page
from sentinel_cli.sar.narrative import narrative
from sentinel_cli.sar.topics import case_from_topics
from sql import Pipeline, load_pipeline


@dataclass(frozen=True)
class Request:
    """Which alert, and where it and its transactions are found."""

    alert_id: str
    alerts: Path | None
    """A file of alerts; the topics without it."""
    inputs: list[str]
    """Files of transactions; without them the evidence is what the alert says of it."""
    mapping: Path | None
    out: Path
    stack: str | None
    ledger: Ledger | None
    """Of an alert from a file, where the analyst's decision stands; the topic has it of one from Kafka."""


@dataclass(frozen=True)
class Draft:
    """The files, and what is left to a human."""

    files: list[Path]
    gaps: list[Gap]
    dismissed: Row | None
    """The decision of the person who dismissed the alert, if that is their last word."""


def write_draft(request: Request) -> Draft:
    """
    Write `sar-<alert>.md` and `sar-<alert>.xml` with mode 0600; what stood there before is replaced.

    Raises:
        InputError: the alert or its transactions are not found or do not fit the form, or a file cannot be written.
        LedgerError: the ledger cannot be read.
        ServiceError: broker or registry refuses or does not answer.
    """
    pipeline = load_pipeline()
    case = _case(request, pipeline)
    rule = next((rule for rule in pipeline.rules if rule.id == case.alert["rule_id"]), None)
    sections = narrative(case, rule)
    filing = batch(case, sections, datetime.now(UTC).date())
    texts = {".md": page(case, sections, filing.gaps).encode(), ".xml": filing.xml}
    files = [request.out / f"sar-{request.alert_id[:16]}{suffix}" for suffix in texts]
    for path, text in zip(files, texts.values(), strict=True):
        _write(path, text)
    return Draft(files, filing.gaps, case.analyst if case.is_dismissed else None)


def _case(request: Request, pipeline: Pipeline) -> Case:
    if request.alerts:
        case = case_from_file(request.alert_id, request.alerts, pipeline)
        case = with_decision(case, request.ledger) if request.ledger else case
    else:
        case = case_from_topics(request.alert_id, request.stack, pipeline)
    return with_transactions(case, request.inputs, request.mapping) if request.inputs else case


def _write(path: Path, text: bytes) -> None:
    def private(name: str, flags: int) -> int:
        return os.open(name, flags | os.O_EXCL, 0o600)

    with written_aside(str(path)) as aside, open(aside, "wb", opener=private) as file:
        file.write(text)
