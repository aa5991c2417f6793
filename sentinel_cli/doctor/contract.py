"""Whether topics and schemas are there and are what the SQL reads."""

from collections.abc import Iterator

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient

from sentinel_cli.doctor.accounts import Connections, sees
from sentinel_cli.doctor.finding import Finding
from sentinel_cli.kafka.agreement import contradiction, is_same
from sentinel_cli.kafka.connection import Account, Connection
from sentinel_cli.kafka.registry import RegisteredSchema, Registry
from sentinel_cli.settings import SecurityProtocol
from sentinel_cli.topics.plan import subject
from sql import Pipeline, Table
from sql.errors import ServiceError

_MAKE = "Make it with `sentinel topics create --yes`, or deploy the stack with `pulumi up`."
_UNSEEN = "no key that is set may see it"
_EQUAL = "`sentinel run` needs the same number in all: an account's records are looked for in one partition."


def contract(connections: Connections, pipeline: Pipeline) -> Iterator[Finding]:
    """A finding for each topic and for each schema, seen by whichever account may see it."""
    try:
        partitions = _partitions(connections)
    except KafkaException as error:
        yield Finding("topics", error.args[0].str(), "Look at the broker.")
        return
    registries = {account: Registry(connection) for account, connection in connections.items()}
    differ = _runs(connections) and len({partitions[t.name] for t in pipeline.tables if t.name in partitions}) > 1
    for table in pipeline.tables:
        able = [account for account, connection in connections.items() if sees(account, connection, table.name)]
        yield _topic(table, partitions.get(table.name), bool(able), differ)
        yield _schema(table, [registries[account] for account in able])


def _runs(connections: Connections) -> bool:
    """Whether `sentinel run` may: a stack gives nobody the runner's key, and its jobs take any number of partitions."""
    return any(a is Account.runner or c.protocol is SecurityProtocol.plaintext for a, c in connections.items())


def _partitions(connections: Connections) -> dict[str, int]:
    """How many each topic has; a broker lists what the key may see."""
    return {
        name: len(topic.partitions)
        for connection in connections.values()
        for name, topic in _admin(connection).list_topics(timeout=15).topics.items()
    }


def _admin(connection: Connection) -> AdminClient:
    return AdminClient(connection.client())


def _topic(table: Table, partitions: int | None, able: bool, differ: bool) -> Finding:
    what = f"topic {table.name}"
    if partitions is None:
        return Finding(what, "is not there", _MAKE) if able else Finding(what, _UNSEEN)
    usual = "" if partitions == table.partitions else f" (table.toml has {table.partitions})"
    return Finding(what, f"{partitions} partitions{usual}", _EQUAL if differ else "")


def _schema(table: Table, registries: list[Registry]) -> Finding:
    what = f"schema {subject(table)}"
    if not registries:
        return Finding(what, _UNSEEN)
    try:
        known = registries[0].latest(subject(table))
    except ServiceError as error:
        return Finding(what, str(error), "Look at the registry and its keys.")
    return _judged(table, known, what) if known else Finding(what, "is not there", _MAKE)


def _judged(table: Table, known: RegisteredSchema, what: str) -> Finding:
    if problem := contradiction(table, known):
        return Finding(what, f"id {known.id}: {problem}", "The SQL cannot read by it: register one that it can.")
    return Finding(what, f"id {known.id}, {'the same' if is_same(table, known) else 'another that agrees'}")
