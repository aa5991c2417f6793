"""What a broker and a registry lack of the pipeline's tables, and what differs; nothing is changed."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from confluent_kafka.admin import AdminClient, ConfigResource, ResourceType  # type: ignore[attr-defined]

from sentinel_cli.kafka.registry import Registry
from sql import Table

RETENTION = "retention.ms"


class Finding(StrEnum):
    """What is to be done about a topic or a subject."""

    there = "there"
    create = "create"
    change = "change"
    refused = "refused"
    """It differs, and cannot be changed without loss."""


@dataclass(frozen=True)
class Step:
    """One topic or subject of a table, and what is to be done about it."""

    table: Table
    what: str
    """topic or schema"""
    finding: Finding
    detail: str
    partitions: int
    """How many the topic has, or is to have."""


def subject(table: Table) -> str:
    """The subject of a table's value schema, by TopicNameStrategy."""
    return f"{table.name}-value"


def retention_ms(table: Table) -> int:
    """How long the topic of a table keeps a record, in milliseconds."""
    return round(table.retention.total_seconds() * 1000)


def make_plan(tables: Sequence[Table], admin: AdminClient, registry: Registry, partitions: int | None) -> list[Step]:
    """The steps, a topic and a schema a table; ServiceError where broker or registry does not answer."""
    there = {name: len(topic.partitions) for name, topic in admin.list_topics(timeout=15).topics.items()}
    steps = []
    for table in tables:
        steps += [_topic(table, admin, there.get(table.name), partitions or table.partitions)]
        steps += [_schema(table, registry, partitions or table.partitions)]
    return steps


def _topic(table: Table, admin: AdminClient, there: int | None, wanted: int) -> Step:
    days = f"kept {table.retention.days} days"
    if there is None:
        return Step(table, "topic", Finding.create, f"{wanted} partitions, {days}", wanted)
    if there != wanted:
        detail = (
            f"has {there} partitions and not {wanted}: accounts would move; delete it, or give --partitions {there}"
        )
        return Step(table, "topic", Finding.refused, detail, there)
    resource = ConfigResource(ResourceType.TOPIC, table.name)
    (config,) = (answer.result() for answer in admin.describe_configs([resource]).values())
    kept = config[RETENTION].value
    if int(kept) != retention_ms(table):
        return Step(table, "topic", Finding.change, f"{RETENTION} is {kept}, to be {retention_ms(table)}", there)
    return Step(table, "topic", Finding.there, f"{there} partitions, {days}", there)


def _schema(table: Table, registry: Registry, partitions: int) -> Step:
    known = registry.latest(subject(table))
    if known is None:
        finding, detail = Finding.create, "JSON Schema, compatibility BACKWARD"
    elif known.type == "JSON" and json.loads(known.text) == table.schema:
        finding, detail = Finding.there, f"id {known.id}"
    elif registry.compatible(subject(table), table.schema_text):
        finding, detail = Finding.change, f"id {known.id} differs and is followed by a new version"
    else:
        finding, detail = Finding.refused, f"id {known.id} differs, and what was written by it could not be read"
    return Step(table, "schema", finding, detail, partitions)
