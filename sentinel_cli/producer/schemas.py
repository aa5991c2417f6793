"""What must be there before the first event: both topics, and schemas in the registry by which to write to them."""

from collections.abc import Callable, Iterable, Mapping

from confluent_kafka import KafkaException, Producer

from sentinel_cli.kafka.agreement import contradiction, is_same
from sentinel_cli.kafka.registry import RegisteredSchema, Registry
from sentinel_cli.topics.plan import subject
from sql import Table
from sql.errors import ServiceError

_MAKE = "make it with `sentinel topics create --yes`, or deploy the stack with `pulumi up`"


def partitions_of(producer: Producer, tables: Iterable[Table]) -> Mapping[str, int]:
    """How many partitions the topic of each table has; ServiceError where one is not there."""
    try:
        # All topics: to ask for one by name may make it.
        there = producer.list_topics(timeout=15).topics
    except KafkaException as error:
        raise ServiceError(f"The broker does not list its topics: {error.args[0].str()}.") from None
    for table in tables:
        if table.name not in there:
            raise ServiceError(f"Topic {table.name} is not there, or its key may not see it: {_MAKE}.")
    return {table.name: len(there[table.name].partitions) for table in tables}


def schema_of(table: Table, registry: Registry, say: Callable[[str], None]) -> RegisteredSchema:
    """
    The registry's schema of a table, which outranks the repository's; never registered here.

    Raises:
        ServiceError: there is none, or its columns are not those that the SQL reads; names the first that differs.
    """
    schema = registry.latest(subject(table))
    if schema is None:
        raise ServiceError(f"The registry at {registry.url} has no schema {subject(table)}: {_MAKE}.")
    if problem := contradiction(table, schema):
        raise ServiceError(
            f"Nothing was sent: the registry's schema {subject(table)} (id {schema.id}) is not what the SQL reads: "
            f"{problem}."
        )
    if not is_same(table, schema):
        say(f"the registry's schema {subject(table)} (id {schema.id}) differs from the repository's and is followed")
    return schema
