"""Judges stored answers again: by today's parser and guard, or as today's model would answer."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

from sentinel_cli.kafka.reading import RowContract
from sentinel_cli.ledger.record import Record, canonical
from sentinel_cli.ledger.recorder import NO_ANSWER, plain
from sentinel_cli.llm.call import LOCAL
from sentinel_cli.local._run import Answers, Managed
from sentinel_cli.local.engine import Engine
from sql import Pipeline
from sql.topics import DISPOSITIONS, ENRICHED

_BATCH = 500
_WHO = {"model"}
"""What says who answered, and is no judgement."""
_TEXTS = {"rationale", "recommended_action"}
"""What no model says twice in the same words."""


@dataclass(frozen=True)
class Judgement:
    """A stored decision, and what it would be today."""

    number: int
    """Of its record."""
    record: Record
    differs: Mapping[str, tuple[Any, Any]]
    """By column: what it was, and what it would be."""


def replay(
    records: Iterable[tuple[int, Record]], pipeline: Pipeline, ask: Managed | None = None
) -> Iterator[Judgement]:
    """
    Run the triage statement on the alert of each record, with its stored answer.

    Args:
        records: With their numbers; a disposition is left out whose alert is not known, is another than the record's,
            or is none that the statement can read.
        pipeline: Whose SQL judges.
        ask: AI_RUN_AGENT of today, to be asked anew; the texts of its answer are not compared.
    """
    stored: dict[str, Record] = {}
    contract = RowContract(pipeline.table(ENRICHED))

    def answer(arguments: Sequence[tuple[str, ...]]) -> Answers:
        return [_rows(stored[alert_id]) for _, _, alert_id in arguments]

    with Engine(pipeline, after=ENRICHED, managed={"AI_RUN_AGENT": ask or answer}) as engine:
        for batch in _batches((number, record) for number, record in records if _can_be_judged(record, contract)):
            stored = {record.alert_id: record for _, record in batch}
            today = _judged(engine, [record.alert for _, record in batch if record.alert is not None])
            for number, record in batch:
                differs = _differs(record, today[record.alert_id], _WHO | _TEXTS if ask else _WHO)
                yield Judgement(number, record, differs)


def _can_be_judged(record: Record, contract: RowContract) -> bool:
    """Whether it is a disposition, and the alert that it is on is known; any alert may stand in a ledger."""
    alert = record.alert
    if record.stage != "triage" or alert is None or alert.get("alert_id") != record.alert_id:
        return False
    money = [column.name for column in contract.table.columns if column.type.startswith("DECIMAL")]
    try:
        contract.read(canonical({**alert, **{name: _number(alert.get(name)) for name in money}}).encode())
    except ValueError:
        return False
    return True


def _number(money: object) -> float | None:
    """Money as the contract has it, which a record keeps as text; ValueError where it is none."""
    if money is None:
        return None
    try:
        if isinstance(money, str) and f"{(number := Decimal(money)):f}" == money:
            return float(number)
    except InvalidOperation:
        pass
    raise ValueError("it is no money")


def _batches(records: Iterable[tuple[int, Record]]) -> Iterator[list[tuple[int, Record]]]:
    """Records in which no alert comes twice: the statement answers the first of an alert alone."""
    batch: dict[str, tuple[int, Record]] = {}
    for number, record in records:
        if record.alert_id in batch or len(batch) == _BATCH:
            yield list(batch.values())
            batch = {}
        batch[record.alert_id] = (number, record)
    if batch:
        yield list(batch.values())


def _judged(engine: Engine, alerts: Sequence[Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    """The dispositions of enriched alerts, by their ids."""
    engine.append(ENRICHED, alerts)
    engine.decide()
    today = {row["alert_id"]: plain(row) for row in engine.rows(DISPOSITIONS)}
    engine.clear()
    return today


def _rows(record: Record) -> list[tuple[str | None, ...]]:
    """What AI_RUN_AGENT gave; no row where it gave no answer at all. The rules answer; why they did is their status."""
    if record.status == NO_ANSWER:
        return []
    return [("SUCCESS" if record.provider == LOCAL else record.status, record.answer)]


def _differs(record: Record, row: Mapping[str, Any], but: set[str]) -> dict[str, tuple[Any, Any]]:
    was = {**record.result, "guard": record.guard}
    return {name: (value, row.get(name)) for name, value in was.items() if name not in but and value != row.get(name)}
