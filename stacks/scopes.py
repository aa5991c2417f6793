"""
A Provider for each scope of keys: a rotated key changes a Provider, and nothing that was made through it.

Those that cannot outlive the cluster carry its site in their names, so that what was made through one is deleted
through it.
"""

import pulumi
import pulumi_confluentcloud as confluent

from stacks.platform import Platform


def kafka(name: str, platform: Platform, key: confluent.ApiKey, opts: pulumi.ResourceOptions) -> confluent.Provider:
    """The Provider of topics."""
    return confluent.Provider(
        f"{name}-{platform.site}-kafka",
        kafka_id=platform.cluster_id,
        kafka_rest_endpoint=platform.kafka_rest_endpoint,
        kafka_api_key=key.id,
        kafka_api_secret=key.secret,
        opts=opts,
    )


def registry(name: str, platform: Platform, key: confluent.ApiKey, opts: pulumi.ResourceOptions) -> confluent.Provider:
    """The Provider of schemas and of what a subject allows."""
    return confluent.Provider(
        f"{name}-registry",
        schema_registry_id=platform.registry_id,
        schema_registry_rest_endpoint=platform.registry_endpoint,
        schema_registry_api_key=key.id,
        schema_registry_api_secret=key.secret,
        opts=opts,
    )


def flink(
    name: str,
    platform: Platform,
    key: confluent.ApiKey,
    principal: confluent.ServiceAccount,
    opts: pulumi.ResourceOptions,
) -> confluent.Provider:
    """The Provider of statements and connections that run in the name of a principal, whoever owns the key."""
    return confluent.Provider(
        f"{name}-{platform.site}-flink",
        organization_id=platform.organization_id,
        environment_id=platform.environment_id,
        flink_compute_pool_id=platform.pool_id,
        flink_rest_endpoint=platform.flink_rest_endpoint,
        flink_principal_id=principal.id,
        flink_api_key=key.id,
        flink_api_secret=key.secret,
        opts=opts,
    )
