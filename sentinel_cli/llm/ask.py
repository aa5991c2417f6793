"""One question: repeated when it fails for a moment, within the budget, in a form that the endpoint takes."""

import asyncio
import time
from decimal import Decimal

from tenacity import AsyncRetrying, RetryCallState, retry_if_exception, stop_after_attempt, wait_random
from tenacity.wait import wait_random_exponential

from sentinel_cli.llm.budget import Budget, Reservation
from sentinel_cli.llm.call import Call
from sentinel_cli.llm.client import Client, FormError, Reply, send
from sentinel_cli.llm.endpoint import Endpoint
from sentinel_cli.llm.form import Form, first_form
from sentinel_cli.llm.question import Question
from sentinel_cli.llm.status import FailedError, Status

LONGEST_WAIT = 30.0
"""Seconds; an endpoint that asks for a longer pause is left alone for it, and the call fails."""
_BACK_OFF = wait_random_exponential(multiplier=0.5, max=8)
"""Seconds between repeats: anything up to 0.5, 1, 2, 4 and 8, so that ten requests do not come back at once."""
_JITTER = wait_random(0, 0.25)
_BYTES_PER_TOKEN = 2
"""Beforehand a prompt counts as more tokens than it has: English has about four bytes to a token, figures 2 or 3."""


class Asker:
    """Puts questions to an endpoint, and keeps what was learnt about it."""

    def __init__(self, endpoint: Endpoint, budget: Budget, most: int) -> None:
        self.endpoint, self.budget, self.most = endpoint, budget, most
        self.form = first_form(endpoint.family)

    async def ask(self, client: Client, question: Question) -> tuple[Call, float | None]:
        """The call, and the seconds for which the endpoint wants to be left alone; what fails is in its status."""
        began, clock = round(time.time() * 1000), time.monotonic()
        repeat = AsyncRetrying(
            stop=stop_after_attempt(self.endpoint.retries + 1),
            wait=_pause,
            retry=retry_if_exception(_is_worth_repeating),
            reraise=True,
        )
        wait = None
        try:
            reply: Reply = await repeat(self._attempt, client, question)
        except FailedError as failed:
            reply, wait = Reply(None, failed.status, None), failed.wait
        latency = round((time.monotonic() - clock) * 1000)
        return self._call(question, reply, began, latency), wait

    async def _attempt(self, client: Client, question: Question) -> Reply:
        """One request, or several where the endpoint does not take the first form; what it took is remembered."""
        form: Form | None = self.form
        while form:
            try:
                reply = await self._request(client, question, form)
            except FormError as refused:
                form = form.after(question.stage, refused.parameter, refused.message)
            else:
                self.form = form
                return reply
        raise FailedError(Status.rejected)

    async def _request(self, client: Client, question: Question, form: Form) -> Reply:
        reservation = await self._reserve(question)
        try:
            parameters = form.parameters(question.stage, self.most)
            reply = await send(client, self.endpoint, question.messages, parameters)
        except FormError:
            self.budget.settle(reservation, 0, 0)
            raise
        except FailedError as failed:
            if failed.status in _UNBILLED:
                self.budget.settle(reservation, 0, 0)
            raise
        finally:
            self.budget.end()
        if reply.tokens:
            self.budget.settle(reservation, *reply.tokens)
        return reply

    async def _reserve(self, question: Question) -> Reservation:
        """Wait until requests in flight have come to less than they might, where that is what is missing."""
        while (reservation := self.budget.reserve(_size(question.text), self.most)) is None:
            if not self.budget.open:
                raise FailedError(Status.budget)
            await asyncio.sleep(0.01)
        return reservation

    def _call(self, question: Question, reply: Reply, began: int, latency: int) -> Call:
        tokens, price = reply.tokens, self.endpoint.price
        cost: Decimal | None = price.cost(*tokens) if tokens and price else None
        parameters = dict(self.form.parameters(question.stage, self.most))
        if "response_format" in parameters:
            parameters["response_format"] = parameters["response_format"]["type"]
        if self.endpoint.api_version:
            parameters["api_version"] = self.endpoint.api_version
        return Call(
            question.stage,
            question.session,
            question.text,
            self.endpoint.provider.value,
            self.endpoint.model,
            parameters,
            reply.text,
            reply.status.value,
            latency,
            tokens[0] if tokens else None,
            tokens[1] if tokens else None,
            cost,
            began,
        )


_UNBILLED = {
    Status.rate_limited,
    Status.server_error,
    Status.unauthorized,
    Status.not_found,
    Status.rejected,
    Status.content_filter,
}


def _size(prompt: str) -> int:
    """Tokens of a prompt, at most."""
    return len(prompt.encode()) // _BYTES_PER_TOKEN + 1


def _is_worth_repeating(error: BaseException) -> bool:
    return isinstance(error, FailedError) and error.passes and (error.wait or 0) <= LONGEST_WAIT


def _pause(state: RetryCallState) -> float:
    """As long as the endpoint asks for, and a little more; else a random while that doubles."""
    error = state.outcome.exception() if state.outcome else None
    if isinstance(error, FailedError) and error.wait is not None:
        return error.wait + _JITTER(state)
    return _BACK_OFF(state)
