"""Topics: called with a key to the cluster, at the cluster's own endpoint."""

from tests.integration.confluent.call import Call
from tests.integration.confluent.callers import kafka_caller
from tests.integration.confluent.cloud import ApiError, found
from tests.integration.confluent.regions import kafka_host
from tests.integration.confluent.roles import kafka_crn, missing, need
from tests.integration.confluent.values import Properties


class Topics:
    """KafkaTopic."""

    def name(self, call: Call) -> str:
        return str(call.inputs["topicName"])

    def create(self, call: Call) -> str:
        cluster = self._authorize(call, "CloudClusterAdmin", "DeveloperManage", "ResourceOwner")
        key = f"{cluster}/{call.inputs['topicName']}"
        if key in call.state["topics"]:
            raise ApiError(409, f"topic {call.inputs['topicName']} already exists")
        call.state["topics"][key] = {
            "partitions": call.inputs["partitionsCount"],
            "config": call.inputs.get("config", {}),
        }
        return key

    def settle(self, call: Call) -> None:
        self.read(call)

    def read(self, call: Call) -> Properties:
        cluster = self._authorize(call, "CloudClusterAdmin", "DeveloperManage", "DeveloperRead", "ResourceOwner")
        about = found(call.state, "topics", self._key(call), "topic")
        return {
            "topicName": call.inputs["topicName"],
            "kafkaCluster": {"id": cluster},
            "partitionsCount": about["partitions"],
            "config": about["config"],
            "httpEndpoint": "",
            **call.given("credentials", "restEndpoint"),
        }

    def update(self, call: Call, changed: list[str]) -> None:
        self._authorize(call, "CloudClusterAdmin", "DeveloperManage", "ResourceOwner")
        about = found(call.state, "topics", self._key(call), "topic")
        about |= {"partitions": call.inputs["partitionsCount"]}
        about["config"] = call.inputs.get("config", about["config"])

    def delete(self, call: Call) -> None:
        self._authorize(call, "CloudClusterAdmin", "DeveloperManage", "ResourceOwner")
        found(call.state, "topics", self._key(call), "topic")
        del call.state["topics"][self._key(call)]

    def _key(self, call: Call) -> str:
        return call.id or f"{kafka_caller(call.config, call.inputs)[1]}/{call.inputs['topicName']}"

    def _authorize(self, call: Call, *roles: str) -> str:
        caller, cluster = kafka_caller(call.config, call.inputs)
        about = found(call.state, "clusters", cluster, "cluster")
        if caller.endpoint != f"https://{kafka_host(cluster, about['cloud'], about['region'])}:443":
            raise ApiError(404, f"{caller.endpoint} is not the endpoint of cluster {cluster}")
        owner = caller.owner(call.state, "kafka")
        if caller.resource(call.state)["resource"] != cluster:
            raise ApiError(401, f"invalid API key: not a key to cluster {cluster}")
        crn = kafka_crn(call.state, cluster, "topic", call.inputs["topicName"])
        if lacking := missing(call.state, owner, [need(crn, *roles)]):
            raise ApiError(403, f"{owner} lacks {lacking[0]}")
        return cluster
