"""
The stack's configuration as one typed, validated object.

Secrets never enter it: their presence and their secrecy are checked, their values stay Outputs.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated, Any, Literal

import pulumi
from pulumi.runtime import config
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError, field_validator
from pydantic.alias_generators import to_camel

import sql

POOL_SIZES = (5, 10, 20, 30, 40, 50)
"""The limits that a Flink compute pool can have, in CFUs."""


class SettingsError(pulumi.RunError):
    """The configuration is wrong; says everything that is, each with its key and an example."""


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong with the configuration."""

    key: str
    """The key below the project's namespace, such as `maxCfu` or `llm.endpoint`."""
    problem: str
    example: str
    """What to hand to `pulumi config`, such as `set maxCfu 20`."""

    def __str__(self) -> str:
        return f"{self.key}: {self.problem}; for example: pulumi config {self.example}"


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, alias_generator=to_camel)


class Cluster(_Model):
    """The Kafka cluster: its type and, where the type has one, its size."""

    type: Literal["standard", "enterprise", "dedicated"] = "standard"
    availability: Literal["SINGLE_ZONE", "MULTI_ZONE", "LOW", "HIGH"] = "SINGLE_ZONE"
    cku: int | None = Field(default=None, ge=1)
    """Confluent units for Kafka of a dedicated cluster."""
    max_ecku: int | None = Field(default=None, ge=1)
    """Elastic units, at most, of a standard or enterprise cluster."""

    @field_validator("type", mode="before")
    @classmethod
    def _not_basic(cls, value: object) -> object:
        if value == "basic":
            raise ValueError("a Basic cluster refuses the topic roles by which access is kept least")
        return value


class AzureOpenAi(_Model):
    """A deployment of Azure OpenAI; its key is the secret `azureOpenAiKey`."""

    provider: Literal["azureopenai"]
    endpoint: str = Field(pattern=r"^https://[A-Za-z0-9.-]+(:[0-9]{1,5})?/?$")
    deployment: str = Field(pattern=r"^[A-Za-z0-9_-][A-Za-z0-9_.-]*$")
    api_version: str = Field(pattern=r"^\d{4}-\d\d-\d\d(-preview)?$")


class Bedrock(_Model):
    """A model or inference profile of AWS Bedrock; its keys are the secrets `awsAccessKey` and `awsSecretKey`."""

    provider: Literal["bedrock"]
    region: str = Field(pattern=r"^[a-z]{2}(-[a-z]+)+-\d$")
    model: str = Field(pattern=r"^[\w.:-]+$")


class Settings(_Model):
    """Everything that a stack may set, but the secrets."""

    name: str = Field(
        default="sentinel",
        pattern=r"^[a-z][a-z0-9-]{0,30}$",
        description="Display names in Confluent Cloud begin with it, followed by the stack's name.",
        examples=["sentinel"],
    )
    production: bool = Field(
        default=False,
        description="Whether a bank relies on this stack: protection and five years of retention are then required.",
        examples=["false"],
    )
    protect: bool = Field(
        default=False,
        description="Refuse to delete environment, cluster, topics, schemas and service accounts.",
        examples=["true"],
    )
    cloud: Literal["AWS", "AZURE", "GCP"] = Field(
        description="Cloud of the cluster and of Flink: AWS, AZURE or GCP.", examples=["AWS"]
    )
    region: str = Field(
        pattern=r"^[a-z0-9-]+$",
        description="Region of the cluster and of Flink, as Confluent Cloud names it.",
        examples=["us-east-1"],
    )
    cluster: Cluster = Field(
        default=Cluster(),
        description="type (standard, enterprise, dedicated), availability (SINGLE_ZONE, MULTI_ZONE, LOW, HIGH), cku of a dedicated one, maxEcku of the others.",  # noqa: E501
        examples=["--path cluster.type standard"],
    )
    governance: Literal["ESSENTIALS", "ADVANCED"] = Field(
        default="ESSENTIALS", description="Stream Governance package: ESSENTIALS or ADVANCED.", examples=["ESSENTIALS"]
    )
    max_cfu: int = Field(
        default=20,
        description="The most Flink units that the compute pool may use; what is paid is what runs.",
        examples=["20"],
    )
    llm: Annotated[AzureOpenAi | Bedrock, Field(discriminator="provider")] = Field(
        description="Whose model is called: provider azureopenai with endpoint, deployment, apiVersion; or provider bedrock with region and model.",  # noqa: E501
        examples=["--path llm.provider azureopenai"],
    )
    retention: dict[str, str] = Field(
        default={},
        description="How long a topic keeps its records, by table, such as transactions_raw: 30 days; else as table.toml says.",  # noqa: E501
        examples=["--path retention.transactions_raw '30 days'"],
    )
    partitions: dict[str, Annotated[int, Field(ge=1)]] = Field(
        default={},
        description="Partitions of a topic, by table; else as table.toml says. A count can only grow.",
        examples=["--path partitions.transactions_raw 12"],
    )
    parameters: dict[str, Any] = Field(
        default={},
        description="Parameters of rules, tables and AI statements, such as structuring.min_total; docs/rules.md lists them.",  # noqa: E501
        examples=["""--path 'parameters["structuring.min_total"]' 25000.00"""],
    )
    disabled_rules: tuple[str, ...] = Field(
        default=(),
        description="Rules that are not deployed; every other one is.",
        examples=["--path 'disabledRules[0]' geo"],
    )
    statements: Literal["single", "set"] = Field(
        default="single",
        description="single: a job for each rule and route. set: one statement set for all of them, cheaper, failing together.",  # noqa: E501
        examples=["single"],
    )
    starts_at: dict[str, AwareDatetime] = Field(
        default={},
        description="By statement, the instant (ISO 8601 with offset) before which it emits nothing; absent: from the beginning.",  # noqa: E501
        examples=["--path startsAt.structuring 2026-03-01T00:00:00Z"],
    )
    stopped: bool = Field(
        default=False, description="Stop all jobs; changes to them wait until resume.", examples=["true"]
    )
    key_generation: int = Field(
        default=1, ge=1, description="Raise it to replace every API key that the stack makes.", examples=["2"]
    )
    retiring_key_generation: int = Field(
        default=0,
        ge=0,
        description="Generation whose producer and analyst keys stay alive while clients change over; 0 for none.",
        examples=["1"],
    )

    @property
    def flink_region(self) -> str:
        """Where Flink runs, such as `aws.us-east-1`."""
        return f"{self.cloud}.{self.region}".lower()

    @field_validator("max_cfu")
    @classmethod
    def _sizes(cls, value: int) -> int:
        if value not in POOL_SIZES:
            raise ValueError(f"a compute pool has one of the sizes {', '.join(map(str, POOL_SIZES))}")
        return value

    def retention_of(self, table: sql.Table) -> timedelta:
        """How long a table's topic keeps its records: as the stack says, else as table.toml does."""
        given = self.retention.get(table.folder.name)
        return sql.parse_retention(given) if given else table.retention

    def partitions_of(self, table: sql.Table) -> int:
        """Partitions of a table's topic: as the stack says, else as table.toml does."""
        return self.partitions.get(table.folder.name, table.partitions)


REQUIRED_SECRETS = ("confluentCloudApiKey", "confluentCloudApiSecret")
"""A key of the scope Cloud resource management, which makes everything else."""
LLM_SECRETS = {"azureopenai": ("azureOpenAiKey",), "bedrock": ("awsAccessKey", "awsSecretKey")}
OPTIONAL_SECRETS = ("awsSessionToken",)
SECRETS = (*REQUIRED_SECRETS, *(name for names in LLM_SECRETS.values() for name in names), *OPTIONAL_SECRETS)


def read_settings() -> tuple[Settings | None, list[Finding]]:
    """
    The configuration of the running program, and what is wrong with it.

    A value that is wrong counts as not given, so that the others are checked all the same; the settings are None where
    they cannot do without it.
    """
    given = {key: _value(text) for key, text in _given().items() if text != "" and key not in SECRETS}
    found = list(_secret_findings(given.get("llm")))
    try:
        return Settings.model_validate(given), found
    except ValidationError as error:
        wrong = {str(each["loc"][0]) for each in error.errors()}
        found += _findings(error)
    try:
        return Settings.model_validate({key: value for key, value in given.items() if key not in wrong}), found
    except ValidationError:
        return None, found


def secret(name: str) -> pulumi.Output[str] | None:
    """A secret of the configuration; None where it is not set."""
    settings = pulumi.Config()
    return settings.require_secret(name) if config.get_config(settings.full_key(name)) else None


def _given() -> dict[str, str]:
    """The program's own configuration, texts by key."""
    prefix = pulumi.Config().full_key("")
    everything = {**config.get_config_env(), **config.CONFIG.get()}
    return {key.removeprefix(prefix): value for key, value in everything.items() if key.startswith(prefix)}


def _value(text: str) -> Any:
    """Objects and arrays reach a program as JSON; a text that only begins like one is judged as the text it is."""
    try:
        return json.loads(text) if text.startswith(("{", "[")) else text
    except ValueError:
        return text


def _findings(error: ValidationError) -> Iterable[Finding]:
    fields = {to_camel(name): field for name, field in Settings.model_fields.items()}
    for each in error.errors():
        key = str(each["loc"][0])
        # A union's branch stands in the location too, as it does not in the configuration.
        path = ".".join(str(part) for part in each["loc"] if part not in LLM_SECRETS)
        if key not in fields:
            known = ", ".join([*fields, *SECRETS])
            yield Finding(key, f"there is no such key; known are {known}", f"rm {key}")
        else:
            examples = fields[key].examples or [""]
            # The value itself is not shown: it may be a secret in the wrong place.
            yield Finding(path, each["msg"].removeprefix("Value error, "), f"set {_example(key, str(examples[0]))}")


def _example(key: str, example: str) -> str:
    return example if example.startswith("--path") else f"{key} {example}"


def _secret_findings(llm: object) -> Iterable[Finding]:
    provider = str(llm.get("provider")) if isinstance(llm, Mapping) else ""
    needed = (*REQUIRED_SECRETS, *LLM_SECRETS.get(provider, ()))
    for name in SECRETS:
        key = pulumi.Config().full_key(name)
        value = config.get_config(key)
        is_secret = config.is_config_secret(key) or key in config.get_config_secret_keys_env()
        if value and not is_secret:
            yield Finding(name, "it stands in clear text: replace that key, and set", f"set --secret {name}")
        elif not value and name in needed:
            yield Finding(name, "it is not set", f"set --secret {name}")
