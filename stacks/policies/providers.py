"""Every resource is made through a Provider that the stack declares."""

from pulumi_policy import ReportViolation, ResourceValidationArgs, ResourceValidationPolicy


def _validate(args: ResourceValidationArgs, report: ReportViolation) -> None:
    if not args.resource_type.startswith("confluentcloud:"):
        return
    if args.provider is None or args.provider.name.startswith("default"):
        report(
            "The resource is made through the default provider, which takes its keys from the environment of whoever "
            "deploys. Give it one of the Providers of stacks/scopes.py.",
            None,
        )


POLICY = ResourceValidationPolicy(
    name="providers-are-explicit",
    description="Every resource of Confluent Cloud is made through a declared Provider: with the default one a stray "
    "environment variable decides where and in whose name it is made.",
    validate=_validate,
)
