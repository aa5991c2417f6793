"""One request to an endpoint, and what came back of it."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from time import time
from typing import Any
from urllib.parse import urlsplit

import openai
from openai.types.chat import ChatCompletion

from sentinel_cli.http_environment import usable_environment
from sentinel_cli.llm.endpoint import Endpoint
from sentinel_cli.llm.status import FailedError, Status
from sentinel_cli.settings import LlmProvider

Client = openai.AsyncOpenAI
LONGEST = 50_000
"""Characters of an answer that are kept. No answer that was asked for has as many; with one of a megabyte a disposition
would be too large for its topic. JSON that is cut is broken, and never a DISMISS."""
_UNLIKELY = 10**9
"""Tokens of one request; an endpoint that tells of as many has not counted."""
_MISCONFIGURED = {401: Status.unauthorized, 403: Status.unauthorized, 404: Status.not_found}


@dataclass(frozen=True)
class Reply:
    """An answer, or a refusal, as the endpoint gave it."""

    text: str | None
    status: Status
    tokens: tuple[int, int] | None
    """In and out, as the endpoint counted."""


class FormError(Exception):
    """The endpoint does not take a parameter (HTTP 400 or 422)."""

    def __init__(self, parameter: str, message: str) -> None:
        super().__init__(parameter)
        self.parameter, self.message = parameter, message


def make_client(endpoint: Endpoint) -> Client:
    """
    A client of the endpoint; it repeats nothing by itself, follows no redirection, and takes no key from elsewhere.

    Its own repeats would be neither counted nor cut short, and its time-outs begin anew with each byte.

    Raises:
        SettingsError: the environment names a proxy or a file of certificates that cannot be used.
    """
    common: dict[str, Any] = {
        "timeout": endpoint.timeout,
        "max_retries": 0,
        "http_client": _http_client(endpoint),
    }
    key = endpoint.key.get_secret_value()
    client: Client
    if endpoint.provider is LlmProvider.azureopenai:
        client = openai.AsyncAzureOpenAI(
            azure_endpoint=endpoint.url,
            azure_deployment=endpoint.model,
            api_version=endpoint.api_version,
            api_key=key,
            **common,
        )
    else:
        # The package wants some key; without one the header is left out below.
        client = Client(base_url=endpoint.url, api_key=key or "none", **common)
    # The package takes these from the environment, where they are meant for another endpoint.
    client.organization = client.project = None
    return client


def _http_client(endpoint: Endpoint) -> Any:
    """Through a proxy of the environment goes https alone: of plain http it would read the key and the prompts."""
    is_sealed = urlsplit(endpoint.url).scheme == "https"
    with usable_environment(proxies=is_sealed):
        return openai.DefaultAsyncHttpxClient(follow_redirects=False, timeout=endpoint.timeout, trust_env=is_sealed)


async def send(client: Client, endpoint: Endpoint, messages: list[Any], parameters: Mapping[str, Any]) -> Reply:
    """
    Send one request and wait for its end.

    Raises:
        FailedError: there is no answer.
        FormError: there is none because of a parameter.
    """
    try:
        async with asyncio.timeout(endpoint.timeout):
            given = await client.chat.completions.create(
                model=endpoint.model, messages=messages, extra_headers=_headers(endpoint), **parameters
            )
    except openai.APIStatusError as error:
        raise _refusal(error) from None
    except (TimeoutError, openai.APITimeoutError):
        raise FailedError(Status.timeout, passes=True) from None
    except openai.APIConnectionError:
        raise FailedError(Status.unreachable, passes=True) from None
    except Exception:
        # Whatever else the package makes of a body that is none: an alert must not be lost over it.
        raise FailedError(Status.unreadable, passes=True) from None
    return _read(given)


def _headers(endpoint: Endpoint) -> dict[str, Any] | None:
    return None if endpoint.key.get_secret_value() else {"Authorization": openai.Omit()}


def _read(given: object) -> Reply:
    """What a completion says; the package checks nothing of what it was sent."""
    try:
        assert isinstance(given, ChatCompletion)  # noqa: S101
        choice = given.choices[0]
        text, refusal, reason = choice.message.content, choice.message.refusal, choice.finish_reason
        assert isinstance(text, str | None)  # noqa: S101
        assert isinstance(refusal, str | None)  # noqa: S101
    except (AssertionError, AttributeError, IndexError, TypeError):
        raise FailedError(Status.unreadable, passes=True) from None
    text, refusal = _whole(text), _whole(refusal)
    if reason == "content_filter":
        return Reply(text, Status.content_filter, _tokens(given))
    if refusal and not text:
        return Reply(refusal, Status.refused, _tokens(given))
    return Reply(text, Status.success, _tokens(given))


def _whole(text: str | None) -> str | None:
    """What can be stored: for half a surrogate pair, as of an emoji that was cut, stands a question mark."""
    return text and text[:LONGEST].encode("utf-8", "replace").decode()


def _tokens(given: ChatCompletion) -> tuple[int, int] | None:
    used = given.usage
    read, written = getattr(used, "prompt_tokens", None), getattr(used, "completion_tokens", None)
    if isinstance(read, int) and isinstance(written, int) and 0 <= min(read, written) <= max(read, written) < _UNLIKELY:
        return read, written
    return None


def _refusal(error: openai.APIStatusError) -> Exception:
    code, body = error.status_code, error.body if isinstance(error.body, dict) else {}
    if code in {400, 422}:
        if body.get("code") == "content_filter":
            return FailedError(Status.content_filter)
        return FormError(str(body.get("param") or ""), str(body.get("message") or ""))
    if code in _MISCONFIGURED:
        return FailedError(_MISCONFIGURED[code])
    wait = _wait(error.response.headers)
    if code == 429:
        return FailedError(Status.rate_limited, passes=True, wait=wait)
    if code >= 500 or code == 408:
        return FailedError(Status.server_error, passes=True, wait=wait)
    return FailedError(Status.rejected)


def _wait(headers: Mapping[str, str]) -> float | None:
    """Seconds that an endpoint asks for: `retry-after-ms`, which is Azure's, or `Retry-After` as number or as date."""
    for name, unit in (("retry-after-ms", 0.001), ("retry-after", 1.0)):
        if (said := headers.get(name)) is None:
            continue
        try:
            seconds = float(said) * unit
        except ValueError:
            try:
                seconds = parsedate_to_datetime(said).timestamp() - time()
            except (ValueError, OverflowError):
                continue
        if 0 <= seconds < float("inf"):
            return seconds
    return None
