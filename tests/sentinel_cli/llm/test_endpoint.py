"""Which endpoint the settings name, and one sentence where they name none."""

from pathlib import Path

import pytest

from sentinel_cli.llm.endpoint import find_endpoint
from sentinel_cli.llm.functions import find_answering
from sentinel_cli.llm.rules import Rules
from sentinel_cli.settings import CREDENTIALS, variable
from sql import load_pipeline
from sql.errors import SettingsError
from tests.sentinel_cli.llm.conftest import KEY, Configure

AZURE = {"provider": "azureopenai", "endpoint": "https://bank.openai.azure.example", "deployment": "d"}
AZURE |= {"api_version": "2024-10-21", "api_key": KEY}


def test_without_an_endpoint_rules_answer(configure: Configure) -> None:
    assert find_endpoint() is None
    assert isinstance(find_answering(load_pipeline()), Rules)
    Path(CREDENTIALS).write_text("SENTINEL_LLM_ENDPOINT=\nSENTINEL_LLM_MODEL=\n", encoding="utf-8")
    assert isinstance(find_answering(load_pipeline()), Rules)


def test_the_names_that_are_looked_for_are_those_of_the_settings() -> None:
    assert (variable("llm_endpoint"), CREDENTIALS) == ("SENTINEL_LLM_ENDPOINT", "credentials.env")


def test_credentials_env_names_one(configure: Configure) -> None:
    lines = [f"SENTINEL_LLM_{name.upper()}={value}" for name, value in AZURE.items()]
    Path(CREDENTIALS).write_text("\n".join([*lines, "SENTINEL_LLM_PARALLELISM=3"]), encoding="utf-8")
    endpoint = find_endpoint()
    assert endpoint is not None
    assert (endpoint.name, endpoint.family, endpoint.parallelism) == ("azureopenai/d", "d", 3)
    assert endpoint.key.get_secret_value() == KEY


@pytest.mark.parametrize("deployment", ["a b/../x?y#z", "..", ".", "a/b", "a%2Fb", "a\n", "\u00e4", "\udcff", 65 * "a"])
def test_a_deployment_that_would_change_the_path_is_refused(deployment: str, configure: Configure) -> None:
    configure(**{**AZURE, "deployment": deployment})
    with pytest.raises(SettingsError, match=r"^SENTINEL_LLM_DEPLOYMENT has the wrong form: .* letters, digits"):
        find_endpoint()


@pytest.mark.parametrize("deployment", ["gpt-4.1", "gpt_5-mini", "Triage-EU_2", "4o", 64 * "a"])
def test_a_deployment_has_the_characters_that_azure_lets_it_have(deployment: str, configure: Configure) -> None:
    configure(**{**AZURE, "deployment": deployment})
    endpoint = find_endpoint()
    assert endpoint is not None
    assert endpoint.model == deployment


@pytest.mark.parametrize("more", ["\n", " x", "\r\nx: y", "\t", "\N{EURO SIGN}", "\udcff", "\x7f"])
def test_a_key_that_no_header_takes_is_refused_and_not_shown(more: str, configure: Configure) -> None:
    configure(endpoint="https://x.example", model="m", api_key=KEY + more)
    with pytest.raises(SettingsError, match=r"^SENTINEL_LLM_API_KEY has the wrong form: .* must be ASCII") as caught:
        find_endpoint()
    assert KEY not in str(caught.value)


@pytest.mark.parametrize(
    "url",
    ["http://127.0.0.1:11434/v1", "http://[::1]:8000", "HTTPS://X.example:443/v1/", "https://xn--mnchen-3ya.example"],
)
def test_a_url_of_scheme_host_port_and_path_is_taken(url: str, configure: Configure) -> None:
    configure(endpoint=url, model="m", api_key=KEY)
    endpoint = find_endpoint()
    assert endpoint is not None
    assert endpoint.url == url.rstrip("/")


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ({"model": "m"}, "SENTINEL_LLM_ENDPOINT is missing"),
        ({"endpoint": "https://x.example"}, "Missing: SENTINEL_LLM_MODEL"),
        ({**AZURE, "api_version": ""}, "Missing: SENTINEL_LLM_API_VERSION"),
        ({"provider": "bedrock", "endpoint": "https://x.example", "model": "m"}, "Missing: SENTINEL_LLM_API_KEY"),
        ({"endpoint": "http://x.example", "model": "m", "api_key": KEY}, "must begin with https://"),
        ({"endpoint": "https://x.example/v1/chat/completions", "model": "m"}, "leave out /chat/completions"),
        ({**AZURE, "endpoint": "https://x.example/openai/deployments/d"}, "leave out /openai/deployments/d"),
        ({"endpoint": f"https://x.example/?key={KEY}", "model": "m"}, "SENTINEL_LLM_ENDPOINT has the wrong form"),
        ({"endpoint": f"https://{KEY}@x.example/", "model": "m"}, "SENTINEL_LLM_ENDPOINT has the wrong form"),
        ({"endpoint": f"https://:{KEY}@x.example/", "model": "m"}, "without user, password, query or fragment"),
        ({"endpoint": "https://@x.example/", "model": "m"}, "without user, password, query or fragment"),
        ({"endpoint": f"https://x.example/#{KEY}", "model": "m"}, "without user, password, query or fragment"),
        ({"endpoint": "https://x.example/?", "model": "m"}, "without user, password, query or fragment"),
        ({"endpoint": f"http://127.0.0.1:{KEY}/v1", "model": "m"}, "a port up to 65535"),
        ({"endpoint": f"http://x:{KEY}/y@127.0.0.1/v1", "model": "m"}, "a port up to 65535"),
        ({"endpoint": "http://127.0.0.1:99999/v1", "model": "m"}, "a port up to 65535"),
        ({"endpoint": "http://127.0.0.1:0/v1", "model": "m"}, "a port up to 65535"),
        ({"endpoint": f"http://[{KEY}]/v1", "model": "m"}, "SENTINEL_LLM_ENDPOINT has the wrong form"),
        ({"endpoint": "http://127.0.0.1\n/v1", "model": "m"}, "URL in ASCII"),
        ({"endpoint": " https://x.example/v1", "model": "m"}, "URL in ASCII"),
        ({"endpoint": "https://\N{SNOWMAN}.example/v1", "model": "m"}, "URL in ASCII"),
        ({"endpoint": "https://x\udcff.example/v1", "model": "m"}, "URL in ASCII"),
        ({"endpoint": "x.example", "model": "m"}, "SENTINEL_LLM_ENDPOINT has the wrong form"),
        ({"endpoint": "https://x.example", "model": "m\udcff"}, "SENTINEL_LLM_MODEL has the wrong form"),
        ({"endpoint": "https://x.example", "model": "m\nn"}, "SENTINEL_LLM_MODEL has the wrong form"),
        ({**AZURE, "api_version": "2024\udcff"}, "SENTINEL_LLM_API_VERSION has the wrong form"),
        ({"endpoint": "https://x.example", "model": "m", "parallelism": "0"}, "SENTINEL_LLM_PARALLELISM has the wrong"),
        ({"endpoint": "https://x.example", "model": "m", "budget_cost": "1"}, "none is known of m: set"),
        ({"provider": "gpt", "endpoint": "https://x.example"}, "SENTINEL_LLM_PROVIDER has the wrong form"),
    ],
)
def test_what_is_wrong_is_said_in_a_sentence(values: dict[str, str], says: str, configure: Configure) -> None:
    configure(**values)
    with pytest.raises(SettingsError) as caught:
        find_endpoint()
    assert says in str(caught.value)
    assert KEY not in str(caught.value)
    assert "\n" not in str(caught.value)
