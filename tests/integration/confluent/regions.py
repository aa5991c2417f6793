"""Endpoints and ids of regions; every region that is asked for exists, if its cloud does."""


def flink_region(cloud: str, region: str) -> dict[str, str]:
    """What the provider's region look-up gives."""
    return {
        "id": f"{cloud.lower()}.{region}",
        "apiVersion": "fcpm/v2",
        "kind": "Region",
        "cloud": cloud,
        "region": region,
        "restEndpoint": f"https://flink.{region}.{cloud.lower()}.confluent.cloud",
        "privateRestEndpoint": f"https://flink.{region}.{cloud.lower()}.private.confluent.cloud",
    }


def kafka_host(cluster: str, cloud: str, region: str) -> str:
    """The host of a cluster."""
    return f"pkc-{cluster.removeprefix('lkc-')}.{region}.{cloud.lower()}.confluent.cloud"


def registry_endpoint(registry: str, cloud: str, region: str) -> str:
    """The endpoint of a Schema Registry."""
    return f"https://psrc-{registry.removeprefix('lsrc-')}.{region}.{cloud.lower()}.confluent.cloud"
