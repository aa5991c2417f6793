"""Managed functions of the tests that tell of their calls, as a model does."""

import time
from collections.abc import Callable, Mapping, Sequence

from sentinel_cli.ledger.recorder import NO_ANSWER
from sentinel_cli.llm.call import Call
from sentinel_cli.local._run import Answers, Managed


def watched(managed: Mapping[str, Managed], take: Callable[[Call], None]) -> dict[str, Managed]:
    """Managed functions with each call handed on as it is answered."""
    return {name: _watched(function, take) for name, function in managed.items()}


def _watched(function: Managed, take: Callable[[Call], None]) -> Managed:
    def call(arguments: Sequence[tuple[str, ...]]) -> Answers:
        answers = []
        for given in arguments:
            started = time.monotonic()
            (rows,) = function([given])
            take(_call(given, rows[0] if rows else None, round((time.monotonic() - started) * 1000)))
            answers.append(rows)
        return answers

    return call


def _call(given: tuple[str, ...], answer: tuple[str | None, ...] | None, latency_ms: int) -> Call:
    """ML_PREDICT(model, prompt) gives one column, the answer; AI_RUN_AGENT(agent, prompt, key) status and answer."""
    model, prompt, *key = given
    status = NO_ANSWER if answer is None else answer[0] or "" if key else "SUCCESS"
    return Call(
        stage="triage" if key else "enrichment",
        session=key[0] if key else "",
        prompt=prompt,
        provider="stand-in",
        model=model,
        parameters={},
        answer=answer[-1] if answer else None,
        status=status,
        latency_ms=latency_ms,
        input_tokens=None,
        output_tokens=None,
        cost=None,
        time=time.time_ns() // 1_000_000,
    )
