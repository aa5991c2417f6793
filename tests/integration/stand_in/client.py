"""Calls to the stand-in as the engine makes them, over gRPC, without an engine."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import grpc
from pulumi.runtime.proto import provider_pb2, provider_pb2_grpc

from tests.integration.confluent.cloud import Cloud
from tests.integration.confluent.provider import Provider
from tests.integration.confluent.values import DEFAULTS, Properties, from_wire, plain, to_wire
from tests.integration.stack_runner import CLOUD_KEY, CLOUD_SECRET

CLOUD = {"cloudApiKey": CLOUD_KEY, "cloudApiSecret": CLOUD_SECRET}


class RefusedError(Exception):
    """The provider refused, in these words."""


@dataclass
class Made:
    """A resource as Pulumi's state would have it."""

    kind: str
    name: str
    inputs: Properties
    id: str = ""
    outputs: Properties = field(default_factory=dict)

    def __getitem__(self, output: str) -> Any:
        return self.id if output == "id" else plain(self.outputs)[output]


class Client:
    """One configured provider instance."""

    def __init__(self, stub: provider_pb2_grpc.ResourceProviderStub) -> None:
        self._stub = stub

    def check(self, kind: str, name: str, **inputs: Any) -> dict[str, str]:
        """Why inputs are refused, by path."""
        return self._check(kind, name, inputs)[1]

    def checked(self, kind: str, name: str, **inputs: Any) -> Properties:
        """Inputs with what the provider fills in."""
        return self._check(kind, name, inputs)[0]

    def create(self, kind: str, name: str, **inputs: Any) -> Made:
        """Check and create."""
        checked, failures = self._check(kind, name, inputs)
        if failures:
            raise RefusedError(str(failures))
        request = provider_pb2.CreateRequest(urn=_urn(kind, name), properties=to_wire(checked))
        answer = _answered(lambda: self._stub.Create(request))
        return Made(kind, name, checked, answer.id, from_wire(answer.properties))

    def diff(self, made: Made, **changed: Any) -> provider_pb2.DiffResponse:
        """What a change of inputs would do; None removes one."""
        request = provider_pb2.DiffRequest(**self._change(made, changed))
        found: provider_pb2.DiffResponse = _answered(lambda: self._stub.Diff(request))
        return found

    def update(self, made: Made, **changed: Any) -> Made:
        """Change inputs."""
        change = self._change(made, changed)
        answer = _answered(lambda: self._stub.Update(provider_pb2.UpdateRequest(**change)))
        return Made(made.kind, made.name, from_wire(change["news"]), made.id, from_wire(answer.properties))

    def read(self, made: Made) -> Properties | None:
        """The outputs as they are now, or None where the resource is gone."""
        request = provider_pb2.ReadRequest(
            id=made.id, urn=_urn(made.kind, made.name), inputs=to_wire(made.inputs), properties=to_wire(made.outputs)
        )
        answer = _answered(lambda: self._stub.Read(request))
        return from_wire(answer.properties) if answer.id else None

    def delete(self, made: Made) -> None:
        """Remove."""
        request = provider_pb2.DeleteRequest(
            id=made.id,
            urn=_urn(made.kind, made.name),
            old_inputs=to_wire(made.inputs),
            properties=to_wire(made.outputs),
        )
        _answered(lambda: self._stub.Delete(request))

    def invoke(self, function: str, **inputs: Any) -> Properties:
        """Look up."""
        token = f"confluentcloud:index/{function}:{function}"
        request = provider_pb2.InvokeRequest(tok=token, args=to_wire(inputs))
        answer = _answered(lambda: self._stub.Invoke(request))
        if answer.failures:
            raise RefusedError(str([(failure.property, failure.reason) for failure in answer.failures]))
        return from_wire(getattr(answer, "return"))

    def _check(
        self, kind: str, name: str, inputs: Properties, olds: Properties | None = None
    ) -> tuple[Properties, dict[str, str]]:
        given = {key: value for key, value in inputs.items() if value is not None}
        request = provider_pb2.CheckRequest(
            urn=_urn(kind, name), news=to_wire(given), olds=to_wire(olds or {}), randomSeed=b"seed"
        )
        answer = self._stub.Check(request)
        return from_wire(answer.inputs), {failure.property: failure.reason for failure in answer.failures}

    def _change(self, made: Made, changed: Properties) -> dict[str, Any]:
        given = {key: value for key, value in made.inputs.items() if key not in made.inputs.get(DEFAULTS, [])}
        new, failures = self._check(made.kind, made.name, {**given, **changed}, made.inputs)
        if failures:
            raise RefusedError(str(failures))
        old = {"olds": to_wire(made.outputs), "old_inputs": to_wire(made.inputs)}
        return {"id": made.id, "urn": _urn(made.kind, made.name), "news": to_wire(new), **old}


@contextmanager
def connect(cloud: Cloud, config: Properties) -> Iterator[Client]:
    """A provider instance with settings of its own."""
    server = grpc.server(ThreadPoolExecutor(max_workers=1))
    provider_pb2_grpc.add_ResourceProviderServicer_to_server(Provider(cloud), server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    try:
        with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
            stub = provider_pb2_grpc.ResourceProviderStub(channel)
            news = to_wire(config)
            checked = stub.CheckConfig(provider_pb2.CheckRequest(urn="urn", news=news))
            if checked.failures:
                raise RefusedError(str([(failure.property, failure.reason) for failure in checked.failures]))
            _answered(lambda: stub.Configure(provider_pb2.ConfigureRequest(args=checked.inputs, name="test")))
            yield Client(stub)
    finally:
        server.stop(None)


def _urn(kind: str, name: str) -> str:
    token = f"confluentcloud:index/{kind[0].lower()}{kind[1:]}:{kind}"
    return f"urn:pulumi:dev::sentinel-aml::{token}::{name}"


def _answered(call: Any) -> Any:
    try:
        return call()
    except grpc.RpcError as error:
        raise RefusedError(error.details()) from None
