"""Subjects and their settings: called with a key to the Schema Registry, at its own endpoint."""

import json

from tests.integration.confluent.call import Call
from tests.integration.confluent.callers import registry_caller
from tests.integration.confluent.cloud import ApiError, found, new_id
from tests.integration.confluent.roles import missing, need, subject_crn
from tests.integration.confluent.values import Properties

_MANAGE = ("DeveloperManage", "ResourceOwner", "DataSteward")
_WRITE = ("DeveloperWrite", "ResourceOwner", "DataSteward")
_KEPT = (
    "format",
    "restEndpoint",
    "credentials",
    "hardDelete",
    "recreateOnUpdate",
    "skipValidationDuringPlan",
    "ruleset",
    "schemaReferences",
    "subjectName",
)
"""Inputs that are outputs too, as they were given."""
_READ = ("DeveloperRead", *_WRITE, *_MANAGE)


def authorize(call: Call, roles: tuple[str, ...]) -> str:
    """The id of the registry; 401, 403 or 404 where the call may not be made."""
    caller, registry = registry_caller(call.config, call.inputs)
    about = found(call.state, "registries", registry, "Schema Registry cluster")
    if caller.endpoint != about["endpoint"]:
        raise ApiError(404, f"{caller.endpoint} is not the endpoint of Schema Registry cluster {registry}")
    owner = caller.owner(call.state, "schema_registry")
    if caller.resource(call.state)["resource"] != registry:
        raise ApiError(401, f"invalid API key: not a key to Schema Registry cluster {registry}")
    crn = subject_crn(call.state, registry, call.inputs["subjectName"])
    if lacking := missing(call.state, owner, [need(crn, *roles)]):
        raise ApiError(403, f"{owner} lacks {lacking[0]}")
    return registry


class Schemas:
    """Schema: a subject is the list of its versions; deleting takes the one version that is in Pulumi's state."""

    def name(self, call: Call) -> str:
        return str(call.inputs["subjectName"])

    def create(self, call: Call) -> str:
        registry = authorize(call, _WRITE)
        self._register(call, f"{registry}/{call.inputs['subjectName']}")
        return f"{registry}/{call.inputs['subjectName']}/latest"

    def settle(self, call: Call) -> None:
        self.read(call)

    def read(self, call: Call) -> Properties:
        registry = authorize(call, _READ)
        subject = found(call.state, "subjects", self._key(call, registry), "subject")
        version, about = max(subject.items(), key=lambda item: int(item[0]))
        return {
            **call.given(*_KEPT),
            "schema": about["text"],
            "schemaIdentifier": about["id"],
            "version": int(version),
            "metadata": call.inputs.get("metadata", {}),
            "schemaRegistryCluster": {"id": registry},
        }

    def update(self, call: Call, changed: list[str]) -> None:
        registry = authorize(call, _WRITE)
        if {path.partition(".")[0] for path in changed} & {"schema", "schemaReferences", "ruleset", "metadata"}:
            self._register(call, self._key(call, registry))

    def delete(self, call: Call) -> None:
        key = self._key(call, authorize(call, _MANAGE))
        subject = found(call.state, "subjects", key, "subject")
        version = str(call.outputs["version"])
        if version not in subject:
            raise ApiError(404, f"version {version} of {key} does not exist")
        del subject[version]
        if not subject:
            del call.state["subjects"][key]

    def _key(self, call: Call, registry: str) -> str:
        return f"{registry}/{call.inputs['subjectName']}"

    def _register(self, call: Call, key: str) -> None:
        text = call.inputs.get("schema", "")
        if call.inputs["format"] == "JSON":
            try:
                json.loads(text)
            except ValueError:
                raise ApiError(422, f"the schema of {key} is no JSON") from None
        subject = call.state["subjects"].setdefault(key, {})
        version = 1 + max((int(one) for one in subject), default=0)
        subject[str(version)] = {"id": int(new_id(call.state, "")), "text": text}


class SubjectConfigs:
    """SubjectConfig: must say something, or its creation fails."""

    def name(self, call: Call) -> str:
        return str(call.inputs["subjectName"])

    def create(self, call: Call) -> str:
        key = f"{authorize(call, _MANAGE)}/{call.inputs['subjectName']}"
        given = [call.inputs.get(name) for name in ("compatibilityLevel", "normalize", "alias")]
        if not any(given):
            raise ApiError(404, f"subject {call.inputs['subjectName']} has no subject-level config")
        self._write(call, key)
        return key

    def settle(self, call: Call) -> None:
        self.read(call)

    def read(self, call: Call) -> Properties:
        registry = authorize(call, _READ)
        about = found(call.state, "configs", f"{registry}/{call.inputs['subjectName']}", "subject config")
        return {
            **about,
            **call.given("restEndpoint", "credentials"),
            "subjectName": call.inputs["subjectName"],
            "schemaRegistryCluster": {"id": registry},
        }

    def update(self, call: Call, changed: list[str]) -> None:
        self._write(call, f"{authorize(call, _MANAGE)}/{call.inputs['subjectName']}")

    def delete(self, call: Call) -> None:
        key = f"{authorize(call, _MANAGE)}/{call.inputs['subjectName']}"
        found(call.state, "configs", key, "subject config")
        del call.state["configs"][key]

    def _write(self, call: Call, key: str) -> None:
        defaults = {"compatibilityLevel": "", "compatibilityGroup": "", "normalize": False, "alias": ""}
        call.state["configs"][key] = {name: call.inputs.get(name, default) for name, default in defaults.items()}
