"""Carries out a plan: topics first, then schemas."""

from collections.abc import Callable, Sequence

from confluent_kafka import KafkaException
from confluent_kafka.admin import (  # type: ignore[attr-defined]
    AdminClient,
    AlterConfigOpType,
    ConfigEntry,
    ConfigResource,
    NewTopic,
    ResourceType,
)

from sentinel_cli.kafka.registry import Registry
from sentinel_cli.topics.plan import Finding, Step, subject
from sql.errors import ServiceError


def refusals(plan: Sequence[Step]) -> list[str]:
    """What stands in the way of a plan, a sentence each."""
    return [f"{step.what} {step.table.name} {step.detail}" for step in plan if step.finding is Finding.refused]


def carry_out(
    plan: Sequence[Step], admin: AdminClient, registry: Registry, replication: int | None, note: Callable[[str], None]
) -> None:
    """
    Make what is missing and change what differs.

    Raises:
        ServiceError: something differs that cannot be changed without loss, and nothing was changed; or the broker or
            the registry refuses.
    """
    if found := refusals(plan):
        raise ServiceError(f"Nothing was changed: {'; '.join(found)}.")
    for step in plan:
        if step.finding is not Finding.there:
            _do(step, admin, registry, replication)
            note(f"{step.what} {step.table.name}: {step.detail}")


def _do(step: Step, admin: AdminClient, registry: Registry, replication: int | None) -> None:
    if step.what == "schema":
        registry.register(subject(step.table), step.table.schema_text)
        return
    if step.finding is Finding.create:
        topic = NewTopic(step.table.name, step.partitions, replication or -1, config=dict(step.settings))
        answers = list(admin.create_topics([topic]).values())
    else:
        entries = [
            ConfigEntry(name, value, incremental_operation=AlterConfigOpType.SET)
            for name, value in step.settings.items()
        ]
        resource = ConfigResource(ResourceType.TOPIC, step.table.name, incremental_configs=entries)
        answers = list(admin.incremental_alter_configs([resource]).values())
    try:
        for answer in answers:
            answer.result(timeout=30)
    except KafkaException as error:
        raise ServiceError(f"The broker refuses topic {step.table.name}: {error.args[0].str()}") from None
