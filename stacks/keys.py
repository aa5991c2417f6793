"""API keys: each opens one thing, for one service account."""

from dataclasses import dataclass

import pulumi
import pulumi_confluentcloud as confluent

from stacks.platform import Platform


@dataclass(frozen=True, kw_only=True)
class Keys:
    """Makes the keys of one account, named after it; each waits for what `opts` depend on."""

    account: confluent.ServiceAccount
    name: str
    """Of the logical names: component and account."""
    display_name: str
    platform: Platform
    opts: pulumi.ResourceOptions

    def kafka(self, generation: int) -> confluent.ApiKey:
        """A key for the cluster; it cannot outlive it, so its name carries the cluster's site."""
        return self._key(f"{self.platform.site}-kafka-{generation}", self.platform.cluster_id, "cmk/v2", "Cluster")

    def registry(self, generation: int) -> confluent.ApiKey:
        """A key for the Schema Registry."""
        return self._key(f"registry-{generation}", self.platform.registry_id, "srcm/v3", "Cluster")

    def flink(self, generation: int) -> confluent.ApiKey:
        """A key for Flink in the environment and region of the platform, and no other."""
        return self._key(f"{self.platform.site}-flink-{generation}", self.platform.flink_region_id, "fcpm/v2", "Region")

    def _key(self, what: str, opened: pulumi.Output[str], api_version: str, kind: str) -> confluent.ApiKey:
        environment = confluent.ApiKeyManagedResourceEnvironmentArgs(id=self.platform.environment_id)
        return confluent.ApiKey(
            f"{self.name}-{what}",
            display_name=f"{self.display_name}-{what}",
            owner=confluent.ApiKeyOwnerArgs(
                id=self.account.id, api_version=self.account.api_version, kind=self.account.kind
            ),
            managed_resource=confluent.ApiKeyManagedResourceArgs(
                id=opened, api_version=api_version, kind=kind, environment=environment
            ),
            opts=self.opts,
        )
