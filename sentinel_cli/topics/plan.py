"""What a broker and a registry lack of the pipeline's tables, and what differs; nothing is changed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from confluent_kafka.admin import AdminClient, ConfigResource, ResourceType  # type: ignore[attr-defined]

from sentinel_cli.kafka.agreement import contradiction, is_same
from sentinel_cli.kafka.faults import question
from sentinel_cli.kafka.registry import Registry
from sql import Table

_RETENTION = "retention.ms"


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
    settings: Mapping[str, str] = field(default_factory=dict)
    """What the topic is to be made with, or changed to."""


def subject(table: Table) -> str:
    """The subject of a table's value schema, by TopicNameStrategy."""
    return f"{table.name}-value"


def settings(table: Table) -> dict[str, str]:
    """What a topic is made with; compaction would keep one alert of an account, and no other."""
    return {_RETENTION: str(round(table.retention.total_seconds() * 1000)), "cleanup.policy": "delete"}


def make_plan(tables: Sequence[Table], admin: AdminClient, registry: Registry, partitions: int | None) -> list[Step]:
    """The steps, a topic and a schema a table; ServiceError where broker or registry does not answer."""
    with question():
        there = {name: len(topic.partitions) for name, topic in admin.list_topics(timeout=15).topics.items()}
    steps = []
    for table in tables:
        steps += [_topic(table, admin, there.get(table.name), partitions or table.partitions)]
        steps += [_schema(table, registry, partitions or table.partitions)]
    return steps


def _topic(table: Table, admin: AdminClient, there: int | None, wanted: int) -> Step:
    days = f"kept {table.retention.days} days"
    if there is None:
        return Step(table, "topic", Finding.create, f"{wanted} partitions, {days}", wanted, settings(table))
    if there != wanted:
        detail = (
            f"has {there} partitions and not {wanted}: accounts would move; delete it, or give --partitions {there}"
        )
        return Step(table, "topic", Finding.refused, detail, there)
    with question():
        (answer,) = admin.describe_configs([ConfigResource(ResourceType.TOPIC, table.name)]).values()
        has = {name: str(entry.value) for name, entry in answer.result().items()}
    differs = {name: to for name, to in settings(table).items() if not _suffices(name, has[name], to)}
    if differs:
        detail = ", ".join(f"{name} is {has[name]}, to be {to}" for name, to in differs.items())
        return Step(table, "topic", Finding.change, detail, there, differs)
    return Step(table, "topic", Finding.there, f"{there} partitions, kept {_kept(has)}", there)


def _suffices(name: str, has: str, wanted: str) -> bool:
    """Whether a setting may stay: a shorter retention than the topic has would delete records."""
    return has == wanted or (name == _RETENTION and (int(has) < 0 or int(has) > int(wanted)))


def _kept(has: Mapping[str, str]) -> str:
    milliseconds = int(has[_RETENTION])
    return "for ever" if milliseconds < 0 else f"{milliseconds // 86_400_000} days"


def _schema(table: Table, registry: Registry, partitions: int) -> Step:
    known = registry.latest(subject(table))
    if known is None:
        finding, detail = Finding.create, "JSON Schema, compatibility BACKWARD"
    elif is_same(table, known):
        finding, detail = Finding.there, f"id {known.id}"
    elif registry.compatible(subject(table), table.schema_text):
        finding, detail = Finding.change, f"id {known.id} differs and is followed by a new version"
    else:
        why = contradiction(table, known) or "what was written by it could not be read"
        finding, detail = Finding.refused, f"id {known.id} differs: {why}"
    return Step(table, "schema", finding, detail, partitions)
