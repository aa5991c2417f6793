"""Look-ups: getOrganization, getEnvironment, getFlinkRegion, getSchemaRegistryCluster."""

from collections.abc import Callable
from typing import Any

from tests.integration.confluent.call import Call
from tests.integration.confluent.cloud import ORGANIZATION, ApiError, State, found
from tests.integration.confluent.control_plane import authorize
from tests.integration.confluent.regions import flink_region
from tests.integration.confluent.roles import ORGANIZATION_CRN, environment_crn
from tests.integration.confluent.values import Properties


def invoke(name: str, call: Call) -> Properties:
    """The result of a function; ApiError where it finds nothing, or several."""
    authorize(call)
    return _FUNCTIONS[name](call.state, call.inputs)


def _organization(state: State, _: Properties) -> Properties:
    if not state["environments"]:
        raise ApiError(404, "no environment exists, from which the organization could be read")
    return {"id": ORGANIZATION, "resourceName": ORGANIZATION_CRN}


def _environment(state: State, inputs: Properties) -> Properties:
    names = [key for key, about in state["environments"].items() if about["displayName"] == inputs.get("displayName")]
    key = inputs.get("id") or _only(names, f"environments named {inputs.get('displayName')}")
    about = found(state, "environments", key, "environment")
    return {
        "id": key,
        "displayName": about["displayName"],
        "resourceName": environment_crn(key),
        "streamGovernance": {"package": about["package"]},
    }


def _flink_region(_: State, inputs: Properties) -> Properties:
    return dict(flink_region(inputs["cloud"], inputs["region"]))


def _registry(state: State, inputs: Properties) -> Properties:
    environment = inputs["environment"]["id"]
    mine = [key for key, about in state["registries"].items() if about["environment"] == environment]
    key = inputs.get("id") or _only(mine, f"Schema Registry clusters in {environment}")
    about: dict[str, Any] = found(state, "registries", key, "Schema Registry cluster")
    return {
        "id": key,
        "displayName": "Stream Governance",
        "apiVersion": "srcm/v3",
        "kind": "Cluster",
        "cloud": about["cloud"],
        "region": about["region"],
        "environment": {"id": environment},
        "package": state["environments"][environment]["package"],
        "restEndpoint": about["endpoint"],
        "catalogEndpoint": about["endpoint"],
        "privateRestEndpoint": "",
        "privateRegionalRestEndpoints": {},
        "resourceName": f"{environment_crn(environment)}/schema-registry={key}",
    }


def _only(keys: list[str], what: str) -> str:
    if len(keys) != 1:
        raise ApiError(404, f"there are {len(keys)} {what}, where one was expected")
    return keys[0]


_FUNCTIONS: dict[str, Callable[[State, Properties], Properties]] = {
    "getOrganization": _organization,
    "getEnvironment": _environment,
    "getFlinkRegion": _flink_region,
    "getSchemaRegistryCluster": _registry,
}
