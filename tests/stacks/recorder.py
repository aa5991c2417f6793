"""
What a Pulumi program tells the engine, recorded over gRPC: the program runs in a process of its own.

The engine's side is played here: it gives ids and outputs on `up`, and unknowns on a preview. No provider judges.
"""

import json
import subprocess
import sys
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import grpc
from google.protobuf import empty_pb2, struct_pb2
from google.protobuf.json_format import MessageToDict, ParseDict
from pulumi.runtime.proto import engine_pb2, engine_pb2_grpc, provider_pb2, resource_pb2, resource_pb2_grpc

ROOT = Path(__file__).parents[2]
PROJECT = "sentinel-aml"
UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
SIGNATURE, SECRET = "4dabf18193072939515e22adb298388d", "1b47061264138c4ac30d75fd1eb44270"
CRN = "crn://confluent.cloud/organization=0b0b0b0b-0000-4000-8000-00000000ac1e/environment=env-1"
_OUTPUTS: dict[str, dict[str, Any]] = {
    "Environment": {"resourceName": CRN},
    "KafkaCluster": {
        "bootstrapEndpoint": "SASL_SSL://pkc-1.confluent.example:9092",
        "restEndpoint": "https://pkc-1.confluent.example:443",
        "rbacCrn": f"{CRN}/cloud-cluster=lkc-1",
    },
    "ServiceAccount": {"apiVersion": "iam/v2", "kind": "ServiceAccount"},
    "ApiKey": {"secret": {SIGNATURE: SECRET, "value": "made-up-api-secret"}},
}
_INVOKED: dict[str, dict[str, Any]] = {
    "getSchemaRegistryCluster": {
        "id": "lsrc-1",
        "resourceName": f"{CRN}/schema-registry=lsrc-1",
        "restEndpoint": "https://psrc-1.confluent.example",
    },
    "getFlinkRegion": {"id": "aws.us-east-1", "restEndpoint": "https://flink.us-east-1.aws.confluent.example"},
}


@dataclass(frozen=True)
class Registered:
    """One resource as the program registered it."""

    type: str
    name: str
    inputs: dict[str, Any]
    request: resource_pb2.RegisterResourceRequest


@dataclass
class Recording:
    """Everything that one run of a program told the engine."""

    resources: list[Registered] = field(default_factory=list)
    outputs: dict[str, Any] = field(default_factory=dict)
    """Of the stack."""
    component_outputs: dict[str, dict[str, Any]] = field(default_factory=dict)
    """By the component's name."""
    error: str = ""
    seconds: float = 0.0
    """From the start of the process to its end."""

    def named(self, name: str) -> Registered:
        return next(resource for resource in self.resources if resource.name == name)

    def of_type(self, suffix: str) -> list[Registered]:
        return [resource for resource in self.resources if resource.type.endswith(suffix)]


class _Engine(resource_pb2_grpc.ResourceMonitorServicer, engine_pb2_grpc.EngineServicer):
    """The engine's side."""

    def __init__(self, dry_run: bool) -> None:
        self.dry_run, self.recording, self.root = dry_run, Recording(), ""

    def GetDeploymentInfo(self, request: Any, context: Any) -> Any:
        features = ("SECRETS", "RESOURCE_REFERENCES", "ALIAS_SPECS", "REPLACEMENT_TRIGGER")
        known = [getattr(resource_pb2, f"RESOURCE_MONITOR_FEATURE_{feature}") for feature in features]
        return resource_pb2.DeploymentInfo(supportedFeatures=known)

    def RegisterResource(self, request: Any, context: Any) -> Any:
        inputs = MessageToDict(request.object)
        self.recording.resources.append(Registered(request.type, request.name, inputs, request))
        kind = request.type.rpartition(":")[2]
        outputs = dict(inputs)
        if request.custom and not request.type.startswith("pulumi:providers"):
            made = _OUTPUTS.get(kind, {})
            outputs |= {name: UNKNOWN if self.dry_run else value for name, value in made.items()}
        urn = f"urn:pulumi:stack::{PROJECT}::{request.type}::{request.name}"
        identifier = (UNKNOWN if self.dry_run else f"id-{request.name}") if request.custom else ""
        return resource_pb2.RegisterResourceResponse(urn=urn, id=identifier, object=_struct(outputs))

    def RegisterResourceOutputs(self, request: Any, context: Any) -> Any:
        if "pulumi:pulumi:Stack" in request.urn:
            self.recording.outputs = MessageToDict(request.outputs)
        else:
            self.recording.component_outputs[request.urn.rpartition("::")[2]] = MessageToDict(request.outputs)
        return empty_pb2.Empty()

    def Invoke(self, request: Any, context: Any) -> Any:
        return provider_pb2.InvokeResponse(**{"return": _struct(_INVOKED[request.tok.rpartition(":")[2]])})

    def SignalAndWaitForShutdown(self, request: Any, context: Any) -> Any:
        return empty_pb2.Empty()

    def Log(self, request: Any, context: Any) -> Any:
        return empty_pb2.Empty()

    def GetRootResource(self, request: Any, context: Any) -> Any:
        return engine_pb2.GetRootResourceResponse(urn=self.root)

    def SetRootResource(self, request: Any, context: Any) -> Any:
        self.root = request.urn
        return engine_pb2.SetRootResourceResponse()


def record(
    config: Mapping[str, str],
    secrets: Mapping[str, str],
    *,
    stack: str = "dev",
    dry_run: bool = False,
    file: Path = ROOT / "__main__.py",
    function: str = "main",
) -> Recording:
    """Run a program as `up` or as a preview, with configuration by key without the project's name."""
    engine = _Engine(dry_run)
    with ThreadPoolExecutor(16) as pool:
        server = grpc.server(pool)
        resource_pb2_grpc.add_ResourceMonitorServicer_to_server(engine, server)
        engine_pb2_grpc.add_EngineServicer_to_server(engine, server)
        port = server.add_insecure_port("127.0.0.1:0")
        server.start()
        asked = {
            "address": f"127.0.0.1:{port}",
            "project": PROJECT,
            "stack": stack,
            "dry_run": dry_run,
            "config": {f"{PROJECT}:{key}": text for key, text in {**config, **secrets}.items()},
            "secret_keys": [f"{PROJECT}:{key}" for key in secrets],
            "file": str(file),
            "function": function,
        }
        script = Path(__file__).with_name("run_program.py")
        started = time.perf_counter()
        command = [sys.executable, "-W", "error", str(script), json.dumps(asked)]
        run = subprocess.run(command, cwd=ROOT, env=_ENVIRONMENT, capture_output=True, text=True, check=False)
        engine.recording.seconds = time.perf_counter() - started
        server.stop(None).wait()
    engine.recording.error = run.stderr if run.returncode else ""
    return engine.recording


_ENVIRONMENT = {"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin"}


def _struct(value: Mapping[str, Any]) -> struct_pb2.Struct:
    return ParseDict(dict(value), struct_pb2.Struct())
