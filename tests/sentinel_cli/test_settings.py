"""Where values are found, in which order, and what is said where one is missing; `pulumi` by a stand-in."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from sentinel_cli import stack_outputs
from sentinel_cli.settings import Settings, load_settings, variable
from sql.errors import SettingsError
from sql.outputs import SECRET_OUTPUTS, Output

SECRET = "made-up-secret-of-a-test"
ENDPOINT, FLINK_SECRET = Output.flink_rest_endpoint.name, Output.flink_api_secret.name


@pytest.fixture(autouse=True)
def _nothing_set(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in os.environ:
        if name.startswith("SENTINEL_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    monkeypatch.chdir(tmp_path)


def pulumi(folder: Path, monkeypatch: pytest.MonkeyPatch, stacks: dict[str, Any]) -> Path:
    """A program `pulumi` on PATH that knows the outputs of these stacks, "" being the selected one; notes its calls."""
    calls, program = folder / "calls", folder / "bin" / "pulumi"
    program.parent.mkdir()
    program.write_text(
        f"#!{sys.executable}\n"
        "import json, os, sys\n"
        f"print(json.dumps([sys.argv[1:], os.getcwd()]), file=open({str(calls)!r}, 'a'))\n"
        "name = sys.argv[sys.argv.index('--stack') + 1] if '--stack' in sys.argv else ''\n"
        f"stacks = {stacks!r}\n"
        "if name not in stacks:\n"
        "    sys.exit(f'error: no stack named {name!r} found' if name else 'error: no stack selected')\n"
        "print(stacks[name] if isinstance(stacks[name], str) else json.dumps(stacks[name]))\n"
    )
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}:/usr/bin:/bin")
    stack_outputs._outputs.cache_clear()
    return calls


def test_the_settings_are_the_stacks_outputs() -> None:
    outputs = [output.name for output in Output]
    own = list(Settings.model_fields)[len(outputs) :]
    assert list(Settings.model_fields) == outputs + own
    assert {name.partition("_")[0] for name in own} == {"kafka", "ledger", "runner", "llm"}
    secret = {name for name, field in Settings.model_fields.items() if field.annotation is SecretStr}
    ours = {name for name in own if name.endswith("secret")} | {"llm_api_key"}
    assert secret == {output.name for output in SECRET_OUTPUTS} | ours
    assert variable(ENDPOINT) == "SENTINEL_FLINK_REST_ENDPOINT"


def test_the_stack_comes_before_credentials_and_those_before_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pulumi(tmp_path, monkeypatch, {"dev": {"flinkRestEndpoint": "from-stack", "topics": ["a"], "unknown": 1}})
    Path("credentials.env").write_text("SENTINEL_FLINK_REST_ENDPOINT=x\nSENTINEL_FLINK_API_KEY=from-file\n")
    for name in (ENDPOINT, "flink_api_key", "organization_id"):
        monkeypatch.setenv(variable(name), "from-environment")
    settings = load_settings([ENDPOINT], "dev")
    assert settings.flink_rest_endpoint == "from-stack"
    assert settings.flink_api_key == "from-file"
    assert settings.organization_id == "from-environment"
    assert settings.topics == ["a"]


def test_which_stack_is_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stacks = {name: {"flinkRestEndpoint": f"of-{name}"} for name in ("", "dev", "prod")}
    calls = pulumi(tmp_path, monkeypatch, stacks)
    assert load_settings([], None).flink_rest_endpoint == "of-"
    monkeypatch.setenv("SENTINEL_STACK", "dev")
    assert load_settings([], None).flink_rest_endpoint == "of-dev"
    assert load_settings([], "prod").flink_rest_endpoint == "of-prod"
    arguments, folder = json.loads(calls.read_text().splitlines()[-1])
    assert " ".join(arguments) == "stack output --json --show-secrets --non-interactive --stack prod"
    assert (Path(folder) / "Pulumi.yaml").is_file()


def test_complex_values_are_json(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SENTINEL_STATEMENTS", '{"structuring": "insert"}')
    monkeypatch.setenv("SENTINEL_STOPPED", "true")
    settings = load_settings([Output.statements.name], None)
    assert settings.statements == {"structuring": "insert"}
    assert settings.stopped


def test_what_is_missing_names_output_variable_and_places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(SettingsError) as without:
        load_settings([ENDPOINT], None)
    assert str(without.value) == (
        "Missing: output flinkRestEndpoint (or SENTINEL_FLINK_REST_ENDPOINT); looked for in the outputs of the "
        "selected stack (pulumi is not on PATH), credentials.env and the environment."
    )
    pulumi(tmp_path, monkeypatch, {"dev": {}})
    with pytest.raises(SettingsError, match=r"selected stack \(pulumi: no stack selected\), credentials.env"):
        load_settings([ENDPOINT], None)
    with pytest.raises(SettingsError, match=r"looked for in the outputs of stack dev, credentials\.env"):
        load_settings([ENDPOINT], "dev")


def test_what_no_stack_knows_has_a_variable_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    assert load_settings([], None).kafka_security_protocol == "SASL_SSL"
    with pytest.raises(SettingsError, match=r"^Missing: SENTINEL_RUNNER_KAFKA_API_KEY; looked for"):
        load_settings(["runner_kafka_api_key"], None)
    monkeypatch.setenv("SENTINEL_KAFKA_SECURITY_PROTOCOL", "SSL")
    with pytest.raises(SettingsError, match=r"^SENTINEL_KAFKA_SECURITY_PROTOCOL has the wrong form: .*SASL_SSL"):
        load_settings([], None)


def test_an_empty_name_asks_no_stack(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    calls = pulumi(tmp_path, monkeypatch, {"": {"flinkRestEndpoint": "of-"}})
    assert load_settings([], "").flink_rest_endpoint == ""
    assert not calls.exists()


def test_a_stack_is_asked_once_in_a_process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    calls = pulumi(tmp_path, monkeypatch, {"dev": {"flinkRestEndpoint": "of-dev"}})
    assert load_settings([], "dev") == load_settings([ENDPOINT], "dev")
    assert len(calls.read_text().splitlines()) == 1


def test_a_named_stack_that_cannot_be_read_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(SettingsError, match=r"stack dev cannot be read: pulumi is not on PATH\."):
        load_settings([], "dev")
    pulumi(tmp_path, monkeypatch, {"dev": "no json"})
    with pytest.raises(SettingsError, match="no stack named 'none' found"):
        load_settings([], "none")
    with pytest.raises(SettingsError, match="gave no JSON object"):
        load_settings([], "dev")


def test_no_message_and_no_repr_holds_a_secret(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pulumi(tmp_path, monkeypatch, {"dev": {"flinkApiSecret": SECRET}, "odd": {"flinkApiSecret": [SECRET]}})
    assert SECRET not in repr(load_settings([FLINK_SECRET], "dev"))
    with pytest.raises(SettingsError) as wrong:
        load_settings([FLINK_SECRET], "odd")
    assert "flinkApiSecret" in str(wrong.value)
    assert SECRET not in str(wrong.value)
    assert wrong.value.__cause__ is None


@pytest.mark.parametrize("name", [ENDPOINT, Output.schema_registry_endpoint.name])
def test_a_url_holds_no_password(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(variable(name), f"https://:{SECRET}@x.example")
    with pytest.raises(SettingsError, match=r"has the wrong form: .*without user and password") as wrong:
        load_settings([], None)
    assert SECRET not in str(wrong.value)
    monkeypatch.setenv(variable(name), "https://x.example:8081/path")
    assert getattr(load_settings([], None), name) == "https://x.example:8081/path"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (b"SENTINEL_STATEMENTS=no json\n", "SENTINEL_STATEMENTS is not JSON"),
        (b'SENTINEL_STATEMENTS=["structuring"]\n', "Output statements .* has the wrong form"),
        (b"SENTINEL_STOPPED=perhaps\n", "Output stopped .* has the wrong form"),
        (b"SENTINEL_FLINK_API_KEY=\xff\xfe\n", "credentials.env cannot be read"),
    ],
)
def test_credentials_that_cannot_be_read(text: bytes, words: str) -> None:
    Path("credentials.env").write_bytes(text)
    with pytest.raises(SettingsError, match=words):
        load_settings([], None)


def test_git_ignores_the_credentials() -> None:
    root = Path(__file__).parents[2]
    ignored = subprocess.run(["git", "check-ignore", "credentials.env"], cwd=root, check=False, capture_output=True)
    assert ignored.returncode == 0
