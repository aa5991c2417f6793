"""Names of the stack's outputs: the Pulumi program exports exactly these, the command line reads them."""

from enum import StrEnum


class Output(StrEnum):
    """One output of the stack; the value is the name that `pulumi stack output` shows."""

    organization_id = "organizationId"
    environment_id = "environmentId"
    kafka_cluster_id = "kafkaClusterId"
    kafka_bootstrap_endpoint = "kafkaBootstrapEndpoint"
    schema_registry_endpoint = "schemaRegistryEndpoint"
    flink_compute_pool_id = "flinkComputePoolId"
    flink_rest_endpoint = "flinkRestEndpoint"
    flink_api_key = "flinkApiKey"
    flink_api_secret = "flinkApiSecret"
    producer_kafka_api_key = "producerKafkaApiKey"
    producer_kafka_api_secret = "producerKafkaApiSecret"
    producer_schema_registry_api_key = "producerSchemaRegistryApiKey"
    producer_schema_registry_api_secret = "producerSchemaRegistryApiSecret"
    analyst_kafka_api_key = "analystKafkaApiKey"
    analyst_kafka_api_secret = "analystKafkaApiSecret"
    analyst_schema_registry_api_key = "analystSchemaRegistryApiKey"
    analyst_schema_registry_api_secret = "analystSchemaRegistryApiSecret"
    topics = "topics"
    """Names of all topics, sorted."""
    statements = "statements"
    """Kind of each Flink statement by its name; those of kind `insert` are jobs that run until they are stopped."""
    stopped = "stopped"
    """Whether the stack's jobs are meant to be stopped."""


SECRET_OUTPUTS = frozenset(output for output in Output if output.endswith("Secret"))
"""Outputs that Pulumi keeps encrypted and masks."""
