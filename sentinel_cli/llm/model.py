"""The managed functions over an endpoint: several questions at a time, and rules where none may be put."""

import asyncio
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager

from sentinel_cli.interrupts import interrupt_waits
from sentinel_cli.llm.ask import LONGEST_WAIT, Asker
from sentinel_cli.llm.breaker import Breaker
from sentinel_cli.llm.budget import Budget
from sentinel_cli.llm.client import Client, make_client
from sentinel_cli.llm.endpoint import Endpoint
from sentinel_cli.llm.kept import Kept
from sentinel_cli.llm.question import Question, enrichment, triage
from sentinel_cli.llm.rules import Rows, Rules, never
from sentinel_cli.llm.status import Status, StoppedError
from sentinel_cli.local._run import Answers, Managed

_APART = 0.01
"""Seconds between the first requests: those that begin together come back together, and wait for each other here."""
_LOOK = 0.1
"""Seconds between two looks whether the command is to end."""
_MISCONFIGURED = 300.0
"""Seconds for which an endpoint is left alone that refuses key, model or URL."""
_OF_ENDPOINT = {
    Status.timeout,
    Status.unreachable,
    Status.rate_limited,
    Status.server_error,
    Status.unreadable,
    Status.rejected,
}
"""What speaks against the endpoint, if it comes several times in a row; one question may be rejected for itself."""
_ANSWERED = {Status.success, Status.refused, Status.content_filter}
"""What is paid for and would come again."""


class Model:
    """
    An endpoint, and what is known of it as long as the process lives: what it takes, whether it is down, what is spent.

    One thread at a time uses it. An answer never raises: a call that failed is a row without text.
    """

    def __init__(self, endpoint: Endpoint, rules: Rules, most_tokens: int, say: Callable[[str], None]) -> None:
        self.endpoint, self.rules, self.say = endpoint, rules, say
        self.budget, self.breaker = Budget(endpoint.limits, endpoint.price, endpoint.spent), Breaker()
        self.asker = Asker(endpoint, self.budget, most_tokens)
        self.batch: int | None = 2 * endpoint.parallelism
        call = endpoint.timeout + endpoint.retries * (endpoint.timeout + LONGEST_WAIT + 1)
        self.longest = 2 * 2 * call
        """Seconds that a batch may take at most: a summary and a decision, two calls after each other."""
        self._told_of: int | None = None
        """The day whose spent budget was said."""

    @contextmanager
    def functions(
        self, stopping: Callable[[], bool] = never, kept: Kept | None = None
    ) -> Iterator[Mapping[str, Managed]]:
        """
        The managed functions; answers that are kept are not asked for again.

        While questions are in flight, a function raises StoppedError as soon as `stopping` says so.
        """
        with asyncio.Runner() as runner:
            client = runner.run(_made(self.endpoint))
            session = _Session(self, client, kept)

            def answers(questions: list[Question]) -> Answers:
                # Raised anywhere in the packages below, an interrupt might be lost there.
                with interrupt_waits() as interrupted:
                    return runner.run(session.answers(questions, lambda: interrupted() or stopping()))

            def ml_predict(arguments: Sequence[tuple[str, ...]]) -> Answers:
                return answers([enrichment(a) for a in arguments])

            def ai_run_agent(arguments: Sequence[tuple[str, ...]]) -> Answers:
                return answers([triage(a, self.rules.agent_prompt) for a in arguments])

            try:
                yield {"ML_PREDICT": ml_predict, "AI_RUN_AGENT": ai_run_agent}
            finally:
                runner.run(_closed(client))

    def judge(self, status: Status, wait: float | None) -> None:
        """Take what came of a call into account, and say what an operator should know."""
        if status in {Status.unauthorized, Status.not_found}:
            if self.breaker.failed(_MISCONFIGURED):
                self.say(f"{self.endpoint.name} refuses key, model or URL; rules explain and triage in its place.")
        elif status in _OF_ENDPOINT:
            asked = wait if wait is not None and wait > LONGEST_WAIT else None
            if self.breaker.failed(asked):
                self.say(f"{self.endpoint.name} is down ({status}); rules explain and triage until it is back.")
        else:
            self.breaker.answered()

    def tell_of_budget(self) -> None:
        """Say once a day that the budget is spent."""
        if self._told_of != self.budget.today():
            self._told_of = self.budget.today()
            self.say(f"The day's budget of {self.endpoint.name} is spent; rules explain and triage in its place.")


class _Session:
    """Questions over one client, of which so many are in flight as the endpoint may have at a time."""

    def __init__(self, model: Model, client: Client, kept: Kept | None) -> None:
        self.model, self.client, self.kept = model, client, kept

    async def answers(self, questions: Sequence[Question], stopping: Callable[[], bool]) -> Answers:
        """The rows of each question, in their order; StoppedError once `stopping` says so."""
        gate = asyncio.Semaphore(self.model.endpoint.parallelism)
        work = asyncio.gather(*(self._answer(question, gate, place) for place, question in enumerate(questions)))
        try:
            while not (await asyncio.wait({work}, timeout=_LOOK))[0]:
                if stopping():
                    raise StoppedError
            return work.result()
        finally:
            work.cancel()
            await asyncio.gather(work, return_exceptions=True)

    async def _answer(self, question: Question, gate: asyncio.Semaphore, place: int) -> Rows:
        async with gate:
            if place < self.model.endpoint.parallelism:
                await asyncio.sleep(place * _APART)
            name = self.model.endpoint.name
            if self.kept and (answered := self.kept.get(question, name)) is not None:
                self.model.rules.on_call(answered)
                return _row(question, Status(answered.status), answered.answer, name)
            if not self.model.breaker.admits():
                return self.model.rules.answer(question, Status.circuit_open)
            call, wait = await self.model.asker.ask(self.client, question)
            status = Status(call.status)
            if status is Status.budget:
                self.model.tell_of_budget()
                return self.model.rules.answer(question, status)
            self.model.judge(status, wait)
            self.model.rules.on_call(call)
            if self.kept and status in _ANSWERED:
                self.kept.put(question, name, call)
            return _row(question, status, call.answer, name)


def _row(question: Question, status: Status, text: str | None, name: str) -> Rows:
    """A row as the SQL reads it: a summary that is none is NULL, and of an agent that failed the status says so."""
    if question.stage == "enrichment":
        return [(text if status is Status.success else None, name)]
    return [(status.value, text, name)]


async def _made(endpoint: Endpoint) -> Client:
    return make_client(endpoint)


async def _closed(client: Client) -> None:
    """Give up whatever is left in flight, and close the connections."""
    left = asyncio.all_tasks() - {asyncio.current_task()}
    for task in left:
        task.cancel()
    await asyncio.gather(*left, return_exceptions=True)
    await client.close()
