"""Which model explains and triages what runs on this machine, and whether it answers."""

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from sentinel_cli.doctor.finding import Finding
from sentinel_cli.llm.budget import Budget
from sentinel_cli.llm.endpoint import Endpoint, Limits, find_endpoint
from sentinel_cli.llm.status import Status
from sentinel_cli.settings import variable
from sql.errors import SettingsError

if TYPE_CHECKING:
    from sentinel_cli.llm.call import Call

_WHAT, _ENDPOINT = "model on this machine", "model's endpoint"
_MOST = 256
"""Tokens that the answer may have: a model that reasons needs some before it says a word, and fails with too few."""
_ANSWERS = {Status.success, Status.refused, Status.content_filter}
_NAMES = (
    f"See docs/llm.md for each provider's form of {variable('llm_endpoint')}, and for the model's name: "
    f"{variable('llm_model')}, of Azure {variable('llm_deployment')}."
)
_ENVIRONMENT = "Set the variable right, or unset it."
_FAULTS = {
    Status.unauthorized: (
        "refuses the key",
        f"Set {variable('llm_api_key')} to a key of this endpoint that may use the model.",
    ),
    Status.not_found: ("has no such model, or no API at that URL", _NAMES),
    Status.rejected: ("refuses the request in every form that is known", _NAMES),
    Status.unreadable: ("answers what is no chat completion", _NAMES),
    Status.unreachable: (
        "cannot be reached",
        f"Look at the host in {variable('llm_endpoint')}, and at the network: a server on this machine must be up.",
    ),
    Status.timeout: (
        "does not answer in time",
        f"Look whether it is up; {variable('llm_timeout')} and --timeout give it more time.",
    ),
    Status.rate_limited: ("takes no more requests for now", "Wait, or ask the provider for a greater quota."),
    Status.server_error: ("has a fault of its own", "Wait, or look at the provider's own page of its state."),
}


def model(seconds: float, *, ask: bool) -> list[Finding]:
    """
    A finding on the endpoint's values, and one on its answer to the smallest question, which no budget counts.

    Args:
        seconds: How long the answer may take at most.
        ask: Whether to put the question, which costs what a few hundred tokens cost.
    """
    try:
        endpoint = find_endpoint()
        values = _values(endpoint) if endpoint else Finding(_WHAT, "none: rules explain and triage")
    except SettingsError as error:
        return [Finding(_WHAT, str(error), "See docs/llm.md for what each provider needs.")]
    return [values, *([_answer(endpoint, seconds)] if endpoint and ask else [])]


def _values(endpoint: Endpoint) -> Finding:
    limits, spent = endpoint.limits, Budget(endpoint.limits, endpoint.price, endpoint.spent).spent()
    known = {
        "requests": (spent.calls, limits.calls),
        "tokens": (spent.tokens, limits.tokens),
        "dollars": (spent.cost, limits.cost),
    }
    budget = ", ".join(f"{used} of {most} {name}" for name, (used, most) in known.items() if most is not None)
    return Finding(_WHAT, f"{endpoint.name} at {_host(endpoint)}, budget of today: {budget or 'none'}")


def _answer(endpoint: Endpoint, seconds: float) -> Finding:
    try:
        call = asyncio.run(_asked(replace(endpoint, timeout=min(endpoint.timeout, seconds), retries=0)))
    except SettingsError as error:
        return Finding(_ENDPOINT, f"{_host(endpoint)} cannot be asked: {error}", _ENVIRONMENT)
    if (status := Status(call.status)) in _ANSWERS:
        return Finding(_ENDPOINT, f"{_host(endpoint)} answers, after {call.latency_ms / 1000:.1f} s")
    says, advice = _FAULTS[status]
    return Finding(_ENDPOINT, f"{_host(endpoint)} {says} ({status})", advice)


async def _asked(endpoint: Endpoint) -> "Call":
    # `openai` takes a second to import, and most machines have no model.
    from sentinel_cli.llm.ask import Asker
    from sentinel_cli.llm.client import make_client
    from sentinel_cli.llm.question import enrichment

    async with make_client(endpoint) as client:
        call, _ = await Asker(endpoint, Budget(Limits(), None, endpoint.spent), _MOST).ask(
            client, enrichment(("", "Answer: OK."))
        )
    return call


def _host(endpoint: Endpoint) -> str:
    return urlsplit(endpoint.url).netloc
