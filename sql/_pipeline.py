"""The whole pipeline: tables, rules and statements under `sql/`, rendered and in the order of deployment."""

import hashlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import Literal

from sql._ai import ai_literals, ai_parameters, ai_statements, ai_values, prompt_text
from sql._files import ROOT, read_text, shown
from sql._parameters import Parameter, Value, check_owner, findings, literal, resolve
from sql._rule import Rule, RuleFile, read_rule
from sql._scan import scan_from
from sql._statement import Statement, read_statement
from sql._table import Table, load_table
from sql._template import bare, placeholders, quoted_tables, render
from sql._view import inline
from sql.dialect import parse
from sql.errors import ParameterError, PipelineError

Provider = Literal["azureopenai", "bedrock"]
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Pipeline:
    """Tables, rules and statements; statements stand in the order in which they can be deployed."""

    tables: tuple[Table, ...]
    rules: tuple[Rule, ...]
    statements: tuple[Statement, ...]
    watermarks: dict[str, str]
    """The watermark expression of each table that has one."""
    agent_prompt: str
    """What CREATE AGENT tells the agent, for a run that has no such statement."""
    max_completion_tokens: int
    """Longest answer of the model."""

    def table(self, name: str) -> Table:
        """The table of a name such as `sentinel.aml_alerts`."""
        return next(table for table in self.tables if table.name == name)

    def statement(self, name: str) -> Statement:
        """The statement of a name such as `structuring-rolling`."""
        return next(statement for statement in self.statements if statement.name == name)


def load_pipeline(
    parameters: Mapping[str, object] | None = None,
    *,
    rules: Collection[str] | None = None,
    provider: Provider | None = None,
    starts_at: Mapping[str, datetime] | None = None,
    root: Path = ROOT,
) -> Pipeline:
    """
    Load and render everything under `sql/`.

    Args:
        parameters: Values that replace defaults, by `owner.name`, such as `structuring.min_total`.
        rules: The rules to keep; all when None.
        provider: Whose model the AI statements call; None leaves model and agent out, for a run on one machine.
        starts_at: By statement, the instant before which it emits nothing. It reads from there, less its look-back.
        root: The folder that holds tables, views, rules, routes and ai.

    Raises:
        PipelineError: a file is wrong, a parameter is unknown, unset or out of bounds, or the statements form a cycle.
    """
    given = dict(parameters or {})
    tables = tuple(load_table(folder) for folder in _folders(root / "tables"))
    files = {folder.name: read_rule(folder) for folder in _folders(root / "rules")}
    for key in given:
        check_owner(key, [*(t.folder.name for t in tables), *files, "ai"])
    unknown = set(rules or ()) - set(files)
    if unknown:
        raise ParameterError(f"no such rule: {', '.join(sorted(unknown))}; known are {', '.join(files)}")
    loader = _Loader(root, tables, given, dict(starts_at or {}))
    statements = loader.table_statements()
    chosen = [loader.rule(name, about) for name, about in files.items() if rules is None or name in rules]
    statements += [statement for _, statement in chosen]
    statements += [loader.statement(path) for path in sorted((root / "routes").glob("*.sql"))]
    statements += loader.ai(provider)
    _check_starts(loader.starts_at, statements)
    most = int(str(ai_values(root / "ai", given)["max_completion_tokens"]))
    kept_rules = tuple(rule for rule, _ in chosen)
    return Pipeline(
        tables, kept_rules, _ordered(statements), loader.watermarks, prompt_text(root / "ai", "triage"), most
    )


def parameter_findings(parameters: Mapping[str, object], root: Path = ROOT) -> dict[str, str]:
    """What is wrong with each of the parameters that `load_pipeline` would refuse, by `owner.name`."""
    declared = {table.name: load_table(table).parameters for table in _folders(root / "tables")}
    declared |= {rule.name: read_rule(rule).parameters for rule in _folders(root / "rules")}
    return findings(declared | {"ai": ai_parameters(root / "ai")}, parameters)


class _Loader:
    """Renders files with the literals of their owner: the tables' parameters, and a rule's own."""

    def __init__(
        self, root: Path, tables: tuple[Table, ...], given: dict[str, object], starts_at: dict[str, datetime]
    ) -> None:
        self.root, self.tables, self.given, self.starts_at = root, tables, given, starts_at
        self.watermarks: dict[str, str] = {}
        values: dict[str, Value] = {}
        for table in tables:
            values |= resolve(table.folder.name, table.parameters, given, shown(table.folder / "table.toml"))
        self.shared = _literals(values)
        self.max_ahead = values.get("max_ahead")
        paths = sorted((root / "views").glob("*.sql"))
        self.views = {path.stem: self._render(path, self.shared) for path in paths}
        for path in paths:
            parse(self.views[path.stem], shown(path))

    def table_statements(self) -> list[Statement]:
        found = []
        for table in self.tables:
            for path in sorted(table.folder.glob("*.sql")):
                name = f"{table.folder.name}-{path.stem}".replace("_", "-")
                statement = read_statement(name, self._render(path, self.shared), shown(path))
                found.append(statement)
                if statement.kind == "watermark":
                    self.watermarks[table.name] = statement.sql.partition(" AS\n")[2].strip()
        return found

    def rule(self, name: str, about: RuleFile) -> tuple[Rule, Statement]:
        folder = self.root / "rules" / name
        source = shown(folder / "rule.toml")
        values = resolve(name, about.parameters, self.given, source)
        literals = self.shared | _literals(values) | {"rule_id": literal(name), "typology": literal(about.typology)}
        blank = self._render(folder / "rule.sql", literals | {"rule_version": "''", "starts_at": "''"})
        _check_used(folder / "rule.sql", about.parameters, source)
        version = hashlib.sha256(inline(blank, self.views).encode()).hexdigest()[:8]
        literals["rule_version"] = literal(version)
        return Rule(name, about, values, version, folder), self.statement(folder / "rule.sql", literals, name)

    def statement(self, path: Path, literals: Mapping[str, str] | None = None, name: str | None = None) -> Statement:
        name = (name or path.stem).replace("_", "-")
        literals = {**(literals or self.shared), "starts_at": literal(self.starts_at.get(name, EPOCH))}
        text = self._render(path, literals)
        if bare(text).startswith("INSERT"):
            # Before views and prompts move the lines, so that an error names the line of the file.
            parse(self._render(path, {key: value.replace("\n", " ") for key, value in literals.items()}), shown(path))
        statement = read_statement(name, inline(text, self.views), shown(path))
        return self._started(statement) if name in self.starts_at else statement

    def _started(self, statement: Statement) -> Statement:
        """
        The statement reading no more than it needs.

            reads from                    emits from
            |------ look-back + :max_ahead ------|
                                                 startsAt

        A transaction may be dated :max_ahead after it arrived. A model learns from all that is kept; a simulated
        clock (:max_ahead off) says nothing of arrival: both read from the beginning.
        """
        if statement.has_history or not isinstance(self.max_ahead, timedelta):
            return statement
        instant = self.starts_at[statement.name] - statement.look_back - self.max_ahead
        return replace(statement, sql=scan_from(statement.sql, instant), reads_from=instant)

    def ai(self, provider: Provider | None) -> list[Statement]:
        literals = self.shared | ai_literals(self.root / "ai", self.given, provider)
        return [self.statement(path, literals, name) for name, path in ai_statements(self.root / "ai", provider)]

    def _render(self, path: Path, literals: Mapping[str, str]) -> str:
        text = read_text(path)
        known = {table.name for table in self.tables}
        for name, line in quoted_tables(text):
            if name not in known:
                raise PipelineError(f"{shown(path)}:{line}: no table {name}; known are {', '.join(sorted(known))}")
        return render(text, literals, shown(path))


def _folders(parent: Path) -> list[Path]:
    return sorted(path for path in parent.iterdir() if path.is_dir() and not path.name.startswith(("_", ".")))


def _literals(values: Mapping[str, Value]) -> dict[str, str]:
    return {name: literal(value) for name, value in values.items()}


def _check_used(path: Path, declared: Mapping[str, Parameter], source: str) -> None:
    used = {name for name, _ in placeholders(read_text(path))}
    for name in declared:
        if name not in used:
            raise PipelineError(f"{source}: the parameter {name} is declared, but {shown(path)} never reads it")


def _check_starts(starts_at: Mapping[str, datetime], statements: list[Statement]) -> None:
    names = {statement.name for statement in statements if statement.kind == "insert"}
    for name in starts_at:
        if name not in names:
            raise PipelineError(f"startsAt names no statement {name}; known are {', '.join(sorted(names))}")


def _ordered(statements: list[Statement]) -> tuple[Statement, ...]:
    """Each statement after those that write what it reads; otherwise in the order of the files."""
    graph = {s.name: [t.name for t in statements if t.writes in s.reads] for s in statements}
    by_name = {s.name: s for s in statements}
    try:
        return tuple(by_name[name] for name in TopologicalSorter(graph).static_order())
    except CycleError as error:
        files = " -> ".join(by_name[name].file for name in error.args[1])
        raise PipelineError(f"these statements read what they write, in a circle: {files}") from None
