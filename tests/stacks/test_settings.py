"""The configuration: what is wrong is found all at once, before anything is registered, and no secret is shown."""

import contextvars
from typing import Any

import pytest
from pulumi import runtime
from pydantic.alias_generators import to_camel

import sql
from stacks import Settings, SettingsError, load_settings
from stacks.settings import SECRETS as SECRET_NAMES
from tests.stacks.recorder import PROJECT, record
from tests.stacks.stack_configs import BEDROCK, SECRETS, config_of, declared

HEAD = "the stack's configuration is not as it should be:"
AZURE = {
    "provider": "azureopenai",
    "endpoint": "https://sentinel-dev.openai.azure.com",
    "deployment": "gpt-5-mini",
    "apiVersion": "2024-08-01-preview",
}
RULES = {rule.id for rule in sql.load_pipeline().rules}
_TYPES = {"disabledRules": "array", "maxCfu": "integer", "keyGeneration": "integer", "retiringKeyGeneration": "integer"}
_TYPES |= dict.fromkeys(("production", "protect", "stopped"), "boolean")
_TYPES |= dict.fromkeys(("cluster", "llm", "retention", "partitions", "parameters", "startsAt"), "object")


def findings(stack: str = "dev", secrets: dict[str, str] | None = None, **changes: Any) -> list[str]:
    """What is said of a configuration, a line each."""
    given = SECRETS["azureopenai"] if secrets is None else secrets
    texts = {f"{PROJECT}:{key}": text for key, text in {**config_of(stack, **changes), **given}.items()}

    def load() -> list[str]:
        runtime.configure(runtime.Settings(project=PROJECT, stack=stack))
        runtime.set_all_config(texts, [f"{PROJECT}:{key}" for key in given])
        with pytest.raises(SettingsError) as raised:
            load_settings()
        head, *lines = str(raised.value).splitlines()
        assert head == HEAD
        return [line.strip() for line in lines]

    # The runtime keeps its configuration in context variables.
    return contextvars.copy_context().run(load)


def test_every_key_is_declared_with_type_description_and_default() -> None:
    keys = declared()
    assert set(keys) == {to_camel(name) for name in Settings.model_fields} | set(SECRET_NAMES)
    for name, field in Settings.model_fields.items():
        about = keys[to_camel(name)]
        assert about["type"] == _TYPES.get(to_camel(name), "string"), name
        assert about["description"] == field.description
        default = field.get_default()
        default = default.model_dump(by_alias=True, exclude_none=True) if name == "cluster" else default
        expected = list(default) if isinstance(default, tuple) else default
        assert ("default" in about) != field.is_required()
        assert field.is_required() or about["default"] == expected


def test_a_key_that_not_every_stack_needs_has_an_empty_default_and_one_that_all_need_must_be_secret() -> None:
    keys = declared()
    assert {name for name in SECRET_NAMES if keys[name].get("secret")} == {
        "confluentCloudApiKey",
        "confluentCloudApiSecret",
    }
    assert all(keys[name].get("default") == "" for name in SECRET_NAMES if not keys[name].get("secret"))


@pytest.mark.parametrize("stack", ["dev", "prod"])
def test_the_files_of_the_stacks_name_declared_keys_and_no_secret(stack: str) -> None:
    assert set(config_of(stack)) <= set(declared())
    assert not {name: text for name, text in config_of(stack).items() if name in SECRET_NAMES and text}


def test_nothing_is_registered_where_anything_is_wrong() -> None:
    recording = record(config_of("dev", maxCfu=7), SECRETS["azureopenai"])
    assert recording.error.startswith(f"{HEAD}\n  maxCfu: ")
    assert [resource.type for resource in recording.resources] == ["pulumi:pulumi:Stack"]


def test_everything_that_is_wrong_is_found_at_once_each_with_its_key_and_an_example() -> None:
    found = findings(
        "prod",
        {"confluentCloudApiSecret": "made-up-cloud-secret"},
        protect=False,
        cluster={"type": "basic"},
        maxCfu=5,
        retention={"aml_alerts": "3 days", "alerts": "30 days", "transactions_raw": "15 days"},
        parameters={"structuring.min_total": 25000.5, "geo.limit": 3},
        startsAt={"geoo": "2026-03-01T00:00:00Z", "geo": "2026-03-01T00:00:00"},
        disabledRules=["velocitty"],
        clout="AWS",
    )
    keys = [line.partition(": ")[0] for line in found]
    assert sorted(keys) == sorted(
        [
            "confluentCloudApiKey",
            "azureOpenAiKey",
            "cluster.type",
            "startsAt.geo",
            "clout",
            "parameters.structuring.min_total",
            "parameters.geo.limit",
            "disabledRules.velocitty",
            "retention.alerts",
            "maxCfu",
            "retention.transactions_raw",
            "retention.aml_alerts",
            "protect",
        ]
    )
    assert all("; for example: pulumi config " in line for line in found)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"maxCfu": 7}, "maxCfu: a compute pool has one of the sizes 5, 10, 20, 30, 40, 50; for example"),
        ({"maxCfu": 10}, "maxCfu: 10 units are too few: 11 jobs may run at once"),
        ({"retention": {"transactions_raw": "20 days"}}, "structuring-multiday looks back 14 days"),
        ({"retention": {"transactions_raw": "soon"}}, "retention.transactions_raw: 'soon' is no interval"),
        ({"retention": {"aml_alerts": "9999999999 days"}}, "retention.aml_alerts: '9999999999 days' is no interval"),
        ({"retention": {"aml_alerts": "0 days"}}, "retention.aml_alerts: it is below a day"),
        (
            {"disabledRules": sorted(RULES)},
            "disabledRules: they are all that there are: nothing would be detected",
        ),
        ({"cluster": {"type": "dedicated"}}, "cluster.cku: a dedicated cluster needs it"),
        ({"cluster": {"type": "standard", "cku": 2}}, "cluster.cku: a dedicated cluster needs it, and no other has it"),
        ({"cluster": {"type": "dedicated", "cku": 1, "availability": "MULTI_ZONE"}}, "several zones need at least 2"),
        ({"cluster": {"kind": "standard"}}, "cluster.kind: Extra inputs are not permitted"),
        ({"retiringKeyGeneration": 1}, "retiringKeyGeneration: it must be below keyGeneration, 1"),
        ({"llm": {**AZURE, "endpoint": "http://plain.openai.azure.com"}}, "llm.endpoint: String should match"),
        ({"llm": {**AZURE, "endpoint": "https://user:pass@h"}}, "llm.endpoint: String should match"),
        ({"llm": {**AZURE, "endpoint": "https://h.azure.com?api-key=k"}}, "llm.endpoint: String should match"),
        ({"llm": {**AZURE, "deployment": ".."}}, "llm.deployment: String should match"),
        ({"llm": {**AZURE, "model": "gpt"}}, "llm.model: Extra inputs are not permitted"),
        ({"llm": {"provider": "vertexai"}}, "llm: Input tag 'vertexai'"),
        ({"partitions": {"transactions_raw": 0}}, "partitions.transactions_raw: Input should be greater than"),
        ({"parameters": {"velocity.window": "100 days"}}, "longer than 99 days"),
        ({"parameters": {"ai.connection": "mine"}}, "the stack names its connection itself"),
        ({"disabledRules": ["geo"], "startsAt": {"geo": "2026-03-01T00:00:00Z"}}, "geo: that rule is disabled"),
        ({"startsAt": {"geo": "2062-03-01T00:00:00Z"}}, "startsAt.geo: it lies before 2000, or more than a day ahead"),
        ({"startsAt": {"geo": "0001-01-01T00:00:00Z"}}, "startsAt.geo: it lies before 2000, or more than a day ahead"),
        ({"production": True}, "protect: a production stack is protected"),
        ({"name": "[sentinel"}, "name: String should match pattern"),
        ({"region": "{us-east-1"}, "region: String should match pattern"),
        ({"name": "Sentinel AML"}, "name: String should match pattern"),
    ],
)
def test_a_wrong_value_is_named(change: dict[str, Any], said: str) -> None:
    assert said in "\n".join(findings(**change))


def test_a_longer_look_back_asks_for_longer_retention() -> None:
    (found,) = findings(parameters={"structuring_multiday.window": "30 days"})
    assert found == (
        "retention.transactions_raw: too short: structuring-multiday looks back 60 days, and a week is kept beyond "
        "that; for example: pulumi config set --path retention.transactions_raw '67 days'"
    )


def test_a_secret_in_clear_text_is_refused_and_not_shown() -> None:
    secrets = dict(SECRETS["azureopenai"])
    clear = secrets.pop("azureOpenAiKey")
    (found,) = findings(secrets=secrets, azureOpenAiKey=clear)
    assert found.startswith("azureOpenAiKey: it stands in clear text: replace that key, and set")
    assert clear not in found


def test_a_secret_that_stands_in_the_wrong_place_is_not_shown() -> None:
    found = "\n".join(findings(llm={**AZURE, "apiKey": "made-up-azure-key"}, maxCfu="made-up-azure-key"))
    assert "llm.apiKey: Extra inputs" in found
    assert "made-up-azure-key" not in found


@pytest.mark.parametrize("missing", ["awsAccessKey", "awsSecretKey"])
def test_bedrock_needs_both_keys_of_aws(missing: str) -> None:
    secrets = {name: text for name, text in SECRETS["bedrock"].items() if name != missing}
    assert findings(secrets=secrets, llm=BEDROCK) == [
        f"{missing}: it is not set; for example: pulumi config set --secret {missing}"
    ]
