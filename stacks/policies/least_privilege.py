"""What each service account may do: an allow-list of roles, and of what each role is on."""

import re
from collections.abc import Iterator

from pulumi_policy import PolicyResource, ReportViolation, StackValidationArgs, StackValidationPolicy

from stacks.policies.resources import ROLE_BINDING, SERVICE_ACCOUNT, known, of_type

_TABLE = r"sentinel\.[a-z_]+"
_WRITTEN = r"sentinel\.(?:transactions_raw|dead_letters)"
_FLINK_IDS = r"transactional-id=_confluent-flink_\*"
ALLOWED: dict[str, dict[str, str]] = {
    "deployer": {
        "Assigner": r"service-account=[a-z0-9-]+",
        "FlinkAdmin": r"environment=[a-z0-9-]+",
        "ResourceOwner": r"(?:topic|subject)=sentinel\.\*",
        "DeveloperRead": _FLINK_IDS,
        "DeveloperWrite": _FLINK_IDS,
    },
    "runner": {
        "FlinkDeveloper": r"environment=[a-z0-9-]+",
        "DeveloperRead": rf"topic={_TABLE}|subject={_TABLE}-value|{_FLINK_IDS}",
        "DeveloperWrite": rf"topic={_TABLE}|{_FLINK_IDS}",
    },
    "producer": {
        "DeveloperRead": rf"subject={_WRITTEN}-value|topic=sentinel\.transactions_raw",
        "DeveloperWrite": rf"topic={_WRITTEN}",
    },
    "analyst": {
        "DeveloperRead": rf"topic={_TABLE}|subject={_TABLE}-value|group=sentinel\*",
        "DeveloperWrite": r"topic=sentinel\.analyst_decisions",
    },
}
"""By account and role, what the last part of a binding's CRN must be."""


def findings(binding: PolicyResource) -> Iterator[str]:
    """What a role binding gives that its account does not need."""
    account, role = _account(binding), known(binding.props, "roleName")
    if account not in ALLOWED:
        yield (
            f"{role} goes to {account or 'a principal that is no account of this stack'}. "
            f"Roles go to {', '.join(ALLOWED)} alone, by the account's id."
        )
        return
    allowed = ALLOWED[account]
    if role not in allowed:
        yield f"The {account} has the role {role}. Take it away; it needs only {', '.join(sorted(allowed))}."
    elif (crn := known(binding.props, "crnPattern")) and not re.fullmatch(allowed[role], _last(crn)):
        yield f"The {account} has the role {role} on {_last(crn)}. Narrow it to what the {account} needs by name."


def _account(binding: PolicyResource) -> str | None:
    """The account of a binding, by the resource that its principal is made of: the id is not known before an update."""
    for dependency in of_type(binding.property_dependencies.get("principal", []), SERVICE_ACCOUNT):
        return str(known(dependency.props, "displayName") or dependency.name).rpartition("-")[2]
    return None


def _last(crn: str) -> str:
    return crn.rpartition("/")[2]


def _validate(args: StackValidationArgs, report: ReportViolation) -> None:
    for binding in of_type(args.resources, ROLE_BINDING):
        for message in findings(binding):
            report(message, binding.urn)


POLICY = StackValidationPolicy(
    name="least-privilege",
    description="Each service account has the roles that it needs, on what it needs, and no administrator's: a leaked "
    "key of the producer must not read an alert, one of the analyst must not change one.",
    validate=_validate,
)
