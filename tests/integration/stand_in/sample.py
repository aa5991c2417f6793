"""A small whole stack, for what only the real engine shows; each field is a choice that a test may change."""

from dataclasses import dataclass
from typing import Any

import pulumi
import pulumi_confluentcloud as confluent
from pulumi import Output, ResourceOptions

from tests.integration.stack_runner import CLOUD_KEY, CLOUD_SECRET
from tests.integration.stand_in.platform import ALERTS, INSERT, RAW, REGION

LLM_KEY = "made-up-llm-key"
_MODEL = "CREATE MODEL IF NOT EXISTS `llm` INPUT (`p` STRING) OUTPUT (`r` STRING) WITH ('openai.connection' = 'llm')"


@dataclass
class Sample:
    """What the stack declares; a test changes a field between two runs."""

    insert: str = INSERT
    model: str = _MODEL
    generation: int = 1
    state_ttl: str = "14 d"
    replaces_properties: bool = True
    deletes_first: bool = True
    open_secret: bool = False
    own_credentials: bool = False

    def __call__(self) -> None:
        """Declare everything."""
        base = _Base()
        keys = _Keys(base, self.generation)
        flink = confluent.Provider("flink", **keys.flink)
        tables = _tables(keys)
        llm = confluent.FlinkConnection(
            "llm",
            display_name="llm",
            type="AZUREOPENAI",
            endpoint="https://llm.example/chat",
            api_key=LLM_KEY if self.open_secret else Output.secret(LLM_KEY),
            opts=ResourceOptions(provider=flink, depends_on=[base.binding]),
        )
        own = keys.of_a_resource() if self.own_credentials else {}
        self._statement("model", self.model, base, self._options(flink, [llm]))
        options = self._options(base.provider if own else flink, tables)
        self._statement("structuring", self.insert, base, options, **own)
        pulumi.export("flinkApiSecret", keys.flink["flink_api_secret"])
        pulumi.export("kafkaClusterId", base.cluster.id)

    def _options(self, provider: pulumi.ProviderResource, needs: list[pulumi.Resource]) -> ResourceOptions:
        return ResourceOptions(
            provider=provider,
            depends_on=needs,
            delete_before_replace=self.deletes_first,
            replace_on_changes=["properties"] if self.replaces_properties else [],
        )

    def _statement(self, name: str, text: str, base: "_Base", options: ResourceOptions, **own: Any) -> None:
        at = {"sql.current-catalog": base.env.id, "sql.current-database": base.cluster.id}
        properties: dict[str, Any] = {**at, "sql.state-ttl": self.state_ttl}
        confluent.FlinkStatement(name, statement_name=name, statement=text, properties=properties, opts=options, **own)


class _Base:
    """What the Cloud API key makes: environment, cluster, pool, and one account that may do anything in it."""

    def __init__(self) -> None:
        secret = Output.secret(CLOUD_SECRET)
        self.provider = confluent.Provider("cloud", cloud_api_key=CLOUD_KEY, cloud_api_secret=secret)
        opts = ResourceOptions(provider=self.provider)
        package = confluent.EnvironmentStreamGovernanceArgs(package="ADVANCED")
        self.env = confluent.Environment("env", display_name="aml", stream_governance=package, opts=opts)
        self.cluster = confluent.KafkaCluster(
            "cluster",
            display_name="aml",
            availability="SINGLE_ZONE",
            cloud="AWS",
            region=REGION,
            standard=confluent.KafkaClusterStandardArgs(),
            environment={"id": self.env.id},
            opts=opts,
        )
        self.pool = confluent.FlinkComputePool(
            "pool",
            display_name="aml",
            cloud="AWS",
            region=REGION,
            max_cfu=5,
            environment={"id": self.env.id},
            opts=opts,
        )
        self.account = confluent.ServiceAccount("account", display_name="account", opts=opts)
        self.binding = confluent.RoleBinding(
            "binding",
            principal=Output.concat("User:", self.account.id),
            role_name="EnvironmentAdmin",
            crn_pattern=self.env.resource_name,
            opts=opts,
        )
        after = pulumi.InvokeOutputOptions(provider=self.provider, depends_on=[self.cluster])
        where = self.env.id.apply(lambda key: confluent.GetSchemaRegistryClusterEnvironmentArgs(id=key))
        self.registry = confluent.get_schema_registry_cluster_output(environment=where, opts=after)
        self.region = confluent.get_flink_region_output(cloud="AWS", region=REGION, opts=after)
        self.organization = self.env.resource_name.apply(lambda crn: crn.split("/")[3].partition("=")[2])


class _Keys:
    """Keys of one generation, and the settings of the Providers that use them."""

    def __init__(self, base: _Base, generation: int) -> None:
        self.base, self.generation = base, generation
        kafka = self._key("kafka-key", base.cluster.id, "cmk/v2", "Cluster")
        registry = self._key("registry-key", base.registry.id, "srcm/v3", "Cluster")
        flink = self._key("flink-key", base.region.id, "fcpm/v2", "Region")
        self.kafka: dict[str, Any] = {
            "kafka_id": base.cluster.id,
            "kafka_rest_endpoint": base.cluster.rest_endpoint,
            "kafka_api_key": kafka.id,
            "kafka_api_secret": kafka.secret,
        }
        self.registry: dict[str, Any] = {
            "schema_registry_id": base.registry.id,
            "schema_registry_rest_endpoint": base.registry.rest_endpoint,
            "schema_registry_api_key": registry.id,
            "schema_registry_api_secret": registry.secret,
        }
        self.flink: dict[str, Any] = {
            "organization_id": base.organization,
            "environment_id": base.env.id,
            "flink_compute_pool_id": base.pool.id,
            "flink_principal_id": base.account.id,
            "flink_rest_endpoint": base.region.rest_endpoint,
            "flink_api_key": flink.id,
            "flink_api_secret": flink.secret,
        }

    def of_a_resource(self) -> dict[str, Any]:
        """The same, as a resource has them that relies on no Provider."""
        ids = {"organization": "organization_id", "environment": "environment_id", "principal": "flink_principal_id"}
        return {
            **{name: {"id": self.flink[key]} for name, key in ids.items()},
            "compute_pool": {"id": self.flink["flink_compute_pool_id"]},
            "credentials": {"key": self.flink["flink_api_key"], "secret": self.flink["flink_api_secret"]},
            "rest_endpoint": self.flink["flink_rest_endpoint"],
        }

    def _key(self, name: str, to: Output[str], version: str, kind: str) -> confluent.ApiKey:
        owner = confluent.ApiKeyOwnerArgs(id=self.base.account.id, api_version="iam/v2", kind="ServiceAccount")
        home = confluent.ApiKeyManagedResourceEnvironmentArgs(id=self.base.env.id)
        managed = confluent.ApiKeyManagedResourceArgs(id=to, api_version=version, kind=kind, environment=home)
        options = ResourceOptions(provider=self.base.provider, depends_on=[self.base.binding])
        full = f"{name}-{self.generation}"
        return confluent.ApiKey(full, display_name=full, owner=owner, managed_resource=managed, opts=options)


def _tables(keys: _Keys) -> list[pulumi.Resource]:
    kafka = ResourceOptions(provider=confluent.Provider("kafka", **keys.kafka))
    registry = ResourceOptions(provider=confluent.Provider("registry", **keys.registry))
    made: list[pulumi.Resource] = [keys.base.binding]
    for table in (RAW, ALERTS):
        cluster = confluent.KafkaTopicKafkaClusterArgs(id=keys.base.cluster.id)
        made.append(confluent.KafkaTopic(table, topic_name=table, kafka_cluster=cluster, opts=kafka))
        made.append(
            confluent.Schema(
                f"{table}-value",
                subject_name=f"{table}-value",
                format="JSON",
                schema='{"type": "object"}',
                opts=registry,
            )
        )
    return made
