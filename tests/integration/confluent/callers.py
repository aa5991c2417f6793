"""Who calls what: the credentials, endpoint and ids of a call, from the provider's own settings or the resource's."""

from dataclasses import dataclass
from typing import Any

from tests.integration.confluent.cloud import ApiError, State
from tests.integration.confluent.rules import PROVIDER_SETS, members
from tests.integration.confluent.values import Properties

CLOUD_ENDPOINT = "https://api.confluent.cloud"


@dataclass(frozen=True)
class Caller:
    """Credentials and endpoint of one call."""

    key: str
    secret: str
    endpoint: str

    def owner(self, state: State, kind: str) -> str:
        """The account that owns the key; 401 where the key is not alive, or is a key to something else."""
        key = state["keys"].get(self.key)
        if key is None or key["secret"] != self.secret:
            raise ApiError(401, "invalid API key: the key does not exist or its secret is wrong")
        if key["kind"] != kind:
            raise ApiError(401, f"invalid API key: a {key['kind']} key, where a {kind} key is needed")
        if key["owner"] not in state["accounts"]:
            raise ApiError(401, "invalid API key: its owner does not exist")
        return str(key["owner"])

    def resource(self, state: State) -> dict[str, Any]:
        """What the key is a key to."""
        about: dict[str, Any] = state["keys"][self.key]
        return about


def has_set(config: Properties, name: str) -> bool:
    """Whether the provider itself has a whole set of settings."""
    return all(any(config.get(one) for one in names) for names in members(PROVIDER_SETS[name]))


def cloud_caller(config: Properties) -> Caller:
    """Control-plane calls: always the provider's Cloud API key."""
    return Caller(config.get("cloudApiKey", ""), config.get("cloudApiSecret", ""), config["endpoint"])


def kafka_caller(config: Properties, inputs: Properties) -> tuple[Caller, str]:
    """Calls to a Kafka cluster, and the cluster's id."""
    cluster = config.get("kafkaId") or _nested(inputs, "kafkaCluster")
    if has_set(config, "kafka"):
        caller = Caller(config["kafkaApiKey"], config["kafkaApiSecret"], config["kafkaRestEndpoint"])
    else:
        caller = _of_resource(inputs)
    return caller, _required(cluster, "kafka_cluster.id")


def registry_caller(config: Properties, inputs: Properties) -> tuple[Caller, str]:
    """Calls to a Schema Registry, and its id."""
    if has_set(config, "schema_registry"):
        endpoint = config.get("schemaRegistryRestEndpoint") or config["catalogRestEndpoint"]
        caller = Caller(config["schemaRegistryApiKey"], config["schemaRegistryApiSecret"], endpoint)
        return caller, config["schemaRegistryId"]
    return _of_resource(inputs), _required(_nested(inputs, "schemaRegistryCluster"), "schema_registry_cluster.id")


@dataclass(frozen=True)
class FlinkScope:
    """Where a Flink object lives and as whom it runs."""

    organization: str
    environment: str
    pool: str
    principal: str


def flink_caller(config: Properties, inputs: Properties) -> tuple[Caller, FlinkScope]:
    """Calls to a region's Flink."""
    if has_set(config, "flink"):
        caller = Caller(config["flinkApiKey"], config["flinkApiSecret"], config["flinkRestEndpoint"])
        ids = (config[name] for name in ("organizationId", "environmentId", "flinkComputePoolId", "flinkPrincipalId"))
        return caller, FlinkScope(*ids)
    scope = FlinkScope(
        _required(config.get("organizationId") or _nested(inputs, "organization"), "organization.id"),
        _required(config.get("environmentId") or _nested(inputs, "environment"), "environment.id"),
        _nested(inputs, "computePool"),
        _required(_nested(inputs, "principal"), "principal.id"),
    )
    return _of_resource(inputs), scope


def _of_resource(inputs: Properties) -> Caller:
    credentials = inputs.get("credentials") or {}
    endpoint = _required(inputs.get("restEndpoint"), "rest_endpoint")
    return Caller(_required(credentials.get("key"), "credentials"), credentials.get("secret", ""), endpoint)


def _nested(inputs: Properties, name: str) -> str:
    return str((inputs.get(name) or {}).get("id", ""))


def _required(value: Any, name: str) -> str:
    if not value:
        raise ApiError(
            400, f"one of provider.{name} (defaults to environment variables) or resource.{name} must be set"
        )
    return str(value)
