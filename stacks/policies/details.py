"""What a rule writes into the columns that a prompt is made of names nobody either."""

from collections.abc import Iterator

from pulumi_policy import ReportViolation, ResourceValidationArgs, ResourceValidationPolicy
from sqlglot import exp

from sql.lineage import columns_of
from sql.prompts import DETAIL_KEYS, PROMPT_COLUMNS
from sql.topics import ALERTS, ENRICHED
from stacks.policies.jobs import inserts_of, target, written

FACTS = frozenset(
    {
        "event_time",
        "transaction_type",
        "direction",
        "amount",
        "currency",
        "country",
        "window_start",
        "window_end",
        "window_time",
    }
)
"""What may be said of transactions, and the bounds of the windows that they are counted in."""
TOLD = frozenset(name.partition(".")[0] for name in PROMPT_COLUMNS)
"""The columns that a prompt reads, or reads a part of."""


def findings(insert: exp.Insert) -> Iterator[str]:
    """What an INSERT of alerts or enriched alerts writes into a prompt's columns that does not belong there."""
    columns = written(insert)
    if not columns:
        yield f"An INSERT into {target(insert)} names no columns, so that it cannot be judged. Name them."
    allowed = TOLD if target(insert) == ENRICHED else FACTS
    for name in sorted(TOLD & set(columns)):
        if wrong := sorted(columns_of(columns[name]) - allowed):
            yield (
                f"{name} of {target(insert)} is made of {', '.join(wrong)}, and {name} reaches a prompt. "
                f"Leave it out; it may be made only of {', '.join(sorted(allowed))}."
            )
    if target(insert) == ALERTS and "detail" in columns:
        yield from _keys(columns["detail"])


def _keys(detail: exp.Expr) -> Iterator[str]:
    made = detail.unalias()
    if not isinstance(made, exp.JSONObject):
        yield "detail is no JSON_OBJECT with literal keys, so that it cannot be judged. Write it as one."
        return
    for pair in made.expressions:
        key = pair.this
        if not isinstance(key, exp.Literal) or key.name not in DETAIL_KEYS:
            yield (
                f"detail has the key {key.sql()}, which is not known to name nobody. "
                "Leave it out, or add it to DETAIL_KEYS in sql/prompts.py after a review."
            )


def _validate(args: ResourceValidationArgs, report: ReportViolation) -> None:
    for insert in inserts_of(args):
        if target(insert) in {ALERTS, ENRICHED}:
            for message in findings(insert):
                report(message, None)


POLICY = ResourceValidationPolicy(
    name="no-identifiers-in-alert-texts",
    description="The columns of an alert that a prompt is made of, detail above all, hold figures and facts and no "
    "identifier: what a rule puts there leaves for the model's provider.",
    validate=_validate,
)
