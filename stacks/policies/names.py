"""Models, agents and connections carry a hash of what they are, so that a changed one is a new one."""

import hashlib
import re
from collections.abc import Iterator

from pulumi_policy import ReportViolation, ResourceValidationArgs, ResourceValidationPolicy

from stacks.policies.jobs import text_of
from stacks.policies.resources import FLINK_CONNECTION, known

_MADE = re.compile(r"\bCREATE\s+(MODEL|AGENT)\s+(?:IF\s+NOT\s+EXISTS\s+)?(`[^`]*`|[^\s(]+)", re.IGNORECASE)
_FLINK = re.compile(r"https://flink\.([a-z0-9-]+)\.(aws|azure|gcp)\.")
_HASHED = re.compile(r"_([0-9a-f]{8})$")


def findings(args: ResourceValidationArgs) -> Iterator[str]:
    """The names of a resource that do not end in the hash of what they name."""
    for kind, name in _MADE.findall(text_of(args)):
        # The text without the object's own name, as sql/_ai.py hashes it.
        yield from _check(kind.lower(), name.strip("`"), text_of(args).replace(name, "", 1), "its text")
    if args.resource_type == FLINK_CONNECTION and (name := known(args.props, "displayName")):
        yield from _check("connection", name, _of_connection(args), "its type, endpoint and region")


def _of_connection(args: ResourceValidationArgs) -> str | None:
    """What stacks/llm_connection.py hashes; None where the region cannot be told from the endpoint of Flink."""
    type_, endpoint = known(args.props, "type"), known(args.props, "endpoint")
    region = _FLINK.match(str(known(args.props, "restEndpoint") or ""))
    return f"{type_.lower()}|{endpoint}|{region[2]}.{region[1]}" if type_ and endpoint and region else None


def _check(kind: str, name: str, of: str | None, what: str) -> Iterator[str]:
    digest = hashlib.sha256(of.encode()).hexdigest()[:8] if of is not None else None
    found = _HASHED.search(name)
    if found is None:
        yield f"The {kind} {name} does not end in _ and 8 hex digits. Name it by the hash of {what}."
    elif digest and found[1] != digest:
        yield f"The {kind} {name} should end in _{digest}, the hash of {what}. Let the program name it."


def _validate(args: ResourceValidationArgs, report: ReportViolation) -> None:
    for message in findings(args):
        report(message, None)


POLICY = ResourceValidationPolicy(
    name="names-carry-their-hash",
    description="Models, agents and connections are named by the hash of what they are: CREATE ... IF NOT EXISTS "
    "would silently keep an old one under an old name, and a disposition could not say which one decided.",
    validate=_validate,
)
