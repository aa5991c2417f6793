"""Reading resources as the engine hands them to a policy, where a value may not be known before the update."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pulumi_policy import PolicyResource
from pulumi_policy.proxy import UnknownValueError

FLINK_STATEMENT = "confluentcloud:index/flinkStatement:FlinkStatement"
FLINK_CONNECTION = "confluentcloud:index/flinkConnection:FlinkConnection"
API_KEY = "confluentcloud:index/apiKey:ApiKey"
ENVIRONMENT = "confluentcloud:index/environment:Environment"
KAFKA_CLUSTER = "confluentcloud:index/kafkaCluster:KafkaCluster"
KAFKA_TOPIC = "confluentcloud:index/kafkaTopic:KafkaTopic"
SCHEMA = "confluentcloud:index/schema:Schema"
SERVICE_ACCOUNT = "confluentcloud:index/serviceAccount:ServiceAccount"
ROLE_BINDING = "confluentcloud:index/roleBinding:RoleBinding"
PIPELINE = "sentinel:stacks:Pipeline"
PRODUCTION_NAMES = frozenset({"prod", "production"})
"""Names of stacks that are production whatever they say."""


def known(properties: Mapping[str, Any], *path: str) -> Any:
    """The value at a path of properties; None where there is none, or none is known before the update."""
    value: Any = properties
    for key in path:
        try:
            value = value[key]
        except (KeyError, UnknownValueError):
            return None
        if value is None:
            return None
    return value


def of_type(resources: Sequence[PolicyResource], *types: str) -> Iterator[PolicyResource]:
    """The resources of these types."""
    return (resource for resource in resources if resource.resource_type in types)


def is_production(resources: Sequence[PolicyResource]) -> bool:
    """
    Whether a bank relies on this stack.

    The Pipeline says so, from the stack's configuration: a pack does not see that configuration wherever it runs, but
    always the resources. A stack named so is production even where its configuration forgot to say it, and one that
    says nothing is judged as production.
    """
    if any(resource.urn.split(":")[2] in PRODUCTION_NAMES for resource in resources):
        return True
    said = [known(resource.props, "production") for resource in of_type(resources, PIPELINE)]
    return said != [False]
