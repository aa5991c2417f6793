"""The service that stands behind each type of resource."""

from collections.abc import Mapping

from tests.integration.confluent.call import Service
from tests.integration.confluent.clusters import Clusters
from tests.integration.confluent.control_plane import ComputePools, Environments, RoleBindings, ServiceAccounts
from tests.integration.confluent.flink import Connections, Statements
from tests.integration.confluent.kafka import Topics
from tests.integration.confluent.keys import ApiKeys
from tests.integration.confluent.registry import Schemas, SubjectConfigs

SERVICES: Mapping[str, Service] = {
    "ApiKey": ApiKeys(),
    "Environment": Environments(),
    "FlinkComputePool": ComputePools(),
    "FlinkConnection": Connections(),
    "FlinkStatement": Statements(),
    "KafkaCluster": Clusters(),
    "KafkaTopic": Topics(),
    "RoleBinding": RoleBindings(),
    "Schema": Schemas(),
    "ServiceAccount": ServiceAccounts(),
    "SubjectConfig": SubjectConfigs(),
}
