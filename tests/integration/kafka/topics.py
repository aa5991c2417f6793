"""The pipeline's topics on the broker of the tests, made anew."""

import time
from functools import partial

from confluent_kafka.admin import AdminClient
from pydantic import SecretStr

from sentinel_cli.broker.local import LocalBroker
from sentinel_cli.kafka.agreement import is_same
from sentinel_cli.kafka.connection import Connection
from sentinel_cli.kafka.registry import Registry
from sentinel_cli.settings import SecurityProtocol
from sentinel_cli.topics.create import carry_out
from sentinel_cli.topics.plan import make_plan, subject
from sql import load_pipeline

NOBODY = SecretStr("")


def connection(broker: LocalBroker) -> Connection:
    """The connection to a broker without keys."""
    return Connection(broker.bootstrap, SecurityProtocol.plaintext, "", NOBODY, "", broker.registry_url, "", NOBODY)


def make_topics(where: Connection, partitions: int = 6) -> None:
    """Delete every topic of the pipeline and every schema that differs, and make them; delete every consumer group."""
    admin, registry = AdminClient(where.client()), Registry(where)
    names = [name for name in admin.list_topics(timeout=15).topics if name.startswith("sentinel.")]
    if names:
        for answer in admin.delete_topics(names).values():
            answer.result(timeout=30)
        while set(names) & set(admin.list_topics(timeout=15).topics):
            time.sleep(0.05)
    for table in load_pipeline().tables:
        known = registry.latest(subject(table))
        if known and not is_same(table, known):
            registry.ask(partial(registry.client.delete_subject, subject(table)))
    groups = [group.group_id for group in admin.list_consumer_groups().result(timeout=15).valid]
    if groups:
        for answer in admin.delete_consumer_groups(groups).values():
            answer.exception(timeout=30)
    carry_out(make_plan(load_pipeline().tables, admin, registry, partitions), admin, registry, 1, lambda _: None)
