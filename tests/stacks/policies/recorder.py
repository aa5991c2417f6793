"""The real program, run in this process over a monitor that records what it declares, as the engine shows it to a pack."""

import json
import runpy
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pulumi
import yaml
from google.protobuf import json_format
from pulumi.runtime import proto
from pulumi.runtime.mocks import MockCallArgs, MockMonitor, MockResourceArgs, Mocks

ROOT = Path(__file__).parents[3]
PROJECT = "sentinel-aml"
SECRETS = ("confluentCloudApiKey", "confluentCloudApiSecret", "azureOpenAiKey", "awsAccessKey", "awsSecretKey")
LLM: dict[str, dict[str, str]] = {
    "azureopenai": {
        "provider": "azureopenai",
        "endpoint": "https://made-up.openai.azure.com",
        "deployment": "gpt-5-mini",
        "apiVersion": "2024-08-01-preview",
    },
    "bedrock": {"provider": "bedrock", "region": "us-east-1", "model": "us.anthropic.claude-sonnet-4-5-20250929-v1:0"},
}
_ORGANIZATION = "crn://confluent.cloud/organization=org-1"
_COMPUTED: dict[str, dict[str, str]] = {
    "Environment": {"resourceName": f"{_ORGANIZATION}/environment=env-1"},
    "KafkaCluster": {
        "rbacCrn": f"{_ORGANIZATION}/environment=env-1/cloud-cluster=lkc-1",
        "restEndpoint": "https://lkc-1.example",
        "bootstrapEndpoint": "SASL_SSL://lkc-1.example:9092",
    },
    "ServiceAccount": {"apiVersion": "iam/v2", "kind": "ServiceAccount"},
    "ApiKey": {"secret": "made-up-secret"},
}
"""What the cloud adds to a resource, where another one needs it."""
_CALLS: dict[str, dict[str, str]] = {
    "getSchemaRegistryCluster": {
        "id": "lsrc-1",
        "restEndpoint": "https://lsrc-1.example",
        "resourceName": f"{_ORGANIZATION}/environment=env-1/schema-registry=lsrc-1",
    },
    "getFlinkRegion": {"id": "aws.us-east-1", "restEndpoint": "https://flink.example"},
}


@dataclass
class Declared:
    """One resource: as a policy sees it before its step, and in the stack at the end."""

    request: proto.AnalyzeRequest
    state: proto.AnalyzerResource

    def set(self, properties: Mapping[str, Any] | None = None, **options: Any) -> None:
        """Change properties, and options such as `protect`."""
        for each in (self.request, self.state):
            changed = json_format.MessageToDict(each.properties) | dict(properties or {})
            each.properties.Clear()
            each.properties.update(changed)
            for name, value in options.items():
                setattr(each.options, name, value)


@dataclass
class Recording:
    """What one run of the program declared, by logical name."""

    stack: str
    resources: dict[str, Declared] = field(default_factory=dict)


class _Cloud(Mocks):
    """A cloud that makes whatever it is asked for; in a preview it makes nothing, so that ids are not known."""

    def __init__(self, *, makes: bool) -> None:
        self.makes = makes

    def new_resource(self, args: MockResourceArgs) -> tuple[str | None, dict[Any, Any]]:
        if not self.makes:
            return None, args.inputs
        kind = args.typ.rpartition(":")[2]
        return f"{args.name}-id", {**args.inputs, **_COMPUTED.get(kind, {})}

    def call(self, args: MockCallArgs) -> dict[Any, Any]:
        return {**args.args, **_CALLS[args.token.rpartition(":")[2]]}


class _Monitor(MockMonitor):
    def __init__(self, recording: Recording, cloud: _Cloud) -> None:
        super().__init__(cloud)
        self.recording = recording

    def RegisterResource(self, request: Any) -> Any:
        answer = super().RegisterResource(request)
        if request.type != "pulumi:pulumi:Stack":
            self.recording.resources[request.name] = _declared(request, answer)
        return answer

    def RegisterResourceOutputs(self, request: Any) -> Any:
        name = request.urn.rpartition("::")[2]
        if name in self.recording.resources:
            self.recording.resources[name].state.properties.CopyFrom(request.outputs)
        return super().RegisterResourceOutputs(request)


def _declared(request: Any, answer: Any) -> Declared:
    options = proto.AnalyzerResourceOptions(
        protect=request.protect,
        ignoreChanges=request.ignoreChanges,
        deleteBeforeReplace=request.deleteBeforeReplace,
        deleteBeforeReplaceDefined=request.deleteBeforeReplaceDefined,
        parent=request.parent,
    )
    common = {"type": request.type, "urn": answer.urn, "name": request.name, "options": options}
    if request.provider:
        urn = request.provider.rpartition("::")[0]
        type_, _, name = urn.rpartition("::")
        common["provider"] = proto.AnalyzerProviderResource(type=type_.rpartition("::")[2], urn=urn, name=name)
    depends = {
        name: proto.AnalyzerPropertyDependencies(urns=each.urns) for name, each in request.propertyDependencies.items()
    }
    # A component has no properties at the end but its outputs.
    final = {"properties": request.object} if request.custom else {}
    return Declared(
        proto.AnalyzeRequest(properties=request.object, **common),
        proto.AnalyzerResource(
            parent=request.parent, dependencies=request.dependencies, propertyDependencies=depends, **common, **final
        ),
    )


def record(stack: str, llm: str, *, preview: bool = True, **settings: object) -> Recording:
    """What the program declares for a stack of this project; in a preview nothing that the cloud makes is known."""
    file = yaml.safe_load((ROOT / f"Pulumi.{stack}.yaml").read_text(encoding="utf-8"))["config"]
    values = file | {f"{PROJECT}:{key}": value for key, value in {"llm": LLM[llm], **settings}.items()}
    given = {key: value if isinstance(value, str) else json.dumps(value) for key, value in values.items()}
    secrets = {f"{PROJECT}:{key}": "made-up" for key in SECRETS}
    recording = Recording(stack)
    cloud = _Cloud(makes=not preview)
    pulumi.runtime.set_mocks(cloud, PROJECT, stack, preview, monitor=_Monitor(recording, cloud))
    pulumi.runtime.set_all_config(given | secrets, list(secrets))
    pulumi.runtime.test(runpy.run_path(str(ROOT / "__main__.py"), run_name="program")["main"])()
    return recording
