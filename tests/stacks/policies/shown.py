"""What a run of the program declared, as the engine shows it to a policy pack."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from google.protobuf.json_format import MessageToDict
from pulumi.runtime.proto import analyzer_pb2

from tests.stacks.recorder import PROJECT, Recording, Registered


@dataclass
class Shown:
    """One resource: its inputs, shown before its step, and what it is in the stack at the end."""

    request: analyzer_pb2.AnalyzeRequest
    state: analyzer_pb2.AnalyzerResource

    def set(self, properties: Mapping[str, Any] | None = None, **options: Any) -> None:
        """Change properties, and options such as `protect`."""
        for each in (self.request, self.state):
            changed = MessageToDict(each.properties) | dict(properties or {})
            each.properties.Clear()
            each.properties.update(changed)
            for name, value in options.items():
                setattr(each.options, name, value)


@dataclass
class ShownStack:
    """All resources of a stack by logical name."""

    resources: dict[str, Shown] = field(default_factory=dict)


def shown(recording: Recording, stack: str) -> ShownStack:
    """The resources of a recorded run, under the URNs that they have in the stack of this name."""
    found = ShownStack()
    for registered in recording.resources:
        if registered.type != "pulumi:pulumi:Stack":
            found.resources[registered.name] = _shown(registered, recording, stack)
    return found


def _shown(registered: Registered, recording: Recording, stack: str) -> Shown:
    asked = registered.request
    common: dict[str, Any] = {
        "type": asked.type,
        "name": asked.name,
        "urn": f"urn:pulumi:{stack}::{PROJECT}::{asked.type}::{asked.name}",
        "options": analyzer_pb2.AnalyzerResourceOptions(
            protect=asked.protect,
            ignoreChanges=asked.ignoreChanges,
            deleteBeforeReplace=asked.deleteBeforeReplace,
            deleteBeforeReplaceDefined=asked.deleteBeforeReplaceDefined,
        ),
    }
    if asked.provider:
        # A reference is the Provider's URN and its id.
        urn = asked.provider.rpartition("::")[0]
        common["provider"] = analyzer_pb2.AnalyzerProviderResource(urn=urn, name=urn.rpartition("::")[2])
    request = analyzer_pb2.AnalyzeRequest(properties=asked.object, **common)
    state = analyzer_pb2.AnalyzerResource(**common)
    # The end shows outputs: of a component those that it registered, and nothing of its inputs.
    state.properties.update(registered.inputs if asked.custom else recording.component_outputs.get(asked.name, {}))
    for name, dependencies in asked.propertyDependencies.items():
        urns = [urn.replace("urn:pulumi:stack::", f"urn:pulumi:{stack}::") for urn in dependencies.urns]
        state.propertyDependencies[name].urns.extend(urns)
    return Shown(request, state)
