"""Puts the labelled alerts to whoever explains and triages, through the pipeline's own SQL, and keeps the answers."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any

import orjson
from pydantic import Field, TypeAdapter, ValidationError

from sentinel_cli.evaluation.alerts import LabelledSet
from sentinel_cli.llm.call import LOCAL, Call
from sentinel_cli.local._run import Answers as Rows
from sentinel_cli.local._run import Managed
from sentinel_cli.local.engine import Engine
from sql import Pipeline
from sql.errors import InputError
from sql.topics import ALERTS, DISPOSITIONS

CITED = re.compile(r"(?:^|[^A-Za-z0-9_])(E[0-9]+)")
SHOWN = re.compile(r"^(E[0-9]+) ", re.MULTILINE)
"""Both as the guard in `sql/ai/triage.sql` reads them."""
_Count = Annotated[int, Field(ge=0, lt=10**15)]
"""Of what is counted here, and so never more than a figure can be made of."""


@dataclass
class Usage:
    """What the calls came to; nothing where rules answered."""

    input_tokens: _Count = 0
    output_tokens: _Count = 0
    cost: Annotated[Decimal, Field(ge=0, lt=10**15)] = Decimal(0)
    uncounted: _Count = 0
    """Calls of a model whose tokens the endpoint did not tell."""
    unpriced: _Count = 0
    """Calls of a model whose cost is not known."""

    def take(self, call: Call) -> None:
        """Count a call."""
        if call.provider != LOCAL:
            self.uncounted += call.input_tokens is None or call.output_tokens is None
            self.unpriced += call.cost is None
        self.input_tokens += call.input_tokens or 0
        self.output_tokens += call.output_tokens or 0
        self.cost += call.cost or Decimal(0)


@dataclass(frozen=True)
class Answer:
    """What was decided on one alert."""

    alert_id: str
    decision: str
    """After the guard."""
    agent_decision: str | None
    """Before it; None where the answer said nothing that counts."""
    agent_status: str
    guard: str | None
    cited: _Count
    """Pieces of evidence that the rationale names, each once."""
    existing: _Count
    """Those of them that the prompt showed."""


@dataclass(frozen=True)
class Answers:
    """The answers of one model and prompt to one set, in one or more runs."""

    name: str
    """Agent and prompt, as a disposition has them; several where rules answered in a model's place."""
    digest: str
    """Of the set."""
    runs: list[list[Answer]]
    """Each in the order of the set."""
    usage: Usage = field(default_factory=Usage)


_ANSWERS = TypeAdapter(Answers)


def ask(
    alerts: LabelledSet, pipeline: Pipeline, managed: Mapping[str, Managed], runs: int, usage: Usage
) -> Iterator[Answers]:
    """
    Ask about every alert of the set, so many times over: after each run what has been answered so far.

    `usage` is what the managed functions count into.

    Raises:
        EngineError: the engine could not run.
    """
    names: set[str] = set()
    given: list[list[Answer]] = []
    for _ in range(runs):
        by, run = _run(alerts, pipeline, managed)
        names |= by
        given.append(run)
        yield Answers("; ".join(sorted(names)), alerts.digest, [*given], usage)


def _run(alerts: LabelledSet, pipeline: Pipeline, managed: Mapping[str, Managed]) -> tuple[set[str], list[Answer]]:
    shown: dict[str, set[str]] = {}

    def run_agent(arguments: Sequence[tuple[str, ...]]) -> Rows:
        for _, told, alert_id in arguments:
            shown[alert_id] = set(SHOWN.findall(told.partition("\nSummary: ")[0]))
        return managed["AI_RUN_AGENT"](arguments)

    with Engine(pipeline, incremental=True, managed={**managed, "AI_RUN_AGENT": run_agent}) as engine:
        engine.append(ALERTS, [labelled.alert for labelled in alerts.alerts])
        engine.decide()
        rows = {row["alert_id"]: row for row in engine.rows(DISPOSITIONS)}
    ids = [entry.alert["alert_id"] for entry in alerts.alerts]
    names = {f"{row['model']}, prompt {row['prompt_version']}" for row in rows.values()}
    return names, [_answer(rows[alert_id], shown[alert_id]) for alert_id in ids]


def _answer(row: dict[str, Any], shown: set[str]) -> Answer:
    cited = set(CITED.findall(row["rationale"] or ""))
    return Answer(
        row["alert_id"], row["decision"], row["agent_decision"], row["agent_status"], row["guard"],
        len(cited), len(cited & shown),
    )  # fmt: skip


def to_json(answers: Answers) -> bytes:
    """All answers as one JSON object, which `read_answers` takes back."""
    return (
        orjson.dumps({**asdict(answers), "usage": {**asdict(answers.usage), "cost": str(answers.usage.cost)}}) + b"\n"
    )


def read_answers(path: Path, alerts: LabelledSet) -> Answers:
    """
    The answers of an earlier run to the same set.

    Raises:
        InputError: the file cannot be read, is not what `to_json` gives, or answers another set.
    """
    answers = _read(path)
    runs, ids = answers.runs, [labelled.alert["alert_id"] for labelled in alerts.alerts]
    if answers.digest != alerts.digest or not runs or any([a.alert_id for a in run] != ids for run in runs):
        raise InputError(f"{path} answers another set of alerts: a paired test needs the same one.")
    return replace(answers, name=f"{answers.name} ({path.name})")


def _read(path: Path) -> Answers:
    wrong = f"{path} is not what `sentinel evaluate --out` writes"
    try:
        answers = _ANSWERS.validate_json(path.read_bytes(), strict=True)
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}.") from None
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"])) or "the file"
        raise InputError(f"{wrong}: {where}: {first['msg']}.") from None
    if any(answer.existing > answer.cited for run in answers.runs for answer in run):
        raise InputError(f"{wrong}: an answer cites fewer pieces of evidence than exist of them.")
    return answers
