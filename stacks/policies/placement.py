"""A statement has one fixed name and place, and its old self is gone before the new one starts."""

import re
from collections.abc import Iterator

from pulumi_policy import ReportViolation, ResourceValidationArgs, ResourceValidationPolicy

from stacks.policies.resources import FLINK_STATEMENT, known

_NAME = re.compile(r"^[a-z][a-z0-9-]{0,71}$")
PLACES = {"sql.current-catalog": "the environment", "sql.current-database": "the cluster"}
ZONE = "sql.local-time-zone"


def findings(args: ResourceValidationArgs) -> Iterator[str]:
    """What a Flink statement leaves to chance."""
    name = known(args.props, "statementName")
    if not isinstance(name, str) or not _NAME.match(name):
        yield (
            f"The statement has the name {name or '(none)'}, which is none of its own. "
            "Give it a fixed statementName in small letters, digits and hyphens."
        )
    if not args.opts.delete_before_replace:
        yield "The statement would be made anew before the old one is deleted. Set delete_before_replace=True."
    given = set(known(args.props, "properties") or ())
    for key, meaning in PLACES.items():
        if key not in given:
            yield f"The property {key} is missing. Set it to the id of {meaning}, whatever the service's default is."
    if (zone := known(args.props, "properties", ZONE)) != "UTC":
        yield f"The property {ZONE} is {zone or 'missing'}. Set it to UTC: every time of the pipeline is in UTC."


def _validate(args: ResourceValidationArgs, report: ReportViolation) -> None:
    if args.resource_type == FLINK_STATEMENT:
        for message in findings(args):
            report(message, None)


POLICY = ResourceValidationPolicy(
    name="statements-have-one-place",
    description="Every statement has a fixed name, is deleted before it is replaced, and says catalog, database and "
    "UTC: two jobs under two names would write every alert twice, and another time zone other windows.",
    validate=_validate,
)
