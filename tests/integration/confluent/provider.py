"""The gRPC face of the stand-in: what Pulumi's engine asks of a resource provider."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from google.protobuf import empty_pb2
from grpc import ServicerContext as Context
from pulumi.runtime.proto import plugin_pb2, provider_pb2, provider_pb2_grpc

from tests.integration.confluent.answers import (
    abort,
    abort_half_made,
    diff_message,
    planned,
    with_secrets,
)
from tests.integration.confluent.calls import Calls, HalfMadeError, Resource
from tests.integration.confluent.check import check
from tests.integration.confluent.cloud import ApiError, Cloud
from tests.integration.confluent.diff import Difference, diff
from tests.integration.confluent.rules import FUNCTIONS, PROVIDER, RESOURCES, Rule, members
from tests.integration.confluent.values import Properties, Secret, from_wire, plain, to_wire

VERSION = "2.79.0"


class Provider(provider_pb2_grpc.ResourceProviderServicer):
    """One provider instance: the engine starts a process for each."""

    def __init__(self, cloud: Cloud) -> None:
        self.cloud, self.name = cloud, ""
        self.calls = Calls(cloud, {})

    def Handshake(self, request: Any, context: Context) -> provider_pb2.ProviderHandshakeResponse:
        return provider_pb2.ProviderHandshakeResponse(accept_secrets=True)

    def GetPluginInfo(self, request: Any, context: Context) -> plugin_pb2.PluginInfo:
        return plugin_pb2.PluginInfo(version=VERSION)

    def CheckConfig(self, request: provider_pb2.CheckRequest, context: Context) -> provider_pb2.CheckResponse:
        given = {name: value for name, value in from_wire(request.news).items() if name != "version"}
        inputs, failures = check(PROVIDER, _decoded(given))
        kept = {name: value for name, value in inputs.items() if name in PROVIDER["inputs"]}
        encoded = {name: _encoded(PROVIDER["inputs"][name], value) for name, value in kept.items()}
        version = {name: value for name, value in from_wire(request.news).items() if name == "version"}
        return _checked(encoded | version, failures)

    def DiffConfig(self, request: provider_pb2.DiffRequest, context: Context) -> provider_pb2.DiffResponse:
        old, new = plain(from_wire(request.old_inputs)), plain(from_wire(request.news))
        changed = sorted(name for name in old.keys() | new.keys() if old.get(name) != new.get(name))
        return diff_message(Difference(updates=changed), old, new)

    def Configure(self, request: provider_pb2.ConfigureRequest, context: Context) -> provider_pb2.ConfigureResponse:
        config = _decoded(plain(from_wire(request.args)))
        self.name = request.name or request.urn.rpartition("::")[2]
        self.calls = Calls(self.cloud, config)
        if refusal := _incomplete_set(config):
            abort(context, refusal)
        return provider_pb2.ConfigureResponse(acceptSecrets=True, supportsPreview=True)

    def Check(self, request: provider_pb2.CheckRequest, context: Context) -> provider_pb2.CheckResponse:
        resource = self._resource(request, context)
        news, olds = from_wire(request.news), from_wire(request.olds)
        inputs, failures = check(resource.rule, news, resource.name, request.randomSeed, olds)
        return _checked(inputs, failures)

    def Diff(self, request: provider_pb2.DiffRequest, context: Context) -> provider_pb2.DiffResponse:
        found = self._diff(request, context)
        if refusal := found.refusal("plan"):
            abort(context, refusal)
        return diff_message(found, from_wire(request.old_inputs), from_wire(request.news))

    def Create(self, request: provider_pb2.CreateRequest, context: Context) -> provider_pb2.CreateResponse:
        resource, inputs = self._resource(request, context), from_wire(request.properties)
        if request.preview:
            outputs = with_secrets(resource.rule, planned(resource.rule, inputs, {}), inputs)
            return provider_pb2.CreateResponse(properties=to_wire(outputs))
        with _failing(context, f"error creating {resource.kind} {resource.name!r}", resource, inputs):
            key, outputs = self.calls.create(resource, inputs)
        marked = with_secrets(resource.rule, outputs, inputs)
        return provider_pb2.CreateResponse(id=key, properties=to_wire(marked))

    def Read(self, request: provider_pb2.ReadRequest, context: Context) -> provider_pb2.ReadResponse:
        resource, inputs = self._resource(request, context), from_wire(request.inputs)
        with _failing(context, f"error reading {resource.kind} {resource.name!r}", resource, inputs):
            outputs = self.calls.read(resource, request.id, inputs, from_wire(request.properties))
        if outputs is None:
            return provider_pb2.ReadResponse()
        marked = with_secrets(resource.rule, outputs, inputs)
        seen = {name: _as_given(value, marked.get(name, value)) for name, value in inputs.items()}
        return provider_pb2.ReadResponse(id=request.id, properties=to_wire(marked), inputs=to_wire(seen))

    def Update(self, request: provider_pb2.UpdateRequest, context: Context) -> provider_pb2.UpdateResponse:
        resource, inputs, olds = self._resource(request, context), from_wire(request.news), from_wire(request.olds)
        found = self._diff(request, context)
        if request.preview:
            return provider_pb2.UpdateResponse(properties=to_wire(planned(resource.rule, inputs, olds)))
        with _failing(context, f"error updating {resource.kind} {resource.name!r}", resource, inputs):
            if refusal := found.refusal("update"):
                raise ApiError(400, refusal)
            outputs = self.calls.update(resource, request.id, inputs, olds, found.changed)
        return provider_pb2.UpdateResponse(properties=to_wire(with_secrets(resource.rule, outputs, inputs)))

    def Delete(self, request: provider_pb2.DeleteRequest, context: Context) -> empty_pb2.Empty:
        resource, inputs = self._resource(request, context), from_wire(request.old_inputs)
        with _failing(context, f"error deleting {resource.kind} {resource.name!r}", resource, inputs):
            self.calls.delete(resource, request.id, inputs, from_wire(request.properties))
        return empty_pb2.Empty()

    def Invoke(self, request: provider_pb2.InvokeRequest, context: Context) -> provider_pb2.InvokeResponse:
        rule = FUNCTIONS[request.tok]
        inputs, failures = check({**rule, "inputs": rule["args"]}, from_wire(request.args))
        if failures:
            found = [provider_pb2.CheckFailure(property=path, reason=reason) for path, reason in failures]
            return provider_pb2.InvokeResponse(failures=found)
        try:
            return provider_pb2.InvokeResponse(**{"return": to_wire(self.calls.invoke(rule, inputs))})
        except ApiError as error:
            abort(context, f"invocation of {request.tok} returned an error: {error}")

    def Cancel(self, request: empty_pb2.Empty, context: Context) -> empty_pb2.Empty:
        return empty_pb2.Empty()

    def _resource(self, request: Any, context: Context) -> Resource:
        kind = request.urn.split("::")[2].rpartition("$")[2]
        if kind not in RESOURCES:
            abort(context, f"the stand-in knows no resource of type {kind}")
        return Resource(request.urn, RESOURCES[kind], self.name)

    def _diff(self, request: Any, context: Context) -> Difference:
        rule = self._resource(request, context).rule
        outputs, old, new = (plain(from_wire(one)) for one in (request.olds, request.old_inputs, request.news))
        found: Difference = diff(rule, outputs, old, new)
        return found


@contextmanager
def _failing(context: Context, what: str, resource: Resource, inputs: Properties) -> Iterator[None]:
    """Turn a refusal of the service into the engine's form: half made where the object is there, else failed."""
    try:
        yield
    except HalfMadeError as error:
        outputs = with_secrets(resource.rule, error.outputs, inputs)
        abort_half_made(context, f"{what}: {error}", error.key, outputs, inputs)
    except ApiError as error:
        abort(context, f"{what}: {error}")


def _checked(inputs: Properties, failures: list[tuple[str, str]]) -> provider_pb2.CheckResponse:
    found = [provider_pb2.CheckFailure(property=path, reason=reason) for path, reason in failures]
    return provider_pb2.CheckResponse(inputs=to_wire(inputs), failures=found)


def _incomplete_set(config: Properties) -> str | None:
    for one in PROVIDER["constraints"]["all_or_none"]:
        if ("oauth" in config) == ("when" in one):
            met = [any(config.get(name) for name in names) for names in members(one["fields"])]
            if any(met) and not all(met):
                return f"(set of {one['name']}) all {one['fields']} or none must be set in the provider block"
    return None


def _decoded(config: Properties) -> Properties:
    """Provider settings that are no strings travel as JSON inside one."""
    return {name: _decode(PROVIDER["inputs"].get(name, {}), value) for name, value in config.items()}


def _decode(rule: Rule, value: Any) -> Any:
    if isinstance(value, Secret):
        return Secret(_decode(rule, value.value))
    return json.loads(value) if rule.get("wire") == "json" and isinstance(value, str) else value


def _encoded(rule: Rule, value: Any) -> Any:
    if isinstance(value, Secret):
        return Secret(_encoded(rule, value.value))
    return json.dumps(value) if rule.get("wire") == "json" else value


def _as_given(given: Any, seen: Any) -> Any:
    """What the service has, marked as a secret where the program's input was."""
    bare = seen.value if isinstance(seen, Secret) else seen
    return Secret(plain(bare)) if isinstance(given, Secret) else bare
