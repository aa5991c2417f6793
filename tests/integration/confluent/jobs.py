"""Whether a statement can run: what it names exists, and its principal may do what it does."""

from collections.abc import Iterator
from typing import Any

from tests.integration.confluent.cloud import State, violation
from tests.integration.confluent.roles import Need, kafka_crn, missing, need, pool_crn, subject_crn
from tests.integration.confluent.statement_text import StatementText, read_statements

_READ = ("DeveloperRead", "ResourceOwner")
_WRITE = ("DeveloperWrite", "ResourceOwner")
_MANAGE = ("DeveloperManage", "ResourceOwner")
_TRANSACTIONS = "_confluent-flink_*"
_TARGET = "error-handling.log.target"

Statement = dict[str, Any]
"""A statement as the cloud's file has it."""


def problem(state: State, statement: Statement) -> str | None:
    """Why a statement fails, in one sentence; None where it can run."""
    if statement["principal"] not in state["accounts"]:
        return f"the principal {statement['principal']} does not exist"
    if statement["pool"] not in state["pools"]:
        return f"the compute pool {statement['pool']} does not exist"
    cluster = database(state, statement)
    if cluster is None:
        return "sql.current-catalog and sql.current-database name no environment and cluster in the pool's region"
    parts = read_statements(statement["text"])
    absent = (reason for part in parts for reason in _absent(state, statement, cluster, part))
    if reason := next(absent, None):
        return reason
    needs = [need(pool_crn(state, statement["pool"]), "FlinkDeveloper", "FlinkAdmin")]
    for part in parts:
        needs += _needs(state, statement, cluster, part)
    lacking = missing(state, statement["principal"], needs)
    return f"{statement['principal']} lacks {lacking[0]}" if lacking else None


def fail_broken_jobs(state: State, cause: str) -> None:
    """Jobs that can run no longer, after something was deleted, fail; no well-made program lets it come to that."""
    for key, statement in state["statements"].items():
        if statement["phase"] == "RUNNING" and (reason := problem(state, statement)):
            statement |= {"phase": "FAILED", "detail": reason}
            violation(state, f"{cause} while statement {key} was running: {reason}")


def apply_ddl(state: State, statement: Statement) -> None:
    """What a completed statement leaves behind; nothing drops it again."""
    cluster = database(state, statement)
    for part in read_statements(statement["text"]):
        key = f"{cluster}/{part.name}"
        if part.kind == "model":
            state["models"].setdefault(key, _connection(part))
        elif part.kind == "agent":
            state["agents"].setdefault(key, next(iter(part.models), ""))
        elif part.kind == "options":
            state["tables"].setdefault(key, {}).update(part.options)
            if target := part.options.get(_TARGET):
                _make_target(state, statement, str(cluster), target)


def database(state: State, statement: Statement) -> str | None:
    """The cluster that a statement's properties name, by id or name, in the region of its pool."""
    catalog, wanted = (statement["properties"].get(f"sql.current-{name}") for name in ("catalog", "database"))
    environment = state["environments"].get(statement["environment"], {})
    if catalog not in {statement["environment"], environment.get("displayName")}:
        return None
    pool = state["pools"][statement["pool"]]
    for key, about in state["clusters"].items():
        at_home = about["environment"] == statement["environment"] and about["region"] == pool["region"]
        if at_home and wanted in {key, about["displayName"]}:
            return str(key)
    return None


def is_job(statement: Statement) -> bool:
    """Whether a statement runs until it is stopped."""
    return all(part.kind == "insert" for part in read_statements(statement["text"]))


def registry_of(state: State, environment: str) -> str:
    """The registry of an environment that has a cluster."""
    return str(next(key for key, about in state["registries"].items() if about["environment"] == environment))


def _absent(state: State, statement: Statement, cluster: str, part: StatementText) -> Iterator[str]:
    if part.kind == "unknown":
        yield "SQL parse failed: not one statement of a known kind"
    tables = part.reads | ({part.name} if part.kind in {"insert", "watermark", "options"} else set())
    registry = registry_of(state, statement["environment"])
    for table in sorted(tables):
        if f"{cluster}/{table}" not in state["topics"] or f"{registry}/{table}-value" not in state["subjects"]:
            yield f"Table (or view) '{table}' does not exist: it needs a topic and a schema"
    agents = {name: state["agents"].get(f"{cluster}/{name}") for name in part.agents}
    yield from (f"Agent '{name}' does not exist" for name, model in agents.items() if model is None)
    models = part.models | {model for model in agents.values() if model}
    connections = {name: state["models"].get(f"{cluster}/{name}") for name in models}
    yield from (f"Model '{name}' does not exist" for name, connection in connections.items() if connection is None)
    wanted = {*connections.values()} | ({_connection(part)} if part.kind == "model" else set())
    for connection in sorted(name for name in wanted if name is not None):
        if f"{statement['environment']}/{connection}" not in state["connections"]:
            yield f"Connection '{connection}' does not exist"


def _needs(state: State, statement: Statement, cluster: str, part: StatementText) -> Iterator[Need]:
    def topic(name: str, roles: tuple[str, ...]) -> Need:
        return need(kafka_crn(state, cluster, "topic", name), *roles, "CloudClusterAdmin")

    def subject(name: str, roles: tuple[str, ...]) -> Need:
        registry = registry_of(state, statement["environment"])
        return need(subject_crn(state, registry, f"{name}-value"), *roles, "DataSteward")

    if part.kind in {"watermark", "options"}:
        targets = {part.options[_TARGET]} if _TARGET in part.options else set()
        for name in {part.name, *targets}:
            yield from (topic(name, _MANAGE), subject(name, _WRITE))
    elif part.kind == "insert":
        for name in sorted(part.reads):
            yield from (topic(name, _READ), subject(name, (*_READ, "DeveloperWrite")))
        targets = {state["tables"].get(f"{cluster}/{name}", {}).get(_TARGET) for name in part.reads} - {None}
        for name in sorted({part.name, *targets}):
            yield from (topic(name, _WRITE), subject(name, (*_READ, "DeveloperWrite")))
        crn = kafka_crn(state, cluster, "transactional-id", _TRANSACTIONS)
        yield from (need(crn, *_READ, "CloudClusterAdmin"), need(crn, *_WRITE, "CloudClusterAdmin"))


def _connection(part: StatementText) -> str:
    return next((value for name, value in part.options.items() if name.endswith(".connection")), "")


def _make_target(state: State, statement: Statement, cluster: str, target: str) -> None:
    state["topics"].setdefault(f"{cluster}/{target}", {"partitions": 6, "config": {}, "made_by": "the platform"})
    key = f"{registry_of(state, statement['environment'])}/{target}-value"
    state["subjects"].setdefault(key, {"1": {"id": 0, "text": "{}"}})
