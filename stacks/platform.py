"""Where everything runs: environment, Kafka cluster, Schema Registry and Flink compute pool."""

from dataclasses import dataclass

import pulumi
import pulumi_confluentcloud as confluent

from stacks.settings import Cluster


@dataclass(frozen=True, kw_only=True)
class PlatformArgs:
    """One region of one cloud, and what is run there."""

    display_name: str
    cloud: str
    """AWS, AZURE or GCP."""
    region: str
    cluster: Cluster
    governance: str
    """Stream Governance package: ESSENTIALS or ADVANCED."""
    max_cfu: int
    cloud_provider: confluent.Provider
    """A Provider with a key of the scope Cloud resource management."""
    protect: bool = False


class Platform(pulumi.ComponentResource):
    """
    An environment with a Kafka cluster, the Schema Registry that comes with it, and a Flink compute pool.

    The cluster carries cloud, region and type in its logical name: a change of any of them makes a new one, and the old
    one is deleted last, by keys that still open it.
    """

    site: str
    """Cloud, region and cluster type, for the logical names of whatever cannot outlive the cluster."""
    organization_id: pulumi.Output[str]
    organization_crn: pulumi.Output[str]
    environment_id: pulumi.Output[str]
    environment_crn: pulumi.Output[str]
    cluster_id: pulumi.Output[str]
    cluster_crn: pulumi.Output[str]
    """Of the cluster as role bindings name it: without `/kafka=`."""
    bootstrap_endpoint: pulumi.Output[str]
    """Host and port, as Kafka clients take them."""
    kafka_rest_endpoint: pulumi.Output[str]
    registry_id: pulumi.Output[str]
    registry_crn: pulumi.Output[str]
    registry_endpoint: pulumi.Output[str]
    pool_id: pulumi.Output[str]
    flink_rest_endpoint: pulumi.Output[str]
    flink_region_id: pulumi.Output[str]

    def __init__(self, name: str, args: PlatformArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("sentinel:stacks:Platform", name, None, opts)
        child = pulumi.ResourceOptions(parent=self, provider=args.cloud_provider)
        protected = pulumi.ResourceOptions.merge(child, pulumi.ResourceOptions(protect=args.protect))
        self.site = f"{args.cloud}-{args.region}-{args.cluster.type}".lower()
        environment = confluent.Environment(
            f"{name}-environment",
            display_name=args.display_name,
            stream_governance=confluent.EnvironmentStreamGovernanceArgs(package=args.governance),
            opts=protected,
        )
        cluster = _cluster(f"{name}-{self.site}-cluster", args, environment, protected)
        pool = confluent.FlinkComputePool(
            f"{name}-{self.site}-pool",
            display_name=args.display_name,
            cloud=args.cloud,
            region=args.region,
            max_cfu=args.max_cfu,
            environment=confluent.FlinkComputePoolEnvironmentArgs(id=environment.id),
            opts=child,
        )
        # The registry comes into being with the environment's first cluster.
        after_cluster = pulumi.InvokeOutputOptions(parent=self, provider=args.cloud_provider, depends_on=[cluster])
        registry = confluent.get_schema_registry_cluster_output(
            environment=environment.id.apply(lambda it: confluent.GetSchemaRegistryClusterEnvironmentArgs(id=it)),
            opts=after_cluster,
        )
        region = confluent.get_flink_region_output(
            cloud=args.cloud,
            region=args.region,
            opts=pulumi.InvokeOutputOptions(parent=self, provider=args.cloud_provider),
        )
        self.environment_id, self.environment_crn = environment.id, environment.resource_name
        self.organization_crn = environment.resource_name.apply(lambda crn: crn.partition("/environment=")[0])
        self.organization_id = self.organization_crn.apply(lambda crn: crn.partition("/organization=")[2])
        self.cluster_id, self.cluster_crn = cluster.id, cluster.rbac_crn
        self.bootstrap_endpoint = cluster.bootstrap_endpoint.apply(lambda url: url.rpartition("://")[2])
        self.kafka_rest_endpoint = cluster.rest_endpoint
        self.registry_id, self.registry_crn = registry.id, registry.resource_name
        self.registry_endpoint = registry.rest_endpoint
        self.pool_id, self.flink_rest_endpoint, self.flink_region_id = pool.id, region.rest_endpoint, region.id
        self.register_outputs({"environmentId": self.environment_id, "clusterId": self.cluster_id})


def _cluster(
    name: str, args: PlatformArgs, environment: confluent.Environment, opts: pulumi.ResourceOptions
) -> confluent.KafkaCluster:
    size, kind = args.cluster, args.cluster.type
    return confluent.KafkaCluster(
        name,
        display_name=f"{args.display_name}-{args.region}-{kind}",
        cloud=args.cloud,
        region=args.region,
        availability=size.availability,
        environment=confluent.KafkaClusterEnvironmentArgs(id=environment.id),
        standard=confluent.KafkaClusterStandardArgs(max_ecku=size.max_ecku) if kind == "standard" else None,
        enterprises=[confluent.KafkaClusterEnterpriseArgs(max_ecku=size.max_ecku)] if kind == "enterprise" else None,
        dedicated=confluent.KafkaClusterDedicatedArgs(cku=size.cku or 1) if kind == "dedicated" else None,
        deletion_protection=args.protect,
        opts=opts,
    )
