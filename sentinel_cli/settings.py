"""Where the commands connect to: the stack's outputs, then credentials.env, then the process environment.

Each value has one name, its output's: output `flinkRestEndpoint` is the variable SENTINEL_FLINK_REST_ENDPOINT. What a
stack does not know (a broker without one, and how to speak to it) has a variable alone.
"""

import os
import re
from collections.abc import Iterable
from decimal import Decimal
from enum import StrEnum
from ipaddress import ip_address
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from dotenv import dotenv_values
from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict
from pydantic_settings.exceptions import SettingsError as UnreadableValue

from sentinel_cli.stack_outputs import read_stack_outputs
from sql.errors import SettingsError
from sql.outputs import Output

PREFIX = "SENTINEL_"
CREDENTIALS = "credentials.env"
_DEAREST = 1_000_000
"""US dollars for a million tokens: beyond any price, and far below what a sum of them cannot hold."""
_DEPLOYMENT = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9_.-]{0,63}")


def variable(name: str) -> str:
    """The environment variable of a setting."""
    return f"{PREFIX}{name.upper()}"


class SecurityProtocol(StrEnum):
    """How a client speaks to the broker, in Kafka's own names."""

    sasl_ssl = "SASL_SSL"
    plaintext = "PLAINTEXT"


class LlmProvider(StrEnum):
    """Who serves the model: how URL, key and model are given differs."""

    azureopenai = "azureopenai"
    openai = "openai"
    """OpenAI, and whatever speaks its API."""
    bedrock = "bedrock"
    """The OpenAI-compatible endpoint of Amazon Bedrock."""


class Settings(BaseSettings):
    """Every value that the stack gives to the command line; what is not set is empty."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        env_file=CREDENTIALS,
        env_file_encoding="utf-8",
        env_ignore_empty=True,
        extra="ignore",
        hide_input_in_errors=True,
    )

    organization_id: str = Field("", description="id of the organization, a UUID")
    environment_id: str = Field("", description="id of the environment, env-...")
    kafka_cluster_id: str = Field("", description="id of the Kafka cluster, lkc-...")
    kafka_bootstrap_endpoint: str = Field("", description="host:port of the cluster's bootstrap server")
    schema_registry_endpoint: str = Field("", description="URL of the Schema Registry")
    flink_compute_pool_id: str = Field("", description="id of the compute pool, lfcp-...")
    flink_rest_endpoint: str = Field("", description="URL of the region's Flink API, https://flink.<region>.<cloud>...")
    flink_api_key: str = Field("", description="key for the Flink API of that region")
    flink_api_secret: SecretStr = Field(SecretStr(""), description="its secret")
    producer_kafka_api_key: str = Field("", description="cluster key of the account that writes transactions")
    producer_kafka_api_secret: SecretStr = Field(SecretStr(""), description="its secret")
    producer_schema_registry_api_key: str = Field("", description="registry key of the same account")
    producer_schema_registry_api_secret: SecretStr = Field(SecretStr(""), description="its secret")
    analyst_kafka_api_key: str = Field("", description="cluster key of the account that reads alerts and dispositions")
    analyst_kafka_api_secret: SecretStr = Field(SecretStr(""), description="its secret")
    analyst_schema_registry_api_key: str = Field("", description="registry key of the same account")
    analyst_schema_registry_api_secret: SecretStr = Field(SecretStr(""), description="its secret")
    topics: list[str] = Field([], description='names of all topics, as JSON: ["sentinel.aml_alerts", ...]')
    statements: dict[str, str] = Field({}, description='kind by statement, as JSON: {"structuring": "insert", ...}')
    stopped: bool = Field(False, description="whether the jobs are meant to be stopped: true or false")

    kafka_security_protocol: SecurityProtocol = Field(
        SecurityProtocol.sasl_ssl, description="SASL_SSL with a key of the cluster, or PLAINTEXT for a broker without"
    )
    kafka_ca_location: str = Field(
        "", description="PEM file of the authority of broker and registry, where it is not a public one"
    )
    runner_kafka_api_key: str = Field("", description="cluster key of the account that runs the pipeline without Flink")
    runner_kafka_api_secret: SecretStr = Field(SecretStr(""), description="its secret")
    runner_schema_registry_api_key: str = Field("", description="registry key of the same account")
    runner_schema_registry_api_secret: SecretStr = Field(SecretStr(""), description="its secret")
    ledger: str = Field("", description="file of the ledger; in the user's data without it")

    llm_endpoint: str = Field(
        "", description="URL of a model's endpoint, for what runs on this machine; rules explain and triage without it"
    )
    llm_provider: LlmProvider = Field(
        LlmProvider.openai, description="azureopenai, bedrock, or openai for whatever speaks its API; openai without it"
    )
    llm_model: str = Field("", description="name of the model; of azureopenai only where the deployment's name differs")
    llm_deployment: str = Field("", description="name of the deployment, of azureopenai alone")
    llm_api_version: str = Field("", description="version of the API, of azureopenai alone: 2024-10-21 or newer")
    llm_api_key: SecretStr = Field(SecretStr(""), description="its key; a server on this machine needs none")
    llm_parallelism: int = Field(10, ge=1, le=100, description="requests at a time; 10 without it")
    llm_timeout: float = Field(30, gt=0, le=600, description="seconds that a request may take; 30 without it")
    llm_retries: int = Field(3, ge=0, le=10, description="repeats of a request that failed for a moment; 3 without it")
    llm_budget_calls: int | None = Field(None, ge=0, description="requests a day, repeats included; else no limit")
    llm_budget_tokens: int | None = Field(None, ge=0, description="tokens a day, in and out; no limit without it")
    llm_budget_cost: Decimal | None = Field(None, ge=0, description="US dollars a day; no limit without it")
    llm_budget_file: str = Field(
        "", description="what the day has cost, of all commands; in the user's state without it"
    )
    llm_price_input: Decimal | None = Field(
        None,
        ge=0,
        le=_DEAREST,
        description="US dollars for a million tokens in; of known models by sentinel_cli/llm/prices.toml",
    )
    llm_price_output: Decimal | None = Field(None, ge=0, le=_DEAREST, description="the same for tokens out")

    @field_validator("llm_endpoint")
    @classmethod
    def _is_plain_url(cls, value: str) -> str:
        if value and not names_a_server(value):
            raise ValueError(
                "it must be an http or https URL in ASCII, with a port up to 65535 if any, "
                "and without user, password, query or fragment"
            )
        return value

    @field_validator("llm_model", "llm_api_version")
    @classmethod
    def _is_text(cls, value: str) -> str:
        """Bytes that are no UTF-8 come from the environment as characters that no request and no row can hold."""
        if not value.isprintable():
            raise ValueError("it must be UTF-8 without line breaks and other control characters")
        return value

    @field_validator("llm_deployment")
    @classmethod
    def _fits_a_path(cls, value: str) -> str:
        """A deployment stands in the path of each request, as it is."""
        if value and not _DEPLOYMENT.fullmatch(value):
            raise ValueError("it must be 64 letters, digits, hyphens, underscores and periods at most, no period first")
        return value

    @field_validator("llm_api_key")
    @classmethod
    def _fits_a_header(cls, value: SecretStr) -> SecretStr:
        if not _is_one_word(value.get_secret_value()):
            raise ValueError("it must be ASCII without blanks and line breaks")
        return value

    @field_validator("schema_registry_endpoint", "flink_rest_endpoint")
    @classmethod
    def _holds_no_password(cls, value: str) -> str:
        if "@" in value:
            raise ValueError("it must be a URL without user and password, which have settings of their own")
        return value

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """The order in which a value is looked for; the stack's outputs are the initial values."""
        del settings_cls, file_secret_settings
        return init_settings, dotenv_settings, env_settings


def load_settings(needed: Iterable[str], stack: str | None) -> Settings:
    """The settings, in which every value of `needed`, by its field's name, is set.

    Raises SettingsError where one is missing or has the wrong form, where the stack's outputs cannot be read although
    the stack was named, or credentials.env cannot be read. No message holds a value.
    """
    outputs = read_stack_outputs(stack)
    known: dict[str, Any] = {o.name: outputs.values[o] for o in Output if outputs.values.get(o) not in (None, "")}
    try:
        settings = Settings(**known)
    except ValidationError as error:
        raise SettingsError(_wrong_form(error)) from None
    except UnreadableValue as error:
        name = next((name for name in Settings.model_fields if f'"{name}"' in str(error)), None)
        where = variable(name) if name else CREDENTIALS
        raise SettingsError(f"{where} is not JSON; credentials.env.example shows its form.") from None
    except (OSError, UnicodeDecodeError) as error:
        why = getattr(error, "strerror", None) or "it is not UTF-8"
        raise SettingsError(f"{CREDENTIALS} cannot be read: {why}.") from None
    missing = [name for name in needed if name not in settings.model_fields_set]
    if missing:
        names = ", ".join(map(_named, missing))
        raise SettingsError(f"Missing: {names}; looked for in {outputs.source}, {CREDENTIALS} and the environment.")
    return settings


def where_found(stack: str | None) -> dict[str, str]:
    """Where each value that is set was found, by its field's name; raises SettingsError as `load_settings` does."""
    outputs = read_stack_outputs(stack)
    found = dict.fromkeys((name for name in Settings.model_fields if os.environ.get(variable(name))), "environment")
    kept = dotenv_values(CREDENTIALS, encoding="utf-8") if Path(CREDENTIALS).is_file() else {}
    found |= dict.fromkeys((name for name in Settings.model_fields if kept.get(variable(name))), CREDENTIALS)
    return found | {o.name: outputs.source for o in Output if outputs.values.get(o) not in (None, "")}


def names_a_server(text: str) -> bool:
    """Whether it is scheme, host, port and path, and nothing else: no message may hold what is wrong in it."""
    try:
        url = urlsplit(text)
        is_whole = url.scheme in {"http", "https"} and bool(url.hostname) and url.port != 0
    except ValueError:
        return False
    # `urlsplit` drops line breaks and what stands before the scheme; the client does not.
    return is_whole and "@" not in url.netloc and _is_one_word(text) and not set(text) & set("?#")


def is_here(host: str) -> bool:
    """Whether a host is this machine, to which a key may go in clear."""
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


def _is_one_word(text: str) -> bool:
    """Whether a URL or a header takes it as it is."""
    return text.isascii() and text.isprintable() and " " not in text


def _wrong_form(error: ValidationError) -> str:
    first = error.errors(include_input=False, include_context=False)[0]
    name = _named(str(first["loc"][0]))
    return f"{name[0].upper()}{name[1:]} has the wrong form: {first['msg']}."


def _named(name: str) -> str:
    output = Output.__members__.get(name)
    return f"output {output} (or {variable(name)})" if output else variable(name)
