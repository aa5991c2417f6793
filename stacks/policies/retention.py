"""What the law wants kept is kept, and transactions outlast what the rules look back on."""

from collections.abc import Iterator
from datetime import timedelta

from pulumi_policy import PolicyResource, ReportViolation, StackValidationArgs, StackValidationPolicy

from stacks.checks import FIVE_YEARS, KEPT_FOR_YEARS, MARGIN, RAW
from stacks.policies.resources import KAFKA_TOPIC, PIPELINE, is_production, known, of_type

_MILLISECOND = timedelta(milliseconds=1)


def _topics(args: StackValidationArgs, names: tuple[str, ...]) -> Iterator[PolicyResource]:
    wanted = {f"sentinel.{name}" for name in names}
    return (t for t in of_type(args.resources, KAFKA_TOPIC) if known(t.props, "topicName") in wanted)


def _kept(topic: PolicyResource) -> timedelta:
    """How long a topic keeps its records; `-1`, for ever, counts as the longest time."""
    text = str(known(topic.props, "config", "retention.ms") or "0")
    return timedelta.max if text == "-1" else int(text) * _MILLISECOND


def _keeps_years(args: StackValidationArgs, report: ReportViolation) -> None:
    if not is_production(args.resources):
        return
    for topic in _topics(args, KEPT_FOR_YEARS):
        table = str(known(topic.props, "topicName")).removeprefix("sentinel.")
        if (kept := _kept(topic)) < FIVE_YEARS:
            report(
                f"sentinel.{table} keeps its records for {kept.days} days, less than {FIVE_YEARS.days}. "
                f"Set sentinel-aml:retention.{table} to '{FIVE_YEARS.days} days'.",
                topic.urn,
            )
        if known(topic.props, "config", "retention.bytes") not in {None, "-1"}:
            report(f"sentinel.{table} drops records by size. Leave retention.bytes out.", topic.urn)
        if "compact" in str(known(topic.props, "config", "cleanup.policy") or ""):
            report(
                f"sentinel.{table} keeps only the last record of an account. Set cleanup.policy to delete.", topic.urn
            )


def _covers_look_back(args: StackValidationArgs, report: ReportViolation) -> None:
    seconds = [known(p.props, "lookBackSeconds") for p in of_type(args.resources, PIPELINE)]
    needed = timedelta(seconds=max((each for each in seconds if each is not None), default=0)) + MARGIN
    for topic in _topics(args, (RAW,)):
        if (kept := _kept(topic)) < needed:
            report(
                f"sentinel.{RAW} keeps its records for {kept.days} days, less than {-(-needed // timedelta(days=1))}: "
                f"the longest look-back of a rule and a week. Set sentinel-aml:retention.{RAW} higher.",
                topic.urn,
            )


YEARS = StackValidationPolicy(
    name="production-keeps-five-years",
    description="In production alerts, enriched alerts, dispositions, analysts' decisions, late transactions and dead "
    "letters are kept for five years at least (31 CFR 1010.430(d)).",
    validate=_keeps_years,
)
LOOK_BACK = StackValidationPolicy(
    name="transactions-outlast-look-back",
    description="Transactions are kept for the longest look-back of a rule and a week more: a statement that is "
    "replaced reads them again, and judges wrongly what it can read only in part.",
    validate=_covers_look_back,
)
