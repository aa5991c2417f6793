"""Statements and connections: called with a key to one region of one environment, at the region's endpoint."""

import re

from tests.integration.confluent.call import Call
from tests.integration.confluent.callers import FlinkScope, flink_caller
from tests.integration.confluent.cloud import ORGANIZATION, ApiError, found, new_id
from tests.integration.confluent.jobs import Statement, apply_ddl, is_job, problem
from tests.integration.confluent.regions import flink_region
from tests.integration.confluent.roles import ORGANIZATION_CRN, environment_crn, missing, need, pool_crn
from tests.integration.confluent.rules import RESOURCES
from tests.integration.confluent.values import Properties

_CARRY_OVER = "sql.tables.initial-offset-from"
_SECRETS = ("apiKey", "awsAccessKey", "awsSecretKey", "awsSessionToken", "serviceKey", "username", "password")
_SECRETS_BY_TYPE = RESOURCES["confluentcloud:index/flinkConnection:FlinkConnection"]["secrets_by_type"]


def authorize(call: Call) -> tuple[str, str, FlinkScope]:
    """The key's owner, its region, and the scope; 401 or 404 where the call may not be made."""
    caller, scope = flink_caller(call.config, call.inputs)
    owner = caller.owner(call.state, "flink")
    about = caller.resource(call.state)
    cloud, region = about["resource"].split(".", 1)
    if caller.endpoint != flink_region(cloud.upper(), region)["restEndpoint"]:
        raise ApiError(401, f"invalid API key: a key to {about['resource']}, called at {caller.endpoint}")
    if about["environment"] != scope.environment:
        raise ApiError(401, f"invalid API key: a key to environment {about['environment']}, not {scope.environment}")
    if scope.organization != ORGANIZATION or scope.environment not in call.state["environments"]:
        raise ApiError(404, f"no environment {scope.environment} in organization {scope.organization}")
    return owner, region, scope


class Statements:
    """FlinkStatement."""

    def name(self, call: Call) -> str:
        return str(call.id.rpartition("/")[2] or call.inputs.get("statementName", ""))

    def create(self, call: Call) -> str:
        owner, region, scope = authorize(call)
        self._check_rights(call, owner, region, scope)
        name = call.inputs.get("statementName") or new_id(call.state, "tf-")
        if not re.fullmatch(r"[a-z0-9-]{1,72}", name):
            raise ApiError(400, f"statement name {name!r}: at most 72 lower-case letters, digits and hyphens")
        key = f"{scope.environment}/{region}/{name}"
        if key in call.state["statements"]:
            raise ApiError(409, f"statement {name} already exists")
        call.state["statements"][key] = {
            "text": call.inputs["statement"],
            "environment": scope.environment,
            "region": region,
            "pool": scope.pool,
            "principal": scope.principal,
            "properties": call.inputs.get("properties", {}) | call.inputs.get("propertiesSensitive", {}),
            "phase": "PENDING",
            "detail": "",
        }
        _start(call, call.state["statements"][key])
        return f"{scope.environment}/{scope.pool}/{name}"

    def settle(self, call: Call) -> None:
        statement = self._find(call)
        if statement["phase"] == "PENDING" and _CARRY_OVER not in statement["properties"]:
            raise ApiError(408, "timeout while waiting for state to become RUNNING (last state: PENDING, timeout: 6h)")
        if statement["phase"] == "FAILED":
            raise ApiError(400, f'provisioning status is "FAILED": {statement["detail"]}')

    def read(self, call: Call) -> Properties:
        statement = self._find(call)
        stopped = statement["phase"] == "STOPPED"
        sensitive = call.inputs.get("propertiesSensitive", {})
        shown = {k: v for k, v in statement["properties"].items() if not k.startswith("sql.secrets")}
        return {
            **call.given("credentials", "restEndpoint"),
            "statement": statement["text"],
            "statementName": self.name(call),
            "organization": {"id": ORGANIZATION},
            "environment": {"id": statement["environment"]},
            "computePool": {"id": statement["pool"]},
            "principal": {"id": statement["principal"]},
            "properties": {name: value for name, value in shown.items() if name not in sensitive},
            "propertiesSensitive": sensitive,
            "stopped": stopped,
            "latestOffsets": {"sentinel": "partition:0,offset:0"} if stopped else {},
            "latestOffsetsTimestamp": "2026-01-01T00:00:00Z" if stopped else "",
        }

    def update(self, call: Call, changed: list[str]) -> None:
        statement = self._find(call)
        if "stopped" not in changed:
            return
        if call.inputs["stopped"]:
            if statement["phase"] != "STOPPED":
                self._stop(statement)
            return
        owner, region, scope = authorize(call)
        self._check_rights(call, owner, region, scope)
        statement |= {"principal": scope.principal, "pool": scope.pool}
        _start(call, statement)
        self.settle(call)

    def delete(self, call: Call) -> None:
        self._find(call)
        del call.state["statements"][self._key(call)]

    def _stop(self, statement: Statement) -> None:
        if not is_job(statement) or statement["phase"] != "RUNNING":
            raise ApiError(408, f"timeout while waiting for state to become STOPPED (last state: {statement['phase']})")
        statement["phase"] = "STOPPED"

    def _check_rights(self, call: Call, owner: str, region: str, scope: FlinkScope) -> None:
        pool = found(call.state, "pools", scope.pool, "compute pool")
        if pool["environment"] != scope.environment or pool["region"] != region:
            raise ApiError(404, f"compute pool {scope.pool} is not in {scope.environment}, {region}")
        if scope.principal not in call.state["accounts"]:
            raise ApiError(400, f"no such principal: {scope.principal}")
        needs = [need(pool_crn(call.state, scope.pool), "FlinkDeveloper", "FlinkAdmin")]
        if owner != scope.principal:
            needs.append(need(f"{ORGANIZATION_CRN}/service-account={scope.principal}", "Assigner"))
        if lacking := missing(call.state, owner, needs):
            raise ApiError(403, f"{owner} lacks {lacking[0]}")

    def _key(self, call: Call) -> str:
        _, region, scope = authorize(call)
        return f"{scope.environment}/{region}/{self.name(call)}"

    def _find(self, call: Call) -> Statement:
        return found(call.state, "statements", self._key(call), "statement")


class Connections:
    """FlinkConnection; what it needs by type is judged when it is made, not before."""

    def name(self, call: Call) -> str:
        return str(call.id.rpartition("/")[2] or call.inputs["displayName"])

    def create(self, call: Call) -> str:
        owner, region, scope = authorize(call)
        crn = environment_crn(scope.environment)
        if lacking := missing(call.state, owner, [need(crn, "FlinkAdmin")]):
            raise ApiError(403, f"{owner} lacks {lacking[0]}")
        _check_secrets(call)
        key = f"{scope.environment}/{call.inputs['displayName']}"
        if key in call.state["connections"]:
            raise ApiError(409, f"connection {call.inputs['displayName']} already exists")
        about = {name: call.inputs[name] for name in ("type", "endpoint")}
        call.state["connections"][key] = about | {"region": region, "principal": scope.principal}
        return f"{scope.organization}/{scope.environment}/{call.inputs['displayName']}"

    def settle(self, call: Call) -> None:
        self.read(call)

    def read(self, call: Call) -> Properties:
        _, _, scope = authorize(call)
        about = found(call.state, "connections", self._key(call), "connection")
        return {
            **call.given(*_SECRETS, "credentials", "restEndpoint"),
            **{name: about[name] for name in ("type", "endpoint")},
            "displayName": self.name(call),
            "organization": {"id": scope.organization},
            "environment": {"id": scope.environment},
            "computePool": {"id": scope.pool},
            "principal": {"id": about["principal"]},
            "apiVersion": "sql/v1",
            "kind": "Connection",
        }

    def update(self, call: Call, changed: list[str]) -> None:
        found(call.state, "connections", self._key(call), "connection")
        _check_secrets(call)

    def delete(self, call: Call) -> None:
        key = self._key(call)
        found(call.state, "connections", key, "connection")
        del call.state["connections"][key]

    def _key(self, call: Call) -> str:
        _, region, scope = authorize(call)
        key = f"{scope.environment}/{self.name(call)}"
        if call.state["connections"].get(key, {}).get("region", region) != region:
            raise ApiError(404, f"connection {self.name(call)} does not exist in {region}")
        return key


def _start(call: Call, statement: Statement) -> None:
    """Run a statement: it completes, runs, waits for room in the pool, or fails."""
    reason = problem(call.state, statement)
    if reason:
        statement |= {"phase": "FAILED", "detail": reason}
    elif not is_job(statement):
        apply_ddl(call.state, statement)
        statement["phase"] = "COMPLETED"
    else:
        others = (s for s in call.state["statements"].values() if s is not statement and s["pool"] == statement["pool"])
        running = sum(s["phase"] == "RUNNING" for s in others)
        has_room = running < call.state["pools"][statement["pool"]]["maxCfu"]
        statement["phase"] = "RUNNING" if has_room else "PENDING"


def _check_secrets(call: Call) -> None:
    rule = _SECRETS_BY_TYPE[call.inputs["type"]]
    given = {name for name in _SECRETS if call.inputs.get(name)}
    if lacking := set(rule["required"]) - given:
        raise ApiError(400, f"{', '.join(sorted(lacking))} is required for a connection of type {call.inputs['type']}")
    if extra := given - {*rule["required"], *rule["optional"]}:
        raise ApiError(400, f"{', '.join(sorted(extra))} can't be used by type {call.inputs['type']}")
