"""Apache Flink as the referee: the pipeline's own SQL, run on the engine that defines what it means."""

import json
import re
import shutil
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from sentinel_cli.flink.anomaly_call import rewrite_anomaly_calls
from sentinel_cli.flink.process import WorkerProcess
from sentinel_cli.flink.tables import FlinkTable, Row
from sql.errors import EngineError

_PLANS_KEPT = 32
"""Compiled jobs kept for another run, about 1 MB each in the JVM."""


@dataclass(frozen=True)
class Answers:
    """Fixed answers of ML_PREDICT or AI_RUN_AGENT, by the call's key (third argument) or else its prompt."""

    answers: Mapping[str, Sequence[Sequence[str | None]]]
    """Rows by key or prompt; none: the function yields no row."""
    default: Sequence[Sequence[str | None]] = ()
    """Rows for every other call."""


@dataclass(frozen=True)
class ModuleFunction:
    """
    A function of a Python file of the project, which may import what Flink's own environment holds (NumPy among it).

    For ML_PREDICT from the prompt to a text, for AI_RUN_AGENT from the prompt to (status, response), for
    ML_DETECT_ANOMALIES `detect_last` from values and options to the last value's result.
    """

    module: Path
    function: str


Functions = Mapping[str, Answers | ModuleFunction]
"""Behaviour of ML_PREDICT, AI_RUN_AGENT and ML_DETECT_ANOMALIES by name; what is absent does not exist in SQL."""


@dataclass(frozen=True)
class Outcome:
    """What one run gave."""

    rows: dict[str, list[dict[str, Any]]]
    """Rows of every table that was not read, by table."""
    calls: list[tuple[str, list[str]]]
    """Each call of ML_PREDICT and AI_RUN_AGENT with its arguments, in order."""
    seconds: float
    """Run time of the job, without planning."""


@dataclass(frozen=True)
class Expression:
    """
    An SQL expression over one column `x`.

    A column and not a literal, because Flink computes constants while it plans, where a CHAR(1) cuts UPPER('ß') to 'S'
    and a DOUBLE is rounded to DECIMAL by other rules than at run time.
    """

    sql: str
    x: Any = None
    """Value of `x`, as in a row."""
    type: str = "STRING"
    """SQL type of `x`."""

    def over(self, column: str) -> str:
        """The expression over another column."""
        return re.sub(r"'(?:[^']|'')*'|\bx\b", lambda m: column if m.group() == "x" else m.group(), self.sql)


@dataclass(frozen=True)
class _Plan:
    name: str
    folder: Path
    sources: tuple[FlinkTable, ...]
    sinks: tuple[FlinkTable, ...]


class Referee:
    """
    One warm Apache Flink for many runs, each with a catalog of its own.

        with Referee() as flink:
            outcome = flink.run(tables, statements, {"sentinel.transactions_raw": events})

    A run is one bounded streaming job with parallelism 1 and a watermark after each row. Statements that were planned
    before, with the same tables and kinds of functions, run again without planning.
    """

    def __init__(self, timeout: float = 120.0, long_runs: bool = False) -> None:
        """Wait at most `timeout` seconds for a plan or a run; `long_runs` is for benchmarks, and slower to start."""
        self._timeout = timeout
        self._long_runs = long_runs
        self._plans: dict[str, _Plan] = {}
        self._planned = 0

    def __enter__(self) -> Self:
        self._folder = Path(tempfile.mkdtemp(prefix="sentinel-flink-"))
        try:
            self._worker = WorkerProcess(self._folder, self._long_runs)
        except BaseException:
            shutil.rmtree(self._folder, ignore_errors=True)
            raise
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._worker.stop()
        shutil.rmtree(self._folder, ignore_errors=True)

    def run(
        self,
        tables: Iterable[FlinkTable],
        statements: Sequence[str],
        rows: Mapping[str, Iterable[Row]],
        functions: Functions | None = None,
    ) -> Outcome:
        """
        Run INSERT statements as one job over the rows given, in their order of arrival.

        A table named in `rows` is read, every other one is written.

        Raises:
            EngineError: Flink refused a statement or failed, with its reason.
        """
        plan = self._plan(tuple(tables), statements, dict.fromkeys(rows), functions or {})
        for i, table in enumerate(plan.sources):
            (plan.folder / f"source-{i}.json").write_text(table.encode(rows[table.name]), encoding="utf-8")
        return self._execute(plan, functions or {})

    def run_files(
        self,
        tables: Iterable[FlinkTable],
        statements: Sequence[str],
        files: Mapping[str, Path],
        functions: Functions | None = None,
    ) -> Outcome:
        """
        Run statements over files of JSON lines, one to each table read; for input too large to pass as rows.

        A time column `c` stands in the file as `c_ms`, epoch milliseconds.

        Raises:
            EngineError: Flink refused a statement or failed, with its reason.
        """
        plan = self._plan(tuple(tables), statements, dict(files), functions or {})
        return self._execute(plan, functions or {})

    def evaluate(self, expressions: Sequence[Expression]) -> list[Any]:
        """The value of each expression, `{"error": reason}` where Flink refuses it or fails on it."""
        try:
            return self._values(expressions)
        except EngineError as error:
            if len(expressions) == 1:
                return [{"error": str(error).removeprefix("Apache Flink: ")}]
        half = len(expressions) // 2
        return self.evaluate(expressions[:half]) + self.evaluate(expressions[half:])

    def _values(self, expressions: Sequence[Expression]) -> list[Any]:
        source = FlinkTable("given", tuple((f"x{i}", e.type) for i, e in enumerate(expressions)))
        columns = ", ".join(f"{e.over(f'x{i}')} AS c{i}" for i, e in enumerate(expressions))
        query = f"SELECT {columns} FROM given"
        ddl = [source.ddl(self._folder / "given.json")]
        types = self._worker.request(self._timeout, op="types", ddl=ddl, query=query)["types"]
        sink = FlinkTable("evaluated", tuple((f"c{i}", type_) for i, type_ in enumerate(types)))
        given = {f"x{i}": e.x for i, e in enumerate(expressions)}
        outcome = self.run([source, sink], [f"INSERT INTO evaluated {query}"], {"given": [given]})
        return list(outcome.rows["evaluated"][0].values())

    def _plan(
        self,
        tables: tuple[FlinkTable, ...],
        statements: Sequence[str],
        files: Mapping[str, Path | None],
        functions: Functions,
    ) -> _Plan:
        key = repr((tables, list(statements), files, {name: _spec(f).get("module") for name, f in functions.items()}))
        if key not in self._plans:
            self._forget_oldest()
            self._planned += 1
            self._plans[key] = self._compiled(f"plan-{self._planned}", tables, statements, files, functions)
        return self._plans[key]

    def _compiled(
        self,
        name: str,
        tables: tuple[FlinkTable, ...],
        statements: Sequence[str],
        files: Mapping[str, Path | None],
        functions: Functions,
    ) -> _Plan:
        folder = self._folder / name
        folder.mkdir()
        _write_functions(folder, functions)
        sources = tuple(table for table in tables if table.name in files)
        sinks = tuple(table for table in tables if table.name not in files)
        ddl = [t.ddl(files[t.name] or folder / f"source-{i}.json", bool(files[t.name])) for i, t in enumerate(sources)]
        ddl += [t.ddl(folder / f"sink-{i}") for i, t in enumerate(sinks)]
        self._worker.request(
            self._timeout,
            op="plan",
            plan=name,
            ddl=ddl,
            statements=[rewrite_anomaly_calls(statement) for statement in statements],
            functions=str(folder / "functions.json") if functions else None,
        )
        return _Plan(name, folder, sources, sinks)

    def _execute(self, plan: _Plan, functions: Functions) -> Outcome:
        _write_functions(plan.folder, functions)
        for i, _ in enumerate(plan.sinks):
            shutil.rmtree(plan.folder / f"sink-{i}", ignore_errors=True)
        answer = self._worker.request(self._timeout, op="execute", plan=plan.name)
        rows = {table.name: table.decode(plan.folder / f"sink-{i}") for i, table in enumerate(plan.sinks)}
        return Outcome(rows, _read_calls(plan.folder), answer["seconds"])

    def _forget_oldest(self) -> None:
        if len(self._plans) < _PLANS_KEPT:
            return
        plan = self._plans.pop(next(iter(self._plans)))
        self._worker.request(self._timeout, op="forget", plan=plan.name)
        shutil.rmtree(plan.folder)


def _spec(function: Answers | ModuleFunction) -> dict[str, Any]:
    if isinstance(function, ModuleFunction):
        return {"module": str(function.module.resolve()), "function": function.function}
    return {"answers": dict(function.answers), "default": list(function.default)}


def _write_functions(folder: Path, functions: Functions) -> None:
    specs = {name: _spec(function) for name, function in functions.items()}
    (folder / "functions.json").write_text(json.dumps(specs), encoding="utf-8")
    (folder / "calls.jsonl").write_text("", encoding="utf-8")


def _read_calls(folder: Path) -> list[tuple[str, list[str]]]:
    lines = (folder / "calls.jsonl").read_text(encoding="utf-8").splitlines()
    return [(name, arguments) for name, arguments in map(json.loads, lines)]
