"""Messages that the provider gives back: differences, and failures after which the resource stays in Pulumi's state."""

from collections.abc import Mapping
from typing import Any, NoReturn

import grpc
from pulumi.runtime.proto import provider_pb2, status_pb2

from tests.integration.confluent.diff import Difference
from tests.integration.confluent.rules import Rule
from tests.integration.confluent.values import UNKNOWN, Properties, Secret, secret_paths, to_wire

_Kind = provider_pb2.PropertyDiff.Kind


def diff_message(found: Difference, before: Properties, after: Properties) -> provider_pb2.DiffResponse:
    """What the engine needs to know of a difference, path by path."""
    changes = provider_pb2.DiffResponse.DIFF_SOME if found.changed else provider_pb2.DiffResponse.DIFF_NONE
    detailed = {}
    for path in found.changed:
        kind = "ADD" if not _has(before, path) else "UPDATE" if _has(after, path) else "DELETE"
        kind += "_REPLACE" if path in found.replaces else ""
        detailed[path] = provider_pb2.PropertyDiff(kind=_Kind.Value(kind))
    return provider_pb2.DiffResponse(
        changes=changes,
        replaces=found.replaces,
        diffs=sorted({path.partition(".")[0] for path in found.changed}),
        detailedDiff=detailed,
        hasDetailedDiff=True,
        deleteBeforeReplace=found.delete_first,
    )


def with_secrets(rule: Rule, outputs: Properties, inputs: Properties) -> Properties:
    """
    Outputs with their secrets marked: those that the schema declares, and each whose input was a secret.

    The real provider does not see which inputs are secrets; the engine then marks outputs of the same name.
    """
    given = {path.partition(".")[0].partition("[")[0] for path in secret_paths(inputs)}
    declared = {name for name, field in rule["outputs"].items() if field.get("secret")}
    return {name: Secret(value) if name in given | declared else value for name, value in outputs.items()}


def planned(rule: Rule, inputs: Properties, outputs: Properties) -> Properties:
    """Outputs as a preview knows them: what is given, what is known from before, and the rest unknown."""
    expected = {name: UNKNOWN for name, field in rule["outputs"].items() if field.get("always")}
    known = {name: value for name, value in inputs.items() if name in rule["outputs"]}
    return expected | outputs | known


def abort(context: grpc.ServicerContext, text: str) -> NoReturn:
    """Fail the call; nothing is stored."""
    context.abort(grpc.StatusCode.UNKNOWN, text)
    raise AssertionError(text)


def abort_half_made(
    context: grpc.ServicerContext, text: str, key: str, outputs: Properties, inputs: Mapping[str, Any]
) -> NoReturn:
    """Fail the call, but let the engine store the resource as one whose initialization failed."""
    details = provider_pb2.ErrorResourceInitFailed(
        id=key, properties=to_wire(outputs), reasons=[text], inputs=to_wire(inputs)
    )
    status = status_pb2.Status(code=grpc.StatusCode.UNKNOWN.value[0], message=text)
    status.details.add().Pack(details)
    context.set_trailing_metadata((("grpc-status-details-bin", status.SerializeToString()),))
    abort(context, text)


def _has(properties: Properties, path: str) -> bool:
    value: Any = properties
    for name in path.split("."):
        if isinstance(value, Secret):
            value = value.value
        value = value.get(name) if isinstance(value, dict) else None
    return value is not None
