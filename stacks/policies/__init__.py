"""The policies of a stack, one concept a file; each says why, and its message what was found and what to do."""

from pulumi_policy import Policy

from stacks.policies import (
    accounted,
    details,
    jobs,
    least_privilege,
    names,
    placement,
    prompts,
    protection,
    providers,
    retention,
    secret_texts,
    thresholds,
)

POLICIES: list[Policy] = [
    jobs.POLICY,
    thresholds.POLICY,
    accounted.POLICY,
    prompts.POLICY,
    details.POLICY,
    secret_texts.POLICY,
    names.POLICY,
    placement.POLICY,
    providers.POLICY,
    protection.REPLACEABLE,
    protection.PROTECTED,
    retention.YEARS,
    retention.LOOK_BACK,
    least_privilege.POLICY,
]
"""In the order in which a deployment meets them: texts, resources, the whole stack."""

__all__ = ["POLICIES"]
