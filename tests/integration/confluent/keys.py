"""API keys: each is a key to one thing, and speaks for its owner."""

import secrets

from tests.integration.confluent.call import Call
from tests.integration.confluent.cloud import ApiError, found, new_id
from tests.integration.confluent.control_plane import authorize
from tests.integration.confluent.values import Properties

_KINDS = {
    ("Cluster", "cmk"): "kafka",
    ("Cluster", "srcm"): "schema_registry",
    ("Region", "fcpm"): "flink",
}


class ApiKeys:
    """ApiKey; its secret is told once."""

    def name(self, call: Call) -> str:
        return str(call.inputs["displayName"])

    def create(self, call: Call) -> str:
        authorize(call)
        owner = call.inputs["owner"]["id"]
        if owner not in call.state["accounts"]:
            raise ApiError(400, f"no such owner: {owner}")
        about = self._managed(call) if "managedResource" in call.inputs else {"kind": "cloud"}
        key = new_id(call.state, "STANDINKEY")
        call.state["keys"][key] = {
            **about,
            "owner": owner,
            "displayName": call.inputs["displayName"],
            "description": call.inputs.get("description", ""),
            "secret": f"made-up-{secrets.token_hex(16)}",
        }
        return key

    def settle(self, call: Call) -> None:
        self.read(call)

    def read(self, call: Call) -> Properties:
        authorize(call)
        about = found(call.state, "keys", call.id, "API key")
        given = call.given("owner", "managedResource", "description", "disableWaitForReady")
        secret = call.outputs.get("secret", about["secret"])  # never read again
        return {"displayName": about["displayName"], "secret": secret, **given}

    def update(self, call: Call, changed: list[str]) -> None:
        authorize(call)
        about = found(call.state, "keys", call.id, "API key")
        about |= {"displayName": call.inputs["displayName"], "description": call.inputs.get("description", "")}

    def delete(self, call: Call) -> None:
        authorize(call)
        found(call.state, "keys", call.id, "API key")
        del call.state["keys"][call.id]

    def _managed(self, call: Call) -> dict[str, str]:
        to = call.inputs["managedResource"]
        kind = _KINDS.get((to["kind"], to["apiVersion"].partition("/")[0]))
        if kind is None:
            raise ApiError(400, f"no key to a {to['kind']} of {to['apiVersion']}")
        environment = to.get("environment", {}).get("id", "")
        if kind == "schema_registry":
            environment = found(call.state, "registries", to["id"], "Schema Registry cluster")["environment"]
        found(call.state, "environments", environment, "environment")
        if kind == "kafka" and found(call.state, "clusters", to["id"], "cluster")["environment"] != environment:
            raise ApiError(404, f"cluster {to['id']} is not in environment {environment}")
        if kind == "flink" and len(to["id"].split(".")) not in {2, 3}:
            raise ApiError(400, f"{to['id']} is no region: cloud.region was expected")
        return {"kind": kind, "resource": to["id"], "environment": environment}
