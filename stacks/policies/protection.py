"""What must not go is protected in production; what must be replaceable is protected nowhere."""

from pulumi_policy import (
    ReportViolation,
    ResourceValidationArgs,
    ResourceValidationPolicy,
    StackValidationArgs,
    StackValidationPolicy,
)

from stacks.policies.resources import (
    API_KEY,
    ENVIRONMENT,
    FLINK_CONNECTION,
    FLINK_STATEMENT,
    KAFKA_CLUSTER,
    KAFKA_TOPIC,
    SCHEMA,
    SERVICE_ACCOUNT,
    is_production,
    known,
    of_type,
)

KEPT = (ENVIRONMENT, KAFKA_CLUSTER, KAFKA_TOPIC, SCHEMA, SERVICE_ACCOUNT)
REPLACED = (FLINK_STATEMENT, FLINK_CONNECTION, API_KEY)


def _is_protected(args: StackValidationArgs, report: ReportViolation) -> None:
    if not is_production(args.resources):
        return
    for resource in of_type(args.resources, *KEPT):
        if not resource.opts.protect:
            report(f"{resource.name} is not protected. Set sentinel-aml:protect to true.", resource.urn)
    for cluster in of_type(args.resources, KAFKA_CLUSTER):
        if known(cluster.props, "deletionProtection") is not True:
            report(
                f"{cluster.name} can be deleted past Pulumi. Set sentinel-aml:protect to true, which refuses that too.",
                cluster.urn,
            )


def _is_replaceable(args: ResourceValidationArgs, report: ReportViolation) -> None:
    if args.resource_type in REPLACED and args.opts.protect:
        report("The resource is protected. Take protect off: what guards a job is the review of its preview.", None)


PROTECTED = StackValidationPolicy(
    name="production-is-protected",
    description="In production environment, cluster, topics, schemas and service accounts are protected, and the "
    "cluster refuses deletion by itself: with a topic goes evidence that must be kept for five years.",
    validate=_is_protected,
)
REPLACEABLE = ResourceValidationPolicy(
    name="statements-and-keys-stay-replaceable",
    description="Statements, connections and keys are never protected: a protected statement makes every change of "
    "its rule impossible, a protected key its rotation.",
    validate=_is_replaceable,
)
