"""Sees what models are asked on this machine, and writes each decision down before it counts."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sentinel_cli.ledger.record import Record, Stage
from sentinel_cli.ledger.store import Ledger
from sentinel_cli.llm.call import Call
from sentinel_cli.llm.functions import Answering, configured_endpoint, find_answering, say_on_stderr
from sentinel_cli.scoring import epoch_ms
from sql import Pipeline
from sql.errors import LedgerError
from sql.topics import DISPOSITIONS, ENRICHED

if TYPE_CHECKING:
    from sentinel_cli.local.engine import Engine

Row = Mapping[str, Any]
NO_ANSWER = "NO_ANSWER"
"""The status of a call that gave no row."""


class Recorder:
    """The decisions of one engine: its calls as they come, then a record for each, once they are rows."""

    def __init__(self, ledger: Ledger) -> None:
        self.ledger = ledger
        self.calls: list[Call] = []
        """Those that are not recorded yet; whoever calls a model appends to it."""

    def record(self, prompts: Mapping[str, str], enriched: Sequence[Row], dispositions: Sequence[Row]) -> None:
        """
        Write down who answered what, before anything of it is printed or committed.

        Args:
            prompts: What was asked for a summary, by alert: ML_PREDICT is not told whose prompt it is given.
            enriched: The rows that triage read.
            dispositions: What it made of them.

        Raises:
            LedgerError: it cannot be written, or no call is known of one; what was decided must not go on then.
        """
        self.ledger.append(list(records(self.calls, prompts, enriched, dispositions)))
        self.calls.clear()

    def answering(self, pipeline: Pipeline, say: Callable[[str], None] = say_on_stderr) -> Answering:
        """Who explains and triages, and tells of each call."""
        return find_answering(pipeline, self.calls.append, say)


def find_recorder(path: Path | None) -> Recorder | None:
    """
    The recorder of a command that is no case work: where a model answers, or --ledger names a file; else none.

    Raises:
        SettingsError: the endpoint's values are wrong.
        LedgerError: the ledger cannot be written.
    """
    if path is None and configured_endpoint() is None:
        return None
    from sentinel_cli.ledger.place import find_ledger

    return Recorder(find_ledger(path).make())


@contextmanager
def recording(recorder: Recorder | None, engine: "Engine") -> Iterator[None]:
    """Record what an engine decides in one step, when the step is done; LedgerError where it cannot be recorded."""
    before = {topic: engine.count(topic) for topic in (ENRICHED, DISPOSITIONS)}
    yield
    if recorder:
        enriched, dispositions = (engine.rows(topic, count) for topic, count in before.items())
        recorder.record(engine.asked("ML_PREDICT"), enriched, dispositions)


def records(
    calls: Sequence[Call], prompts: Mapping[str, str], enriched: Sequence[Row], dispositions: Sequence[Row]
) -> Iterator[Record]:
    """
    A record for each summary and each disposition that a call has made.

    Args:
        calls: Of one call that was tried again the last counts.
        prompts: What was asked for the summary of each alert that was summarised here, by its id.
        enriched: What triage read.
        dispositions: What it made of that.

    Raises:
        LedgerError: no call is known of one.
    """
    summaries: dict[str, list[Call]] = {}
    for call in calls:
        if call.stage == "enrichment":
            summaries.setdefault(call.prompt, []).append(call)
    triages = {call.session: call for call in calls if call.stage == "triage"}
    read = {row["alert_id"]: row for row in enriched}
    for alert_id in [known for known in read if known in prompts]:
        made = _answered(summaries.get(prompts[alert_id], []), read[alert_id]["summary"])
        yield _record(alert_id, "enrichment", made, read[alert_id], None)
    for row in dispositions:
        yield _record(row["alert_id"], "triage", triages.get(row["alert_id"]), row, read.get(row["alert_id"]))


def _answered(made: list[Call], summary: str | None) -> Call | None:
    """The call that gave a summary: alerts with the same facts have the same prompt, and may have got two answers."""
    return next((call for call in reversed(made) if call.answer == summary), made[-1] if made else None)


RESULT: dict[Stage, tuple[str, ...]] = {
    "enrichment": ("summary", "status", "model"),
    "triage": (
        "decision",
        "agent_decision",
        "priority",
        "sar_recommended",
        "recommended_action",
        "rationale",
        "agent_status",
        "model",
    ),
}
"""Columns that the SQL has read in an answer, or given in its place."""


def _record(alert_id: str, stage: Stage, call: Call | None, row: Row, alert: Row | None) -> Record:
    if call is None:
        raise LedgerError(f"No call is known of the {stage} of alert {alert_id}: it must not be decided unrecorded.")
    return Record(
        alert_id=alert_id,
        stage=stage,
        prompt_version=row["prompt_version"],
        prompt=call.prompt,
        provider=call.provider,
        model=call.model,
        parameters=plain(call.parameters),
        answer=call.answer,
        status=call.status,
        result=plain({name: row[name] for name in RESULT[stage]}),
        guard=row.get("guard"),
        latency_ms=call.latency_ms,
        input_tokens=call.input_tokens,
        output_tokens=call.output_tokens,
        cost=None if call.cost is None else str(call.cost),
        time=call.time,
        alert=None if alert is None else plain(alert),
    )


def plain(row: Row) -> dict[str, Any]:
    """A row as JSON has it: money as text, times as epoch ms."""
    return {name: _plain(value) for name, value in row.items()}


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, datetime):
        return epoch_ms(value)
    return list(value) if isinstance(value, tuple) else value
