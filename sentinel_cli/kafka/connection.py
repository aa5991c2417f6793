"""Where the broker and the registry are, and as whom a command speaks to them."""

import logging
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from pydantic import SecretStr

from sentinel_cli.settings import SecurityProtocol, Settings, load_settings, variable
from sql.errors import SettingsError
from sql.outputs import Output


class Account(StrEnum):
    """Whose key is used; each may do no more than it must."""

    producer = "producer"
    """Writes transactions and dead letters."""
    analyst = "analyst"
    """Reads alerts and dispositions, and writes what a person decides."""
    runner = "runner"
    """Runs the pipeline where no Flink does; no stack makes it."""


@dataclass(frozen=True)
class Connection:
    """A broker and a registry, as one account."""

    bootstrap: str
    """host:port"""
    protocol: SecurityProtocol
    key: str
    secret: SecretStr
    ca_location: str
    registry_url: str
    registry_key: str
    registry_secret: SecretStr

    def client(self, settings: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """The configuration of a librdkafka client: how to connect, and what else it is to do."""
        common: dict[str, Any] = {
            "bootstrap.servers": self.bootstrap,
            "security.protocol": self.protocol.value,
            "client.id": "sentinel",
            # Without a logger librdkafka writes to stderr by itself.
            "logger": logging.getLogger("sentinel.kafka"),
        }
        if self.protocol is SecurityProtocol.sasl_ssl:
            common |= {"sasl.mechanisms": "PLAIN", "sasl.username": self.key}
            common |= {"sasl.password": self.secret.get_secret_value()}
            common |= {"ssl.ca.location": self.ca_location} if self.ca_location else {}
        return common | dict(settings or {})


def connect(account: Account, stack: str | None) -> Connection:
    """
    The connection of an account, from the settings; nothing is opened.

    Raises:
        SettingsError: a value is missing or wrong, or a key would travel unencrypted.
    """
    needed = [Output.kafka_bootstrap_endpoint.name, Output.schema_registry_endpoint.name]
    settings = load_settings(needed, stack)
    if settings.kafka_security_protocol is SecurityProtocol.sasl_ssl:
        keys = [f"{account}_{service}_api_{part}" for service in _SERVICES for part in ("key", "secret")]
        settings = load_settings([*needed, *keys], stack)
    registry_key, registry_secret = _key(settings, account, "schema_registry")
    _check_registry(settings.schema_registry_endpoint, has_key=bool(registry_key))
    _check_authority(settings.kafka_ca_location)
    logging.getLogger("sentinel.kafka").addHandler(logging.NullHandler())
    return Connection(
        settings.kafka_bootstrap_endpoint,
        settings.kafka_security_protocol,
        *_key(settings, account, "kafka"),
        settings.kafka_ca_location,
        settings.schema_registry_endpoint.rstrip("/"),
        registry_key,
        registry_secret,
    )


def _check_registry(urls: str, *, has_key: bool) -> None:
    """Of several, with a comma between, each must fit: a client that does not reach the first goes to the next."""
    schemes = ("https://",) if has_key else ("https://", "http://")
    if not all(url.strip().startswith(schemes) for url in urls.split(",")):
        begins = f"{variable(Output.schema_registry_endpoint.name)} must begin with {' or '.join(schemes)}"
        raise SettingsError(f"{begins} where the registry has a key." if has_key else f"{begins}.")


def _check_authority(location: str) -> None:
    if location:
        try:
            ssl.create_default_context(cafile=location)
        except OSError:
            name = variable("kafka_ca_location")
            raise SettingsError(f"{name} is {location}, which is no PEM file of certificates.") from None


_SERVICES = ("kafka", "schema_registry")


def _key(settings: Settings, account: Account, service: str) -> tuple[str, SecretStr]:
    if settings.kafka_security_protocol is SecurityProtocol.plaintext:
        return "", SecretStr("")
    name = f"{account}_{service}_api_"
    return getattr(settings, f"{name}key"), getattr(settings, f"{name}secret")
