"""The Pulumi program: reads the stack's settings, makes everything, exports what the command line needs."""

import pulumi
import pulumi_confluentcloud as confluent

import stacks
from sql import topics
from sql.outputs import Output

LLM_SECRETS = {
    "azureopenai": {"api_key": "azureOpenAiKey"},
    "bedrock": {
        "aws_access_key": "awsAccessKey",
        "aws_secret_key": "awsSecretKey",
        "aws_session_token": "awsSessionToken",
    },
}
"""By provider: an argument of the connection, and the secret that it is given."""


def main() -> None:
    """Declare the whole stack; SettingsError, before anything is declared, where its configuration is wrong."""
    settings, pipeline = stacks.load_settings()
    config = pulumi.Config()
    display_name = f"{settings.name}-{pulumi.get_stack()}"
    cloud = confluent.Provider(
        "cloud",
        cloud_api_key=config.require_secret("confluentCloudApiKey"),
        cloud_api_secret=config.require_secret("confluentCloudApiSecret"),
    )
    platform = stacks.Platform(
        "platform",
        stacks.PlatformArgs(
            display_name=display_name,
            cloud=settings.cloud,
            region=settings.region,
            cluster=settings.cluster,
            governance=settings.governance,
            max_cfu=settings.max_cfu,
            cloud_provider=cloud,
            protect=settings.protect,
        ),
    )
    inserts = [statement for statement in pipeline.statements if statement.kind == "insert"]
    tables = {table.name for table in pipeline.tables}
    access = stacks.Access(
        "access",
        stacks.AccessArgs(
            display_name=display_name,
            platform=platform,
            cloud_provider=cloud,
            runner_reads=sorted(tables & {name for insert in inserts for name in insert.reads}),
            runner_writes=sorted({insert.writes for insert in inserts}),
            producer_reads=["sentinel.transactions_raw"],
            producer_writes=["sentinel.transactions_raw", "sentinel.dead_letters"],
            analyst_reads=[topics.ALERTS, topics.ENRICHED, topics.DISPOSITIONS, topics.ANALYST_DECISIONS],
            analyst_writes=[topics.ANALYST_DECISIONS],
            key_generation=settings.key_generation,
            retiring_key_generation=settings.retiring_key_generation,
            protect=settings.protect,
        ),
    )
    secrets = {argument: stacks.secret(name) for argument, name in LLM_SECRETS[settings.llm.provider].items()}
    deployed = stacks.Pipeline(
        "pipeline",
        stacks.PipelineArgs(
            pipeline=pipeline,
            settings=settings,
            platform=platform,
            access=access,
            llm_secrets={argument: value for argument, value in secrets.items() if value is not None},
        ),
    )
    outputs = {
        Output.organization_id: platform.organization_id,
        Output.environment_id: platform.environment_id,
        Output.kafka_cluster_id: platform.cluster_id,
        Output.kafka_bootstrap_endpoint: platform.bootstrap_endpoint,
        Output.schema_registry_endpoint: platform.registry_endpoint,
        Output.flink_compute_pool_id: platform.pool_id,
        Output.flink_rest_endpoint: platform.flink_rest_endpoint,
        Output.flink_api_key: access.flink_key.id,
        Output.flink_api_secret: access.flink_key.secret,
        Output.producer_kafka_api_key: access.producer.kafka.id,
        Output.producer_kafka_api_secret: access.producer.kafka.secret,
        Output.producer_schema_registry_api_key: access.producer.registry.id,
        Output.producer_schema_registry_api_secret: access.producer.registry.secret,
        Output.analyst_kafka_api_key: access.analyst.kafka.id,
        Output.analyst_kafka_api_secret: access.analyst.kafka.secret,
        Output.analyst_schema_registry_api_key: access.analyst.registry.id,
        Output.analyst_schema_registry_api_secret: access.analyst.registry.secret,
        Output.topics: sorted(tables),
        Output.statements: deployed.kinds,
        Output.stopped: settings.stopped,
    }
    for name, value in outputs.items():
        pulumi.export(name, value)


if __name__ == "__main__":
    main()
