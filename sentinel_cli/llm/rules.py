"""The rule-based explainer and triager, where no model is asked; each answer is told of like a model's."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from decimal import Decimal
from typing import TYPE_CHECKING

from sentinel_cli.llm.call import LOCAL, Call, OnCall
from sentinel_cli.llm.question import Question, enrichment, triage
from sentinel_cli.llm.status import Status
from sentinel_cli.local._run import Answers, Managed
from sentinel_cli.local.explainer import explain
from sentinel_cli.local.triager import triage as decide

if TYPE_CHECKING:
    from sentinel_cli.llm.kept import Kept

Rows = list[tuple[str | None, ...]]


def never() -> bool:
    """No command asks for an end."""
    return False


class Rules:
    """The functions of a machine without a model."""

    batch: int | None = None
    """Alerts that are best answered together; any number."""
    longest = 0.0
    """Seconds that a batch may take at most."""

    def __init__(self, agent_prompt: str, on_call: OnCall) -> None:
        self.agent_prompt, self.on_call = agent_prompt, on_call

    @contextmanager
    def functions(
        self, stopping: Callable[[], bool] = never, kept: "Kept | None" = None
    ) -> Iterator[Mapping[str, Managed]]:
        """The managed functions; they are deterministic, so that nothing needs to be kept, and quick."""
        del stopping, kept

        def ml_predict(batch: Sequence[tuple[str, ...]]) -> Answers:
            return [self.answer(enrichment(arguments)) for arguments in batch]

        def ai_run_agent(batch: Sequence[tuple[str, ...]]) -> Answers:
            return [self.answer(triage(arguments, self.agent_prompt)) for arguments in batch]

        yield {"ML_PREDICT": ml_predict, "AI_RUN_AGENT": ai_run_agent}

    def answer(self, question: Question, why: Status | None = None) -> Rows:
        """The row that answers a question; with a reason why no model was asked, the row names that too."""
        began, clock = round(time.time() * 1000), time.monotonic()
        row: tuple[str | None, ...]
        row = (explain(question.input),) if question.stage == "enrichment" else decide(question.input)
        name = f"{question.object}/{why.lower()}" if why else question.object
        latency = round((time.monotonic() - clock) * 1000)
        self.on_call(
            Call(
                question.stage,
                question.session,
                question.text,
                LOCAL,
                name,
                {},
                row[-1],
                why or Status.success,
                latency,
                None,
                None,
                Decimal(0),
                began,
            )
        )
        return [(*row, name)]
