"""What `sentinel evaluate` does and says."""

import sys
from collections.abc import Mapping
from contextlib import nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryFile

from sentinel_cli.evaluation.alerts import PATH, LabelledSet, read_set
from sentinel_cli.evaluation.answers import Answers, Usage, ask, read_answers, to_json
from sentinel_cli.evaluation.chart import chart
from sentinel_cli.evaluation.figures import figures
from sentinel_cli.evaluation.report import CHART, report
from sentinel_cli.llm.functions import find_answering
from sentinel_cli.local._run import Managed
from sentinel_cli.outputs import written_aside
from sql import Pipeline, load_pipeline
from sql.errors import InputError, UsageError

_TABLES = "report.md"


@dataclass(frozen=True)
class Request:
    """What to ask, what to compare with, and where the results go."""

    alerts: Path | None
    runs: int
    against: Path | None
    out: Path | None
    report: Path | None
    parameters: Mapping[str, object] = field(default_factory=dict)
    """In place of their defaults, by `owner.name`."""

    @property
    def sources(self) -> list[Path]:
        """The files that are read."""
        return [self.alerts or PATH, *([self.against] if self.against else [])]

    @property
    def targets(self) -> list[Path]:
        """The files that are written."""
        tables = [self.report / name for name in (_TABLES, CHART)] if self.report else []
        return [*([self.out] if self.out else []), *tables]


def run(request: Request, managed: Mapping[str, Managed] | None = None, usage: Usage | None = None) -> bool:
    """
    Evaluate, print the tables, write what was asked for; False where a suspicious alert was dismissed.

    Args:
        request: What to ask.
        managed: Who explains and triages; without it the configured model, else the rules.
        usage: What `managed` counts its calls into; None where it makes none.

    Raises:
        ParameterError: a parameter does not exist, or is not as declared.
        UsageError: a file would be written over one that is read, or over another result.
        InputError: a file cannot be read or written, or is not what it should be.
        EngineError: the engine could not run.
    """
    pipeline = load_pipeline(request.parameters)
    alerts = read_set(pipeline, request.alerts or PATH)
    # What is read and where it is written is looked at before anybody is asked: answers cost.
    earlier = [read_answers(request.against, alerts)] if request.against else []
    _prepare(request)
    answers = _asked(request, alerts, pipeline, managed, usage or Usage())
    text = "".join(f"With {name} {value}.\n\n" for name, value in request.parameters.items())
    text += report(alerts, [answers, *earlier])
    print(text, end="", flush=True)
    if request.report:
        _write_report(request.report, text, alerts, [answers, *earlier])
    dismissed = figures(alerts.alerts, answers).dismissed.count
    if dismissed:
        print(f"sentinel: {dismissed} suspicious alerts were dismissed; the guard has to hold them", file=sys.stderr)
    return not dismissed


def _asked(
    request: Request,
    alerts: LabelledSet,
    pipeline: Pipeline,
    managed: Mapping[str, Managed] | None,
    usage: Usage,
) -> Answers:
    """The answers of all runs; those of the runs that are done are kept where one fails or is interrupted."""
    given: list[Answers] = []
    try:
        with nullcontext(managed) if managed else find_answering(pipeline, usage.take).functions() as functions:
            for answers in ask(alerts, pipeline, functions, request.runs, usage):
                given.append(answers)
    finally:
        if request.out and given:
            _write(request.out, to_json(given[-1]))
    return given[-1]


def _prepare(request: Request) -> None:
    """Make the folder of the report, and see that every file can be written where it would go."""
    if request.report:
        _make(request.report)
    taken = {path.resolve() for path in request.sources}
    for target in request.targets:
        if target.resolve() in taken:
            raise UsageError(f"{target} would be overwritten, and is read or written here too: name another file.")
        taken.add(target.resolve())
        _try(target)


def _make(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"{folder} cannot be made: {error.strerror}.") from None


def _try(target: Path) -> None:
    if target.is_dir():
        raise InputError(f"{target} cannot be written: it is a folder.")
    if target.exists() and not target.is_file():
        return  # A device or a pipe is written in place.
    try:
        TemporaryFile(dir=target.resolve().parent).close()
    except OSError as error:
        raise InputError(f"{target} cannot be written: {error.strerror}.") from None


def _write_report(folder: Path, text: str, alerts: LabelledSet, given: list[Answers]) -> None:
    head = "# Evaluation of the triage\n\n![Decisions by label](" + CHART + ")\n\n"
    _write(folder / _TABLES, (head + text).encode())
    _write(folder / CHART, chart(alerts.alerts, given).encode())


def _write(path: Path, text: bytes) -> None:
    with written_aside(str(path)) as aside:
        aside.write_bytes(text)
