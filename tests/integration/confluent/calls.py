"""The calls that one provider process makes: each under the cloud's lock, with the faults it was told, and logged."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from tests.integration.confluent import callers, faults, functions
from tests.integration.confluent.call import Call, Service
from tests.integration.confluent.cloud import ApiError, Cloud, State, violation
from tests.integration.confluent.jobs import fail_broken_jobs
from tests.integration.confluent.rules import Rule, secret_inputs
from tests.integration.confluent.services import SERVICES
from tests.integration.confluent.values import Properties, masked, plain, secret_paths, secret_texts

_KEPT_AFTER = ("before", "")
"""`id_set` of a resource whose id is stored before the provider waits for it."""


@dataclass(frozen=True)
class Resource:
    """Which resource a call is about, as Pulumi knows it."""

    urn: str
    rule: Rule
    provider: str
    """The logical name of the provider instance."""

    @property
    def kind(self) -> str:
        return str(self.rule["name"])

    @property
    def name(self) -> str:
        return self.urn.rpartition("::")[2]


class HalfMadeError(Exception):
    """The object exists and its id is known, but something failed after that."""

    def __init__(self, key: str, outputs: Properties, cause: ApiError) -> None:
        super().__init__(str(cause))
        self.key, self.outputs = key, outputs


class Calls:
    """All calls with one provider's settings."""

    def __init__(self, cloud: Cloud, config: Properties) -> None:
        self.cloud, self.config = cloud, config

    def create(self, resource: Resource, inputs: Properties) -> tuple[str, Properties]:
        """
        Make a resource; its id and outputs.

        Raises:
            ApiError: nothing is stored.
            HalfMadeError: the resource is stored as half made.
        """
        service = SERVICES[resource.kind]
        with self._call("create", resource, inputs) as call:
            _note_open_secrets(call.state, resource, inputs)
            self._meet(call, resource, service, "create")
            key = service.create(call)
            self._fail_if_told(call, resource, service, key)
            call.id = key
            try:
                self._meet(call, resource, service, "wait")
                service.settle(call)
                return key, service.read(call)
            except ApiError as error:
                if resource.rule["id_set"].startswith("after"):
                    raise
                raise HalfMadeError(key, _so_far(resource, call), error) from error

    def read(self, resource: Resource, key: str, inputs: Properties, outputs: Properties) -> Properties | None:
        """The outputs as the service has them now; None where the object is gone, as the provider sees it."""
        service = SERVICES[resource.kind]
        try:
            with self._call("read", resource, inputs, outputs, key) as call:
                self._meet(call, resource, service, "read")
                return service.read(call)
        except ApiError as error:
            if error.status in resource.rule["gone_on_read"]:
                return None
            raise

    def update(
        self, resource: Resource, key: str, inputs: Properties, outputs: Properties, changed: list[str]
    ) -> Properties:
        """Change a resource; its outputs."""
        service = SERVICES[resource.kind]
        with self._call("update", resource, inputs, outputs, key) as call:
            _note_open_secrets(call.state, resource, inputs)
            if changed:  # an empty difference is not sent: the "update" of a half-made resource only clears the mark
                self._meet(call, resource, service, "update")
                service.update(call, changed)
            return service.read(call)

    def delete(self, resource: Resource, key: str, inputs: Properties, outputs: Properties) -> None:
        """Remove a resource."""
        service = SERVICES[resource.kind]
        with self._call("delete", resource, inputs, outputs, key) as call:
            self._meet(call, resource, service, "delete")
            if faults.told(call.state, "hangs", "delete", resource.kind, _names(resource, service, call)):
                raise ApiError(408, "timeout while waiting for the resource to be gone (last state: found)")
            service.delete(call)
            fail_broken_jobs(call.state, f"{resource.name} was deleted")

    def invoke(self, rule: Rule, inputs: Properties) -> Properties:
        """The result of a look-up."""
        resource = Resource("", rule, "")
        with self._call("invoke", resource, inputs) as call:
            faults.meet(call.state, "invoke", resource.kind, set(), self._retries)
            return functions.invoke(resource.kind, call)

    @property
    def _retries(self) -> int:
        return int(self.config.get("maxRetries", 4))

    def _meet(self, call: Call, resource: Resource, service: Service, name: str) -> None:
        faults.meet(call.state, name, resource.kind, _names(resource, service, call), self._retries)

    def _fail_if_told(self, call: Call, resource: Resource, service: Service, key: str) -> None:
        fault = faults.told(call.state, "phase", "create", resource.kind, _names(resource, service, call))
        if fault:
            for name, statement in call.state["statements"].items():
                if name.rpartition("/")[2] == key.rpartition("/")[2]:
                    statement |= {"phase": fault["phase"], "detail": fault.get("detail", "")}

    @contextmanager
    def _call(
        self, name: str, resource: Resource, inputs: Properties, outputs: Properties | None = None, key: str = ""
    ) -> Iterator[Call]:
        about = {"call": name, "urn": resource.urn, "type": resource.kind, "name": resource.name, "id": key}
        entry = about | {"provider": resource.provider, "inputs": masked(inputs), "error": ""}
        with self.cloud.open() as state:
            call = Call(state, self.config, plain(inputs), plain(outputs or {}), key)
            entry |= _credentials(self.config, resource.kind, call)
            try:
                yield call
            except (ApiError, HalfMadeError) as error:
                entry["error"] = str(error)
                raise
            finally:
                entry["id"] = call.id
                self.cloud.note(_without(entry, set(secret_texts(inputs)) | set(secret_texts(outputs or {}))))


def _names(resource: Resource, service: Service, call: Call) -> set[str]:
    return {resource.name, service.name(call)}


def _so_far(resource: Resource, call: Call) -> Properties:
    """What the provider knows of a half-made object: what the service says, or else what it was given."""
    try:
        return SERVICES[resource.kind].read(call)
    except ApiError:
        return {name: value for name, value in call.inputs.items() if name in resource.rule["outputs"]}


_CALLERS: dict[str, Callable[[Properties, Properties], Any]] = {
    "KafkaTopic": lambda config, inputs: callers.kafka_caller(config, inputs)[0],
    "Schema": lambda config, inputs: callers.registry_caller(config, inputs)[0],
    "SubjectConfig": lambda config, inputs: callers.registry_caller(config, inputs)[0],
    "FlinkStatement": lambda config, inputs: callers.flink_caller(config, inputs)[0],
    "FlinkConnection": lambda config, inputs: callers.flink_caller(config, inputs)[0],
}


def _credentials(config: Properties, kind: str, call: Call) -> dict[str, str]:
    """With which key a call is made, whose it is, and where; and as whom a Flink object runs."""
    try:
        caller = _CALLERS[kind](config, call.inputs) if kind in _CALLERS else callers.cloud_caller(config)
    except ApiError:
        return {}
    owner = call.state["keys"].get(caller.key, {}).get("owner", "")
    found = {"key": caller.key, "owner": owner, "endpoint": caller.endpoint, "principal": ""}
    if kind.startswith("Flink") and kind != "FlinkComputePool":
        found["principal"] = callers.flink_caller(config, call.inputs)[1].principal
    return found


def _without(entry: dict[str, Any], texts: set[str]) -> dict[str, Any]:
    """The entry with every secret text replaced, wherever it stands; a key's id is the name of the key, no secret."""
    return {name: _hide(value, texts) if name != "key" else value for name, value in entry.items()}


def _hide(value: Any, texts: set[str]) -> Any:
    if isinstance(value, dict):
        return {name: _hide(inner, texts) for name, inner in value.items()}
    if isinstance(value, list):
        return [_hide(inner, texts) for inner in value]
    if isinstance(value, str):
        for text in sorted(texts, key=len, reverse=True):
            value = value.replace(text, "[secret]")
    return value


def _note_open_secrets(state: State, resource: Resource, inputs: Properties) -> None:
    """Record each secret that arrives unmarked: it stands in Pulumi's state in clear."""
    marked = {path.partition(".")[0] for path in secret_paths(inputs)}
    for name in secret_inputs(resource.rule):
        if inputs.get(name) and name not in marked:
            violation(state, f"{resource.kind} {resource.name}: {name} is a secret and arrived in clear")
