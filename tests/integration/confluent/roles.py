"""Role bindings: which scopes a role can have, and what a principal may do."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from tests.integration.confluent.cloud import ORGANIZATION, ApiError, State

ORGANIZATION_CRN = f"crn://confluent.cloud/organization={ORGANIZATION}"
_RESOURCE = {"topic", "group", "transactional-id", "subject"}
_SCOPES = {
    "OrganizationAdmin": {"organization"},
    "EnvironmentAdmin": {"environment"},
    "CloudClusterAdmin": {"cloud-cluster"},
    "DataDiscovery": {"environment"},
    "DataSteward": {"environment"},
    "FlinkAdmin": {"environment"},
    "FlinkDeveloper": {"environment", "compute-pool"},
    "Assigner": {"service-account"},
    "DeveloperRead": _RESOURCE,
    "DeveloperWrite": _RESOURCE - {"group"},
    "DeveloperManage": _RESOURCE | {"kafka"},
    "ResourceOwner": _RESOURCE,
}
"""The last element of a CRN to which each role can be bound."""
_CHAINS = (
    ["organization"],
    ["organization", "service-account"],
    ["organization", "environment"],
    ["organization", "environment", "cloud-cluster"],
    ["organization", "environment", "cloud-cluster", "kafka"],
    ["organization", "environment", "cloud-cluster", "kafka", "topic"],
    ["organization", "environment", "cloud-cluster", "kafka", "group"],
    ["organization", "environment", "cloud-cluster", "kafka", "transactional-id"],
    ["organization", "environment", "schema-registry", "subject"],
    ["organization", "environment", "flink-region", "compute-pool"],
)
_COLLECTIONS = {
    "environment": "environments",
    "cloud-cluster": "clusters",
    "kafka": "clusters",
    "schema-registry": "registries",
    "compute-pool": "pools",
    "service-account": "accounts",
}
_ADMINS = frozenset({"OrganizationAdmin", "EnvironmentAdmin"})


@dataclass(frozen=True)
class Need:
    """A right on one object, met by any of the roles on it or on what it is part of."""

    roles: frozenset[str]
    crn: str

    def __str__(self) -> str:
        return f"{' or '.join(sorted(self.roles - _ADMINS or self.roles))} on {self.crn}"


def need(crn: str, *roles: str) -> Need:
    """A right that the administrators of the organization and the environment have too."""
    return Need(frozenset(roles) | _ADMINS, crn)


def check_binding(state: State, role: str, crn: str) -> None:
    """Raise ApiError 400 where a role can't be bound to a scope."""
    if role not in _SCOPES:
        raise ApiError(400, f"role {role} does not exist")
    if not crn.startswith("crn://confluent.cloud/"):
        raise ApiError(400, f"{crn} is no CRN of confluent.cloud")
    elements = [part.partition("=") for part in crn.removeprefix("crn://confluent.cloud/").split("/")]
    if [name for name, _, _ in elements] not in _CHAINS or not all(value for _, _, value in elements):
        raise ApiError(400, f"{crn} is no scope of a role")
    if elements[-1][0] not in _SCOPES[role]:
        raise ApiError(400, f"role {role} can't be bound to a scope that ends with {elements[-1][0]}: {crn}")
    _check_objects(state, {name: value for name, _, value in elements}, crn)


def _check_objects(state: State, elements: dict[str, str], crn: str) -> None:
    if elements["organization"] != ORGANIZATION:
        raise ApiError(400, f"no such organization: {crn}")
    for name, collection in _COLLECTIONS.items():
        if name in elements and elements[name] not in state[collection]:
            raise ApiError(400, f"no such {name}: {crn}")
    if elements.get("kafka", "") != elements.get("cloud-cluster", "") and "kafka" in elements:
        raise ApiError(400, f"kafka and cloud-cluster differ: {crn}")
    pool = state["pools"].get(elements.get("compute-pool", ""), {})
    if pool and elements["flink-region"].lower() != f"{pool['cloud']}.{pool['region']}".lower():
        raise ApiError(400, f"the compute pool is not in that region: {crn}")
    cluster = state["clusters"].get(elements.get("kafka", ""), {})
    if cluster.get("kind") == "basic" and elements.keys() & _RESOURCE:
        raise ApiError(400, f"a Basic cluster has no roles on its topics: {crn}")


def missing(state: State, principal: str, needs: Iterable[Need]) -> list[str]:
    """The needs that no binding of a principal meets."""
    held = [binding for binding in state["bindings"].values() if binding["principal"] == principal]
    return [str(n) for n in needs if not any(b["role"] in n.roles and _covers(b["crn"], n.crn) for b in held)]


def _covers(pattern: str, crn: str) -> bool:
    if pattern.endswith("*"):
        return crn.startswith(pattern[:-1])
    return crn == pattern or crn.startswith(f"{pattern}/")


def environment_crn(environment: str) -> str:
    """The CRN of an environment."""
    return f"{ORGANIZATION_CRN}/environment={environment}"


def cluster_crn(state: State, cluster: str) -> str:
    """The CRN of a cluster as roles on it want it, without `/kafka=`."""
    return f"{environment_crn(state['clusters'][cluster]['environment'])}/cloud-cluster={cluster}"


def kafka_crn(state: State, cluster: str, kind: str, name: str) -> str:
    """The CRN of a topic, a group or a transactional id."""
    return f"{cluster_crn(state, cluster)}/kafka={cluster}/{kind}={name}"


def subject_crn(state: State, registry: str, subject: str) -> str:
    """The CRN of a subject."""
    return (
        f"{environment_crn(state['registries'][registry]['environment'])}/schema-registry={registry}/subject={subject}"
    )


def pool_crn(state: State, pool: str) -> str:
    """The CRN of a compute pool."""
    about = state["pools"][pool]
    return (
        f"{environment_crn(about['environment'])}/flink-region={about['cloud']}.{about['region']}/compute-pool={pool}"
    )


def account_of(principal: str) -> str:
    """The id of a binding's principal, written `User:sa-...`."""
    return re.sub(r"^User:", "", principal)
