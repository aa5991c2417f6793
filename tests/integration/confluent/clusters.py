"""Kafka clusters: the first of an environment brings the Schema Registry; a cluster takes its topics with it."""

from typing import Any

from tests.integration.confluent.call import Call
from tests.integration.confluent.cloud import ApiError, State, found, new_id
from tests.integration.confluent.control_plane import authorize
from tests.integration.confluent.regions import kafka_host, registry_endpoint
from tests.integration.confluent.roles import cluster_crn, environment_crn
from tests.integration.confluent.values import Properties

_KINDS = ("basic", "standard", "dedicated", "enterprises", "freights")


class Clusters:
    """KafkaCluster."""

    def name(self, call: Call) -> str:
        return str(call.inputs["displayName"])

    def create(self, call: Call) -> str:
        environment = call.inputs["environment"]["id"]
        authorize(call, environment_crn(environment))
        found(call.state, "environments", environment, "environment")
        cku = call.inputs.get("dedicated", {}).get("cku", 2)
        if call.inputs["availability"] == "MULTI_ZONE" and cku < 2:
            raise ApiError(400, "dedicated.cku must be at least 2 for MULTI_ZONE")
        key = new_id(call.state, "lkc-")
        call.state["clusters"][key] = {"environment": environment}
        self._write(call, key)
        _open_registry(call.state, environment, call.state["clusters"][key])
        return key

    def settle(self, call: Call) -> None:
        self.read(call)

    def read(self, call: Call) -> Properties:
        about = found(call.state, "clusters", call.id, "cluster")
        authorize(call, environment_crn(about["environment"]))
        host = kafka_host(call.id, about["cloud"], about["region"])
        kind = {about["kind"]: call.inputs.get(about["kind"], {})}
        endpoints = {"bootstrapEndpoint": f"SASL_SSL://{host}:9092", "restEndpoint": f"https://{host}:443"}
        return {
            **{name: about[name] for name in ("displayName", "availability", "cloud", "region")},
            **kind,
            **endpoints,
            "endpoints": [endpoints],
            "environment": {"id": about["environment"]},
            "deletionProtection": about["protected"],
            "apiVersion": "cmk/v2",
            "kind": "Cluster",
            "rbacCrn": cluster_crn(call.state, call.id),
            "network": {"id": ""},
            "byokKey": {"id": ""},
        }

    def update(self, call: Call, changed: list[str]) -> None:
        authorize(call, environment_crn(found(call.state, "clusters", call.id, "cluster")["environment"]))
        self._write(call, call.id)

    def delete(self, call: Call) -> None:
        about = found(call.state, "clusters", call.id, "cluster")
        authorize(call, environment_crn(about["environment"]))
        if about["protected"]:
            raise ApiError(400, f"cluster {call.id} has deletion protection: turn it off first")
        del call.state["clusters"][call.id]
        for collection in ("topics", "models", "agents", "tables"):
            gone = [key for key in call.state[collection] if key.startswith(f"{call.id}/")]
            for key in gone:
                del call.state[collection][key]

    def _write(self, call: Call, key: str) -> None:
        call.state["clusters"][key] |= {
            **{name: call.inputs[name] for name in ("displayName", "availability", "cloud", "region")},
            "kind": next(kind for kind in _KINDS if kind in call.inputs),
            "protected": call.inputs.get("deletionProtection", False),
        }


def _open_registry(state: State, environment: str, cluster: dict[str, Any]) -> None:
    if any(about["environment"] == environment for about in state["registries"].values()):
        return
    key = new_id(state, "lsrc-")
    state["registries"][key] = {
        "environment": environment,
        "cloud": cluster["cloud"],
        "region": cluster["region"],
        "endpoint": registry_endpoint(key, cluster["cloud"], cluster["region"]),
    }
