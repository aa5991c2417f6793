"""No identifier reaches a model: what a prompt is made of is followed back to the columns of tables, and judged."""

from collections.abc import Iterator

from sqlglot import exp

from sql.errors import PipelineError
from sql.lineage import MODEL_FUNCTION, columns_of

DETAIL_KEYS = frozenset(
    {
        "below_count",
        "country_count",
        "evidence",
        "expected_count",
        "max_amount",
        "min_amount",
        "min_below",
        "min_countries",
        "min_total",
        "min_transactions",
        "reporting_threshold",
        "transaction_type",
        "upper_bound",
    }
)
"""The keys of `detail`: figures of the rules and what they ask for, and the facts of their transactions."""
PROMPT_COLUMNS = frozenset(
    {
        "severity",
        "summary",
        "total_amount",
        "transaction_count",
        "typology",
        "window_end",
        "window_start",
        *(f"detail.{key}" for key in DETAIL_KEYS),
    }
)
"""What a model may read of an alert. Of `detail` it is single keys, read with JSON_VALUE, and never the text."""
SESSION_KEY = frozenset({"alert_id"})
"""AI_RUN_AGENT's third argument traces a call and is no part of the prompt."""


def model_calls(insert: exp.Expr) -> Iterator[tuple[str, list[exp.Expr], exp.Expr | None]]:
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


def prompt_findings(insert: exp.Expr) -> Iterator[str]:
    """What an INSERT hands to a model that a model must not read."""
    allowed = ", ".join(sorted(PROMPT_COLUMNS))
    for function, handed, key in model_calls(insert):
        read = frozenset().union(*(columns_of(each) for each in handed))
        if wrong := sorted(read - PROMPT_COLUMNS):
            yield (
                f"{function} is handed {', '.join(wrong)}. Leave it out of the prompt; a model may read only {allowed}."
            )
        if key is not None and (wrong := sorted(columns_of(key) - SESSION_KEY)):
            yield f"{function} has {', '.join(wrong)} as session key. Use alert_id."


def check_prompts(insert: exp.Expr, file: str) -> None:
    """
    Let through an INSERT whose prompts are made of nothing but what a model may read.

    Raises:
        PipelineError: a prompt, or a session key, is made of another column: names file and column.
    """
    for message in prompt_findings(insert):
        raise PipelineError(f"{file}: {message}")
