"""What can come of a call."""

from enum import StrEnum


class Status(StrEnum):
    """SUCCESS is AI_RUN_AGENT's own; every other makes the SQL see a call that failed."""

    success = "SUCCESS"
    refused = "REFUSED"
    """The model declined."""
    content_filter = "CONTENT_FILTER"
    """The provider's filter took the request or the answer."""
    timeout = "TIMEOUT"
    unreachable = "UNREACHABLE"
    """No connection, or one that was cut."""
    rate_limited = "RATE_LIMITED"
    """HTTP 429."""
    server_error = "SERVER_ERROR"
    """HTTP 5xx."""
    unreadable = "UNREADABLE"
    """HTTP 200 with a body that is no chat completion."""
    unauthorized = "UNAUTHORIZED"
    """HTTP 401 or 403: key, or its rights."""
    not_found = "NOT_FOUND"
    """HTTP 404: URL, or name of the model."""
    rejected = "REJECTED"
    """Another 4xx: the endpoint does not take the request in any form."""
    budget = "BUDGET"
    """Not asked: the request might exceed the day's budget. Rules answered."""
    circuit_open = "CIRCUIT_OPEN"
    """Not asked: the endpoint is down. Rules answered."""


class FailedError(Exception):
    """A request without an answer; it never says more than the status, since a server's text may repeat a key."""

    def __init__(self, status: Status, *, passes: bool = False, wait: float | None = None) -> None:
        super().__init__(status.value)
        self.status, self.passes = status, passes
        """Whether it is worth while to ask again."""
        self.wait = wait
        """Seconds for which the endpoint wants to be left alone; None where it says nothing."""


class StoppedError(Exception):
    """The command is to end: calls in flight were given up."""
