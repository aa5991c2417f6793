"""No identifier reaches a model: the loader refuses such a statement; this judges what is deployed, whoever made it."""

from pulumi_policy import ReportViolation, ResourceValidationArgs, ResourceValidationPolicy

from sql.prompts import prompt_findings
from stacks.policies.jobs import inserts_of, target


def _validate(args: ResourceValidationArgs, report: ReportViolation) -> None:
    for insert in inserts_of(args):
        for message in prompt_findings(insert):
            report(f"In the job of {target(insert)} {message}", None)


POLICY = ResourceValidationPolicy(
    name="no-identifiers-in-prompts",
    description="No account, customer, counterparty, event or alert id reaches a model: "
    "what leaves for the provider names nobody.",
    validate=_validate,
)
