"""Reads statements from the Flink API: GET {endpoint}/sql/v1/organizations/{o}/environments/{e}/statements/{name}."""

from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from http import HTTPStatus

import httpx
from pydantic import BaseModel, ValidationError
from tenacity import RetryError, Retrying, retry_if_exception_type, stop_after_attempt, wait_exponential

from sentinel_cli.http_environment import usable_environment
from sentinel_cli.settings import Settings, is_here
from sql.errors import ServiceError

GONE = "gone"
"""Said instead of a phase where the service does not know the statement."""
_AT_ONCE = 4
_ATTEMPTS = 5
_PAUSES = wait_exponential(multiplier=0.25, max=4)


class _Status(BaseModel):
    phase: str
    detail: str | None = None


class _Statement(BaseModel):
    status: _Status


@dataclass(frozen=True)
class Reading:
    """A statement's phase as the service names it, or `gone`, and the service's own words on it."""

    phase: str
    detail: str


class _BusyError(Exception):
    """An answer that says to come again: 429 or 5xx."""

    def __init__(self, status: int) -> None:
        super().__init__(f"it answers {status}")


@dataclass(frozen=True)
class FlinkApi:
    """The statements of one environment, as the Flink API of its region tells them."""

    client: httpx.Client
    endpoint: str
    organization: str
    environment: str

    def read(self, names: Iterable[str]) -> dict[str, Reading]:
        """The phase of each statement. Raises ServiceError where the API does not answer for one, or refuses."""
        asked = list(names)
        # The first alone tells whether the API answers at all; were it down, each thread would find out by itself.
        readings = {name: self._read_one(name) for name in asked[:1]}
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            readings |= zip(asked[1:], pool.map(self._read_one, asked[1:]), strict=True)
        if asked and all(reading.phase == GONE for reading in readings.values()):
            self._check_environment()
        return readings

    def _read_one(self, name: str) -> Reading:
        answer = self._get(f"/{name}")
        if answer.status_code == HTTPStatus.NOT_FOUND:
            return Reading(GONE, "")
        try:
            status = _Statement.model_validate_json(answer.content).status
        except ValidationError:
            raise ServiceError(
                f"{self.endpoint} answers for statement {name} with something that is no statement: "
                "is flinkRestEndpoint the Flink API of the region?"
            ) from None
        return Reading(status.phase, status.detail or "")

    def _check_environment(self) -> None:
        if self._get("?page_size=1").status_code == HTTPStatus.NOT_FOUND:
            raise ServiceError(
                f"{self.endpoint} knows no environment {self.environment} in organization {self.organization}."
            )

    def _get(self, tail: str) -> httpx.Response:
        retrying = Retrying(
            stop=stop_after_attempt(_ATTEMPTS),
            wait=_PAUSES,
            retry=retry_if_exception_type((httpx.TransportError, _BusyError)),
        )
        try:
            answer = retrying(self._get_once, tail)
        except RetryError as error:
            raise ServiceError(f"{self.endpoint} does not answer: {_cause(error)}; tried {_ATTEMPTS} times.") from None
        except (httpx.RequestError, UnicodeError):
            # A body that is not what its headers say, or a host that no name can be.
            raise ServiceError(f"{self.endpoint} cannot be read: is flinkRestEndpoint right?") from None
        if answer.status_code in (HTTPStatus.OK, HTTPStatus.NOT_FOUND):
            return answer
        raise ServiceError(f"{self.endpoint} {_refusal(answer.status_code)}")

    def _get_once(self, tail: str) -> httpx.Response:
        scope = f"/sql/v1/organizations/{self.organization}/environments/{self.environment}"
        answer = self.client.get(f"{scope}/statements{tail}")
        if answer.status_code == HTTPStatus.TOO_MANY_REQUESTS or answer.is_server_error:
            raise _BusyError(answer.status_code)
        return answer


@contextmanager
def connect(settings: Settings, timeout: float) -> Iterator[FlinkApi]:
    """The API that the settings name, asked with their Flink key; `timeout` is the seconds that one answer may take.

    Raises ServiceError where the endpoint is no URL or would be sent the key in clear, SettingsError where a proxy of
    the environment is none.
    """
    endpoint = settings.flink_rest_endpoint.rstrip("/")
    try:
        url = httpx.URL(endpoint)
        is_server = url.scheme in ("http", "https") and bool(url.host)
    except (httpx.InvalidURL, UnicodeError):
        is_server = False
    if not is_server:
        raise ServiceError(f"flinkRestEndpoint is {endpoint!r}, which is no URL: expected https://flink.<region>...")
    if url.scheme != "https" and not is_here(url.host):
        raise ServiceError(f"flinkRestEndpoint is {endpoint!r}: it must begin with https://, as it is sent a key.")
    auth = (settings.flink_api_key, settings.flink_api_secret.get_secret_value())
    with usable_environment():
        made = httpx.Client(base_url=url, auth=auth, timeout=timeout)
    with made as client:
        yield FlinkApi(client, endpoint, settings.organization_id, settings.environment_id)


def _cause(error: RetryError) -> str:
    last = error.last_attempt.exception()
    if isinstance(last, httpx.TimeoutException):
        return "no answer in time"
    return str(last).rstrip(".") or type(last).__name__


def _refusal(status: int) -> str:
    if status == HTTPStatus.UNAUTHORIZED:
        return (
            "refuses the key (401): it is revoked, or made for another region or environment, or its secret is wrong."
        )
    if status == HTTPStatus.FORBIDDEN:
        return "refuses to show the statements (403): the key's account lacks FlinkDeveloper, or its binding is new."
    return f"answers {status}, which is not what the Flink API answers: is flinkRestEndpoint right?"
