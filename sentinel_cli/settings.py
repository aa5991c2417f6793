"""Where the commands connect to: the stack's outputs, then credentials.env, then the process environment.

Each value has one name, its output's: output `flinkRestEndpoint` is the variable SENTINEL_FLINK_REST_ENDPOINT.
"""

from collections.abc import Iterable
from typing import Any

from pydantic import Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict
from pydantic_settings.exceptions import SettingsError as UnreadableValue

from sentinel_cli.stack_outputs import read_stack_outputs
from sql.errors import SettingsError
from sql.outputs import Output

PREFIX = "SENTINEL_"
CREDENTIALS = "credentials.env"


def variable(output: Output) -> str:
    """The environment variable that stands for an output."""
    return f"{PREFIX}{output.name.upper()}"


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


def load_settings(needed: Iterable[Output], stack: str | None) -> Settings:
    """The settings, in which every value of `needed` is set.

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
        name = next((o for o in Output if f'"{o.name}"' in str(error)), None)
        where = variable(name) if name else CREDENTIALS
        raise SettingsError(f"{where} is not JSON; credentials.env.example shows its form.") from None
    except (OSError, UnicodeDecodeError) as error:
        why = getattr(error, "strerror", None) or "it is not UTF-8"
        raise SettingsError(f"{CREDENTIALS} cannot be read: {why}.") from None
    missing = [output for output in needed if output.name not in settings.model_fields_set]
    if missing:
        raise SettingsError(_missing(missing, outputs.source))
    return settings


def _wrong_form(error: ValidationError) -> str:
    first = error.errors(include_input=False, include_context=False)[0]
    output = Output[str(first["loc"][0])]
    return f"Output {output} (or {variable(output)}) has the wrong form: {first['msg']}."


def _missing(missing: list[Output], source: str) -> str:
    names = ", ".join(f"output {output} (or {variable(output)})" for output in missing)
    return f"Missing: {names}; looked for in {source}, {CREDENTIALS} and the process environment."
