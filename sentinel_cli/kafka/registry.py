"""The Schema Registry, by Confluent's client: looked up once, and what it raises made one family of errors."""

import time
import weakref
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from confluent_kafka.schema_registry import Schema, SchemaRegistryClient
from confluent_kafka.schema_registry.error import SchemaRegistryError

from sentinel_cli.http_environment import usable_environment
from sentinel_cli.kafka.connection import Connection
from sentinel_cli.settings import names_a_server
from sql.errors import ServiceError, SettingsError

_Answer = TypeVar("_Answer")
_UNKNOWN = (404, 422)
"""HTTP statuses by which a registry says that there is no such subject, version or id."""
_SAYS = {
    401: "refuses the key or its secret",
    403: "does not let this key do that",
    409: "says that the schema is incompatible with the one before it",
}
"""What an HTTP status means that no repetition changes."""
_UNTRUSTED = "shows a certificate that is not trusted; see SENTINEL_KAFKA_CA_LOCATION"
BELIEVED = 30.0
"""Seconds for which an unknown id is not asked for again: it may be the next schema's, or one of a flood."""
_MOST = 10_000
"""Unknown ids that are remembered."""


@dataclass(frozen=True)
class RegisteredSchema:
    """A schema as the registry has it."""

    id: int
    text: str
    type: str
    """JSON, AVRO or PROTOBUF"""


class RegistryDownError(ServiceError):
    """The registry does not answer: ask again later."""


class Registry:
    """A Schema Registry; what an id stands for never changes and is asked for once."""

    def __init__(
        self, connection: Connection, seconds: float = 10, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """Raises SettingsError where its URL is none, or the environment's proxy cannot be used."""
        self.url, self._clock = connection.registry_url, clock
        key = f"{connection.registry_key}:{connection.registry_secret.get_secret_value()}"
        # A user name in the URL would stand in messages.
        extra = {"basic.auth.user.info": key} if connection.registry_key else {}
        extra |= {"ssl.ca.location": connection.ca_location} if connection.ca_location else {}
        if not all(names_a_server(url.strip()) for url in self.url.split(",")):
            raise SettingsError("The registry's endpoint must be a URL, as https://host:port/path.")
        with usable_environment():
            self.client = SchemaRegistryClient({"url": self.url, "timeout": seconds, "max.retries": 0, **extra})
        # It keeps its connections open; nobody has to remember to close them.
        weakref.finalize(self, self.client.close)
        self.known: dict[int, RegisteredSchema] = {}
        self.unknown: dict[int, float] = {}
        """Until when each is believed to be unknown, in the order of these times."""

    def latest(self, subject: str) -> RegisteredSchema | None:
        """The newest schema of a subject, None where there is no such subject; ServiceError as in `ask`."""
        self.client.clear_latest_caches()  # type: ignore[no-untyped-call]
        found = self.ask(lambda: self.client.get_latest_version(subject))
        return _registered(found.schema_id, found.schema) if found else None

    def by_id(self, schema_id: int) -> RegisteredSchema | None:
        """What an id stands for, None where the registry does not know it; ServiceError as in `ask`."""
        if schema_id in self.known:
            return self.known[schema_id]
        if self._clock() < self.unknown.get(schema_id, 0):
            return None
        self.unknown.pop(schema_id, None)
        found = self.ask(lambda: self.client.get_schema(schema_id))
        if found is None:
            if len(self.unknown) >= _MOST:
                del self.unknown[next(iter(self.unknown))]
            self.unknown[schema_id] = self._clock() + BELIEVED
            return None
        self.known[schema_id] = _registered(schema_id, found)
        return self.known[schema_id]

    def compatible(self, subject: str, text: str) -> bool:
        """Whether a JSON Schema may follow the newest one of a subject; ServiceError as in `ask`."""
        return self.ask(lambda: self.client.test_compatibility(subject, Schema(text, "JSON"))) is not False

    def register(self, subject: str, text: str) -> int:
        """Register a JSON Schema under a subject whose compatibility is BACKWARD; its id. ServiceError as in `ask`."""
        self.ask(lambda: self.client.set_compatibility(subject, "BACKWARD"))
        schema_id = self.ask(lambda: self.client.register_schema(subject, Schema(text, "JSON")))
        if schema_id is None:
            raise ServiceError(f"The registry at {self.url} does not take the schema of {subject}.")
        return schema_id

    def ask(self, question: Callable[[], _Answer]) -> _Answer | None:
        """
        What the registry answers, None where it says that there is no such thing.

        Raises:
            RegistryDownError: it does not answer, or has a fault of its own.
            ServiceError: it refuses the key, what the key asks for, or a schema.
        """
        try:
            return question()
        except SchemaRegistryError as error:
            if error.http_status_code in _UNKNOWN:
                return None
            if says := _SAYS.get(error.http_status_code):
                raise ServiceError(f"The registry at {self.url} {says}.") from None
            raise RegistryDownError(f"The registry at {self.url} answers with HTTP {error.http_status_code}.") from None
        except Exception as error:  # what the client raises for the network is no one family
            if "CERTIFICATE_VERIFY_FAILED" in str(error):
                raise ServiceError(f"The registry at {self.url} {_UNTRUSTED}.") from None
            raise RegistryDownError(f"The registry at {self.url} does not answer ({type(error).__name__}).") from None


def _registered(schema_id: int | None, schema: Schema) -> RegisteredSchema:
    return RegisteredSchema(schema_id or 0, schema.schema_str or "", schema.schema_type or "AVRO")
