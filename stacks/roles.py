"""Least-privilege roles: what each service account may do, and where."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import pulumi
import pulumi_confluentcloud as confluent

from stacks.platform import Platform

TRANSACTIONS = "transactional-id=_confluent-flink_*"
"""Flink writes exactly once in Kafka transactions under these ids."""
Scope = Literal["organization", "environment", "kafka", "registry"]


@dataclass(frozen=True)
class Role:
    """One role of an account on one resource or prefix."""

    name: str
    """The role as Confluent Cloud names it."""
    scope: Scope
    resource: str = ""
    """Within the scope, such as `topic=sentinel.aml_alerts`; empty for the scope itself."""
    id: pulumi.Output[str] | None = None
    """The id of a resource that the stack makes, which ends the resource's name."""

    @property
    def slug(self) -> str:
        """The role and what it is on, for a logical name."""
        return f"{self.name}-{self.resource.replace('=', '-')}".rstrip("-*.")


def reads(tables: Sequence[str]) -> Iterator[Role]:
    """What reading tables needs: topic and subject."""
    for table in tables:
        yield Role("DeveloperRead", "kafka", f"topic={table}")
        yield Role("DeveloperRead", "registry", f"subject={table}-value")


def writes(tables: Sequence[str]) -> Iterator[Role]:
    """What writing tables needs: topic, and the subject's schema."""
    for table in tables:
        yield Role("DeveloperWrite", "kafka", f"topic={table}")
        yield Role("DeveloperRead", "registry", f"subject={table}-value")


def exactly_once() -> Iterator[Role]:
    """What every principal of Flink statements needs beside a Flink role."""
    yield Role("DeveloperRead", "kafka", TRANSACTIONS)
    yield Role("DeveloperWrite", "kafka", TRANSACTIONS)


def bind(
    name: str,
    account: confluent.ServiceAccount,
    roles: Iterator[Role],
    platform: Platform,
    opts: pulumi.ResourceOptions,
) -> list[confluent.RoleBinding]:
    """A role binding for each of the roles, each once."""
    return [
        confluent.RoleBinding(
            f"{name}-{role.slug}",
            principal=account.id.apply(lambda it: f"User:{it}"),
            role_name=role.name,
            crn_pattern=_crn(role, platform),
            opts=opts,
        )
        for role in dict.fromkeys(roles)
    ]


def _crn(role: Role, platform: Platform) -> pulumi.Output[str]:
    scopes: dict[Scope, pulumi.Output[str]] = {
        "organization": platform.organization_crn,
        "environment": platform.environment_crn,
        "kafka": pulumi.Output.concat(platform.cluster_crn, "/kafka=", platform.cluster_id),
        "registry": platform.registry_crn,
    }
    if not role.resource:
        return scopes[role.scope]
    return pulumi.Output.concat(scopes[role.scope], "/", role.resource, role.id or "")
