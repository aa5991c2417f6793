"""Environments, service accounts, role bindings and compute pools: all called with the provider's Cloud API key."""

from typing import Any

from tests.integration.confluent.call import Call
from tests.integration.confluent.callers import CLOUD_ENDPOINT, cloud_caller
from tests.integration.confluent.cloud import ApiError, found, new_id
from tests.integration.confluent.roles import (
    ORGANIZATION_CRN,
    account_of,
    check_binding,
    environment_crn,
    missing,
    need,
    pool_crn,
)
from tests.integration.confluent.values import Properties

_POOL_SIZES = (5, 10, 20, 30, 40, 50)


def authorize(call: Call, crn: str = ORGANIZATION_CRN, *roles: str) -> None:
    """Raise 401 or 403 where the Cloud API key may not do it."""
    caller = cloud_caller(call.config)
    if caller.endpoint != CLOUD_ENDPOINT:
        raise ApiError(404, f"no such endpoint: {caller.endpoint}")
    lacking = missing(call.state, caller.owner(call.state, "cloud"), [need(crn, *roles)])
    if lacking:
        raise ApiError(403, f"the owner of the Cloud API key lacks {lacking[0]}")


class Environments:
    """Environment: goes only when nothing is left in it."""

    def name(self, call: Call) -> str:
        return str(call.inputs["displayName"])

    def create(self, call: Call) -> str:
        authorize(call)
        key = new_id(call.state, "env-")
        call.state["environments"][key] = {}
        self._write(call, key)
        return key

    def settle(self, call: Call) -> None:
        self.read(call)

    def read(self, call: Call) -> Properties:
        authorize(call)
        about = found(call.state, "environments", call.id, "environment")
        return {
            "displayName": about["displayName"],
            "resourceName": environment_crn(call.id),
            "streamGovernance": {"package": about["package"]},
        }

    def update(self, call: Call, changed: list[str]) -> None:
        authorize(call)
        self._write(call, call.id)

    def delete(self, call: Call) -> None:
        authorize(call)
        found(call.state, "environments", call.id, "environment")
        for collection in ("clusters", "pools"):
            if left := [key for key, about in call.state[collection].items() if about["environment"] == call.id]:
                raise ApiError(409, f"environment {call.id} still holds {', '.join(left)}")
        del call.state["environments"][call.id]
        gone = [key for key, about in call.state["registries"].items() if about["environment"] == call.id]
        for key in gone:
            del call.state["registries"][key]

    def _write(self, call: Call, key: str) -> None:
        package = call.inputs.get("streamGovernance", {}).get("package", "ESSENTIALS")
        call.state["environments"][key] = {"displayName": call.inputs["displayName"], "package": package}


class ServiceAccounts:
    """ServiceAccount: takes its bindings and kills its keys when it goes."""

    def name(self, call: Call) -> str:
        return str(call.inputs["displayName"])

    def create(self, call: Call) -> str:
        authorize(call)
        if any(about["displayName"] == call.inputs["displayName"] for about in call.state["accounts"].values()):
            raise ApiError(409, f"a service account named {call.inputs['displayName']} exists already")
        key = new_id(call.state, "sa-")
        self._write(call, key)
        return key

    def settle(self, call: Call) -> None:
        self.read(call)

    def read(self, call: Call) -> Properties:
        authorize(call)
        about = found(call.state, "accounts", call.id, "service account")
        return {**about, "apiVersion": "iam/v2", "kind": "ServiceAccount"}

    def update(self, call: Call, changed: list[str]) -> None:
        authorize(call)
        self._write(call, call.id)

    def delete(self, call: Call) -> None:
        authorize(call)
        found(call.state, "accounts", call.id, "service account")
        del call.state["accounts"][call.id]
        for collection, owner in (("keys", "owner"), ("bindings", "principal")):
            gone = [key for key, about in call.state[collection].items() if about[owner] == call.id]
            for key in gone:
                del call.state[collection][key]

    def _write(self, call: Call, key: str) -> None:
        description = call.inputs.get("description", "")
        call.state["accounts"][key] = {"displayName": call.inputs["displayName"], "description": description}


class RoleBindings:
    """RoleBinding: the service judges role and scope."""

    def name(self, call: Call) -> str:
        return f"{call.inputs['principal']} {call.inputs['roleName']} {call.inputs['crnPattern']}"

    def create(self, call: Call) -> str:
        authorize(call)
        account, role, crn = account_of(call.inputs["principal"]), call.inputs["roleName"], call.inputs["crnPattern"]
        if account not in call.state["accounts"]:
            raise ApiError(400, f"no such principal: {account}")
        check_binding(call.state, role, crn)
        binding = {"principal": account, "role": role, "crn": crn}
        if binding in call.state["bindings"].values():
            raise ApiError(409, f"{account} has {role} on {crn} already")
        key = new_id(call.state, "rb-")
        call.state["bindings"][key] = binding
        return key

    def settle(self, call: Call) -> None:
        self.read(call)

    def read(self, call: Call) -> Properties:
        authorize(call)
        about = found(call.state, "bindings", call.id, "role binding")
        return {
            "principal": f"User:{about['principal']}",
            "roleName": about["role"],
            "crnPattern": about["crn"],
            **call.given("disableWaitForReady"),
        }

    def update(self, call: Call, changed: list[str]) -> None:
        """Only disableWaitForReady may change: nothing is sent."""

    def delete(self, call: Call) -> None:
        authorize(call)
        found(call.state, "bindings", call.id, "role binding")
        del call.state["bindings"][call.id]


class ComputePools:
    """FlinkComputePool: one of the sizes that the service sells, and never smaller again."""

    def name(self, call: Call) -> str:
        return str(call.inputs["displayName"])

    def create(self, call: Call) -> str:
        authorize(call)
        environment = call.inputs["environment"]["id"]
        found(call.state, "environments", environment, "environment")
        key = new_id(call.state, "lfcp-")
        call.state["pools"][key] = {
            "displayName": call.inputs["displayName"],
            "cloud": call.inputs["cloud"].upper(),
            "region": call.inputs["region"],
            "environment": environment,
            "maxCfu": self._size(call.inputs, 0),
        }
        return key

    def settle(self, call: Call) -> None:
        self.read(call)

    def read(self, call: Call) -> Properties:
        authorize(call)
        about: dict[str, Any] = found(call.state, "pools", call.id, "compute pool")
        return {
            **about,
            "environment": {"id": about["environment"]},
            "apiVersion": "fcpm/v2",
            "kind": "ComputePool",
            "resourceName": pool_crn(call.state, call.id),
            "defaultPool": call.inputs.get("defaultPool", False),
        }

    def update(self, call: Call, changed: list[str]) -> None:
        authorize(call)
        about = found(call.state, "pools", call.id, "compute pool")
        about |= {
            "displayName": call.inputs["displayName"],
            "maxCfu": self._size({"maxCfu": about["maxCfu"], **call.inputs}, about["maxCfu"]),
        }

    def delete(self, call: Call) -> None:
        authorize(call)
        found(call.state, "pools", call.id, "compute pool")
        del call.state["pools"][call.id]

    def _size(self, inputs: Properties, at_least: int) -> int:
        size = int(inputs.get("maxCfu", 0)) or _POOL_SIZES[0]
        if size not in _POOL_SIZES or size < at_least:
            raise ApiError(400, f"max_cfu {size} is none of {_POOL_SIZES}, or smaller than it was")
        return size
