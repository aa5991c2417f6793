"""Whether broker and registry answer each account, and whether topics and schemas are those of the repository."""

from collections.abc import Iterator

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient

from sentinel_cli.doctor.finding import Finding
from sentinel_cli.kafka.agreement import contradiction, is_same
from sentinel_cli.kafka.connection import Account, Connection, connect
from sentinel_cli.kafka.preflight import check_broker
from sentinel_cli.kafka.registry import Registry
from sentinel_cli.settings import SecurityProtocol
from sentinel_cli.topics.plan import subject
from sql import Pipeline, Table
from sql.errors import ServiceError, SettingsError

_MAKE = "Make it with `sentinel topics create --yes`, or deploy the stack with `pulumi up`."


def accounts(stack: str | None) -> tuple[list[Finding], Connection | None]:
    """Whether each account that has keys is let in, and the connection of the first that is."""
    findings: list[Finding] = []
    usable: Connection | None = None
    for account in (Account.analyst, Account.producer, Account.runner):
        try:
            connection = connect(account, stack)
        except SettingsError as error:
            if account is Account.runner:  # no stack makes it, and only a broker without Flink needs it
                continue
            findings.append(Finding(f"account {account}", "has no keys", str(error)))
            continue
        well = _is_let_in(account, connection, findings)
        usable = usable or (connection if well else None)
        if connection.protocol is SecurityProtocol.plaintext:
            break
    return findings, usable


def _is_let_in(account: Account, connection: Connection, findings: list[Finding]) -> bool:
    who = "broker" if connection.protocol is SecurityProtocol.plaintext else f"broker, as {account}"
    try:
        check_broker(connection)
        findings.append(Finding(who, f"{connection.bootstrap} answers"))
        Registry(connection).latest(subject_probe())
        findings.append(Finding(who.replace("broker", "registry"), f"{connection.registry_url} answers"))
    except ServiceError as error:
        findings.append(Finding(who, str(error), _advice(str(error))))
        return False
    return True


def subject_probe() -> str:
    """A subject that the producer's key may read: every account is asked for it."""
    return "sentinel.transactions_raw-value"


def _advice(said: str) -> str:
    if "key" in said:
        return "See the keys above: `pulumi stack output --show-secrets` shows those of a stack; a rotated key is new."
    if "trusted" in said:
        return "Set SENTINEL_KAFKA_CA_LOCATION to the authority's PEM file, or SENTINEL_KAFKA_SECURITY_PROTOCOL."
    return "See the endpoints above; for a broker on this machine, `sentinel broker up`."


def topics(connection: Connection, pipeline: Pipeline) -> Iterator[Finding]:
    """A finding for each topic and for each schema."""
    admin, registry = AdminClient(connection.client()), Registry(connection)
    try:
        there = {name: len(topic.partitions) for name, topic in admin.list_topics(timeout=15).topics.items()}
    except KafkaException as error:
        yield Finding("topics", error.args[0].str(), "Look at the broker.")
        return
    counts = {there[table.name] for table in pipeline.tables if table.name in there}
    for table in pipeline.tables:
        yield _topic(table, there.get(table.name), len(counts) > 1)
        yield _schema(table, registry)


def _topic(table: Table, partitions: int | None, differ: bool) -> Finding:
    what = f"topic {table.name}"
    if partitions is None:
        return Finding(what, "is not there, or the key may not see it", _MAKE)
    advice = "All topics must have as many: an account's alerts are looked for in its own partition." if differ else ""
    return Finding(what, f"{partitions} partitions", advice)


def _schema(table: Table, registry: Registry) -> Finding:
    what = f"schema {subject(table)}"
    try:
        known = registry.latest(subject(table))
    except ServiceError as error:
        return Finding(what, str(error), "Look at the registry and its keys.")
    if known is None:
        return Finding(what, "is not there, or the key may not see it", _MAKE)
    if problem := contradiction(table, known):
        return Finding(what, f"id {known.id}: {problem}", "The SQL cannot read by it: register one that it can.")
    return Finding(what, f"id {known.id}, {'the same' if is_same(table, known) else 'another that agrees'}")
