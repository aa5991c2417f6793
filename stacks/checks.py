"""What must hold between settings, and between settings and the pipeline, before any resource is registered."""

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import sql
from sql.errors import PipelineError
from stacks.llm_connection import connection_name
from stacks.settings import Finding, Settings, SettingsError, read_settings

RAW = "transactions_raw"
KEPT_FOR_YEARS = (
    "aml_alerts",
    "aml_alerts_enriched",
    "alert_dispositions",
    "analyst_decisions",
    "transactions_late",
    "dead_letters",
)
PARAMETER_EXAMPLE = """--path 'parameters["structuring.min_total"]' 25000.00"""
FIVE_YEARS = timedelta(days=5 * 365 + 1)
"""31 CFR 1010.430(d): records are retained for a period of five years."""
_DAY = timedelta(days=1)
_EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
MARGIN = timedelta(days=7)
"""What transactions are kept beyond the largest look-back, so that a statement can be replaced within a week."""


def load_settings() -> tuple[Settings, sql.Pipeline]:
    """
    The checked settings of the running program, and the pipeline that they ask for.

    Raises:
        SettingsError: all that is wrong, a line each; or a file under `sql/` is wrong.
    """
    settings, found = read_settings()
    if settings is not None:
        try:
            settings, pipeline, more = _checked(settings)
        except PipelineError as error:
            raise SettingsError(str(error)) from None
        found += more
    if found or settings is None:
        lines = "\n".join(f"  {finding}" for finding in found)
        raise SettingsError(f"the stack's configuration is not as it should be:\n{lines}")
    return settings, pipeline


def _checked(settings: Settings) -> tuple[Settings, sql.Pipeline, list[Finding]]:
    """The settings less what is wrong with them, their pipeline, and all that is wrong."""
    everything = sql.load_pipeline()
    found = [*_parameters(settings), *_names(settings, everything), *_starts(settings)]
    right = _without(settings, {finding.key for finding in found})
    pipeline = _asked_for(right, everything)
    return right, pipeline, found + [finding for check in _CHECKS for finding in check(right, pipeline)]


def _without(settings: Settings, wrong: set[str]) -> Settings:
    """The settings less the entries that are wrong, so that the others are checked all the same."""

    def right(key: str, entries: Mapping[str, Any]) -> dict[str, Any]:
        return {name: value for name, value in entries.items() if f"{key}.{name}" not in wrong}

    return settings.model_copy(
        update={
            "parameters": right("parameters", settings.parameters),
            "retention": right("retention", settings.retention),
            "partitions": right("partitions", settings.partitions),
            "starts_at": right("startsAt", settings.starts_at),
        }
    )


def _asked_for(settings: Settings, everything: sql.Pipeline) -> sql.Pipeline:
    """The pipeline with the stack's rules, parameters, model provider and starts."""
    rules = [rule.id for rule in everything.rules if rule.id not in settings.disabled_rules]
    parameters = {**settings.parameters, "ai.connection": connection_name(settings.llm, settings.flink_region)}
    return sql.load_pipeline(parameters, rules=rules, provider=settings.llm.provider, starts_at=settings.starts_at)


def _parameters(settings: Settings) -> Iterator[Finding]:
    for key, problem in sql.parameter_findings(settings.parameters).items():
        yield Finding(f"parameters.{key}", problem.removeprefix(f"{key}: "), f"set {PARAMETER_EXAMPLE}")
    if "ai.connection" in settings.parameters:
        yield Finding("parameters.ai.connection", "the stack names its connection itself", "rm --path parameters")


def _names(settings: Settings, pipeline: sql.Pipeline) -> Iterator[Finding]:
    rules = {rule.id for rule in pipeline.rules}
    tables = {table.folder.name for table in pipeline.tables}
    inserts = {s.name for s in pipeline.statements if s.kind == "insert"}
    listed = (
        ("disabledRules", "rule", settings.disabled_rules, rules, "set --path 'disabledRules[0]' geo"),
        ("retention", "table", settings.retention, tables, f"set --path retention.{RAW} '30 days'"),
        ("partitions", "table", settings.partitions, tables, f"set --path partitions.{RAW} 12"),
        ("startsAt", "statement", settings.starts_at, inserts, "set --path startsAt.geo 2026-03-01T00:00:00Z"),
    )
    for key, what, given, known, example in listed:
        for name in given:
            if name not in known:
                yield Finding(f"{key}.{name}", f"there is no such {what}; known are {_list(known)}", example)
    if rules <= set(settings.disabled_rules):
        yield Finding("disabledRules", "they are all that there are: nothing would be detected", "rm disabledRules")
    for name, text in settings.retention.items():
        try:
            problem = "" if sql.parse_retention(text) >= _DAY else "it is below a day: records would go unread"
        except ValueError as error:
            problem = str(error)
        if problem:
            yield Finding(f"retention.{name}", problem, f"set --path retention.{RAW} '30 days'")
    for name in settings.starts_at:
        if name.replace("-", "_") in settings.disabled_rules:
            yield Finding(f"startsAt.{name}", "that rule is disabled", f"rm --path startsAt.{name}")


def _starts(settings: Settings) -> Iterator[Finding]:
    """What is detected before the start is written by nobody: one that is far ahead silences its statement."""
    for name, instant in settings.starts_at.items():
        if not _EARLIEST <= instant <= datetime.now(UTC) + _DAY:
            problem = f"it lies before {_EARLIEST.year}, or more than a day ahead: until then nothing would be written"
            yield Finding(f"startsAt.{name}", problem, f"set --path startsAt.{name} 2026-03-01T00:00:00Z")


def _pool(settings: Settings, pipeline: sql.Pipeline) -> Iterator[Finding]:
    """A change between single statements and a set starts the new before it stops the old: room for both."""
    jobs = sum(statement.kind == "insert" for statement in pipeline.statements) + 1
    if settings.max_cfu < jobs:
        why = f"{jobs} jobs may run at once, the statement set beside the single statements, a unit each at least"
        yield Finding("maxCfu", f"{settings.max_cfu} units are too few: {why}", "set maxCfu 20")


def _retention(settings: Settings, pipeline: sql.Pipeline) -> Iterator[Finding]:
    longest = max(pipeline.statements, key=lambda statement: statement.look_back)
    needed = longest.look_back + MARGIN
    if settings.retention_of(pipeline.table(f"sentinel.{RAW}")) < needed:
        why = f"{longest.name} looks back {longest.look_back.days} days, and a week is kept beyond that"
        example = f"set --path retention.{RAW} '{-(-needed // timedelta(days=1))} days'"
        yield Finding(f"retention.{RAW}", f"too short: {why}", example)
    for table in pipeline.tables:
        name = table.folder.name
        if settings.production and name in KEPT_FOR_YEARS and settings.retention_of(table) < FIVE_YEARS:
            why = "in production kept for five years at least (31 CFR 1010.430)"
            yield Finding(f"retention.{name}", why, f"set --path retention.{name} '{FIVE_YEARS.days} days'")


def _protection(settings: Settings, _: sql.Pipeline) -> Iterator[Finding]:
    if settings.production and not settings.protect:
        yield Finding("protect", "a production stack is protected", "set protect true")


def _cluster(settings: Settings, _: sql.Pipeline) -> Iterator[Finding]:
    cluster = settings.cluster
    is_dedicated = cluster.type == "dedicated"
    if is_dedicated != (cluster.cku is not None):
        problem = "a dedicated cluster needs it, and no other has it"
        yield Finding("cluster.cku", problem, "set --path cluster.cku 2" if is_dedicated else "rm --path cluster.cku")
    if is_dedicated and cluster.max_ecku is not None:
        yield Finding("cluster.maxEcku", "a dedicated cluster has cku instead", "rm --path cluster.maxEcku")
    if cluster.cku == 1 and cluster.availability in {"MULTI_ZONE", "HIGH"}:
        yield Finding("cluster.cku", "several zones need at least 2", "set --path cluster.cku 2")


def _keys(settings: Settings, _: sql.Pipeline) -> Iterator[Finding]:
    if settings.retiring_key_generation >= settings.key_generation:
        problem = f"it must be below keyGeneration, {settings.key_generation}"
        yield Finding("retiringKeyGeneration", problem, "rm retiringKeyGeneration")


_CHECKS: tuple[Callable[[Settings, sql.Pipeline], Iterator[Finding]], ...] = (
    _pool,
    _retention,
    _protection,
    _cluster,
    _keys,
)


def _list(names: set[str]) -> str:
    return ", ".join(sorted(names))
