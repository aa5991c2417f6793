"""A program of somebody else, who uses the components one by one and nothing under `sql/`."""

from datetime import timedelta

import pulumi
import pulumi_confluentcloud as confluent

import stacks


def main() -> None:
    cloud = confluent.Provider("cloud", cloud_api_key="MADEUPCLOUDKEY01", cloud_api_secret="made-up-cloud-secret")
    platform = stacks.Platform(
        "orders",
        stacks.PlatformArgs(
            display_name="orders",
            cloud="GCP",
            region="europe-west1",
            cluster=stacks.Cluster(type="dedicated", cku=2, availability="MULTI_ZONE"),
            governance="ADVANCED",
            max_cfu=5,
            cloud_provider=cloud,
        ),
    )
    access = stacks.Access(
        "people",
        stacks.AccessArgs(
            display_name="orders",
            platform=platform,
            cloud_provider=cloud,
            runner_reads=["orders"],
            runner_writes=["totals"],
            producer_reads=[],
            producer_writes=["orders"],
            analyst_reads=["totals"],
            analyst_writes=[],
        ),
    )
    orders = stacks.Topic(
        "orders-topic",
        stacks.TopicArgs(
            topic="orders",
            schema='{"type": "object", "properties": {"id": {"type": "string"}}}',
            partitions=3,
            retention=timedelta(days=1),
            cluster_id=platform.cluster_id,
            rest_endpoint=platform.kafka_rest_endpoint,
            kafka=access.kafka,
            registry=access.registry,
            protect=True,
        ),
    )
    stacks.LlmConnection(
        "model",
        stacks.LlmConnectionArgs(
            llm=stacks.Bedrock(provider="bedrock", region="eu-west-1", model="eu.anthropic.claude"),
            flink_region="gcp.europe-west1",
            organization_id=platform.organization_id,
            environment_id=platform.environment_id,
            rest_endpoint=platform.flink_rest_endpoint,
            flink=access.flink_deployer,
            aws_access_key="made-up-aws-key",
            aws_secret_key="made-up-aws-secret",
        ),
    )
    stacks.Statement(
        "totals",
        stacks.StatementArgs(
            statement_name="totals",
            kind="insert",
            sql="INSERT INTO totals SELECT id FROM orders",
            reads=["orders"],
            writes=["totals"],
            organization_id=platform.organization_id,
            environment_id=platform.environment_id,
            cluster_id=platform.cluster_id,
            rest_endpoint=platform.flink_rest_endpoint,
            flink=access.flink_runner,
            state_ttl=timedelta(days=3),
        ),
        opts=pulumi.ResourceOptions(depends_on=[orders]),
    )
