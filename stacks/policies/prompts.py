"""No identifier reaches a model: what a prompt is made of is followed back to the columns of tables."""

from collections.abc import Iterator

from pulumi_policy import ReportViolation, ResourceValidationArgs, ResourceValidationPolicy
from sqlglot import exp

from stacks.policies.jobs import inserts_of, target
from stacks.policies.lineage import MODEL_FUNCTION, columns_of

PROMPT_COLUMNS = frozenset(
    {"typology", "severity", "window_start", "window_end", "transaction_count", "total_amount", "detail", "summary"}
)
"""The columns of alerts and enriched alerts that a model may read; `no-identifiers-in-alert-texts` judges each."""
SESSION_KEY = frozenset({"alert_id"})
"""AI_RUN_AGENT's third argument traces a call and is no part of the prompt."""


def model_calls(insert: exp.Insert) -> Iterator[tuple[str, list[exp.Expr], exp.Expr | None]]:
    """Each call of a model or an agent: its function, what it hands over, and the session key where there is one."""
    for call in insert.find_all(exp.Func):
        function = call.name.upper() if isinstance(call, exp.Anonymous) else call.sql_name()
        if not MODEL_FUNCTION.fullmatch(function):
            continue
        arguments = call.expressions if isinstance(call, exp.Anonymous) else [call]
        has_key = (
            function == "AI_RUN_AGENT" and len(arguments) > 2 and not isinstance(arguments[2], exp.Map | exp.VarMap)
        )
        key = arguments[2] if has_key else None
        yield function, [argument for argument in arguments[1:] if argument is not key], key


def findings(insert: exp.Insert) -> Iterator[str]:
    """What an INSERT hands to a model that a model must not read."""
    allowed = ", ".join(sorted(PROMPT_COLUMNS))
    for function, handed, key in model_calls(insert):
        read = frozenset().union(*(columns_of(each) for each in handed))
        if wrong := sorted(read - PROMPT_COLUMNS):
            yield (
                f"{function} in the job of {target(insert)} is handed {', '.join(wrong)}. "
                f"Leave it out of the prompt; a model may read only {allowed}."
            )
        if key is not None and (wrong := sorted(columns_of(key) - SESSION_KEY)):
            yield f"{function} in the job of {target(insert)} has {', '.join(wrong)} as session key. Use alert_id."


def _validate(args: ResourceValidationArgs, report: ReportViolation) -> None:
    for insert in inserts_of(args):
        for message in findings(insert):
            report(message, None)


POLICY = ResourceValidationPolicy(
    name="no-identifiers-in-prompts",
    description="No account, customer, counterparty, event or alert id reaches a model: "
    "what leaves for the provider names nobody.",
    validate=_validate,
)
