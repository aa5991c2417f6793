"""The real `openai` client sends what the providers document, and its key goes nowhere else."""

import json
import logging
import socket
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from sentinel_cli.llm.call import Call
from sentinel_cli.llm.endpoint import find_endpoint
from sentinel_cli.llm.form import first_form
from sentinel_cli.llm.functions import find_answering
from sentinel_cli.llm.status import Status
from sql import load_pipeline
from sql.errors import SettingsError
from tests.sentinel_cli.llm import stand_in
from tests.sentinel_cli.llm.conftest import KEY, Configure
from tests.sentinel_cli.llm.stand_in import Fault, Seen, StandIn, always, status

HERE = Path(__file__).parent
PROVIDERS = {
    "azureopenai": {"deployment": "triage-eu", "model": "gpt-5-mini", "api_version": "2024-10-21"},
    "openai": {"model": "gpt-4.1-mini"},
}
TOLD = {
    "user-agent",
    "x-stainless-lang",
    "x-stainless-package-version",
    "x-stainless-os",
    "x-stainless-arch",
    "x-stainless-runtime",
    "x-stainless-runtime-version",
    "x-stainless-async",
    "x-stainless-retry-count",
    "x-stainless-read-timeout",
}
"""What the package says of itself and the machine; docs/llm.md lists it."""
OF_HTTP = {"host", "accept", "accept-encoding", "connection", "content-type", "content-length"}
INPUT = "Typology: structuring\nSeverity: HIGH"


def exchange(provider: str) -> dict[str, Any]:
    recorded: dict[str, Any] = json.loads((HERE / f"exchange-{provider}.json").read_text(encoding="utf-8"))
    return recorded


def ask(calls: list[Call], agent_prompt: str = "You triage.") -> Any:
    """One question to the agent of the configured endpoint."""
    answering = find_answering(load_pipeline(), calls.append, say=lambda _: None)
    answering.rules.agent_prompt = agent_prompt  # type: ignore[attr-defined]
    with answering.functions() as managed:
        return managed["AI_RUN_AGENT"]([("sentinel_triage_agent_local", INPUT, "alert-1")])


def sent(seen: Seen) -> dict[str, Any]:
    """A request in the form of the fixtures: of headers those that are documented, of a schema its kind."""
    body = dict(seen.body)
    body["response_format"] = body["response_format"]["type"]
    key = {name: (seen.headers.get(name) or "").replace(KEY, "KEY") or None for name in ("api-key", "authorization")}
    headers = {"content-type": seen.headers["content-type"], **key}
    return {"method": seen.method, "target": seen.target, "headers": headers, "body": body}


@pytest.mark.parametrize("provider", PROVIDERS)
def test_a_request_is_the_documented_one_and_its_answer_is_read(
    provider: str, configure: Configure, monkeypatch: pytest.MonkeyPatch
) -> None:
    recorded = exchange(provider)

    async def as_recorded(server: StandIn, _: Seen, writer: Any) -> None:
        await server.reply(writer, recorded["response"])

    # What the package would take from the environment is meant for another endpoint.
    for name in ("OPENAI_API_KEY", "OPENAI_ORG_ID", "OPENAI_PROJECT_ID", "OPENAI_BASE_URL", "AZURE_OPENAI_AD_TOKEN"):
        monkeypatch.setenv(name, "of-somebody-else")
    calls: list[Call] = []
    with StandIn(always(as_recorded)) as endpoint:
        path = "/v1" if provider == "openai" else "/"
        configure(provider=provider, endpoint=endpoint.url + path, api_key=KEY, **PROVIDERS[provider])
        rows = ask(calls)
    (seen,) = endpoint.seen
    assert sent(seen) == recorded["request"]
    assert "of-somebody-else" not in str(seen)
    answer = recorded["response"]["choices"][0]["message"]["content"]
    name = f"{provider}/{recorded['request']['body']['model']}"
    assert rows == [[("SUCCESS", answer, name)]]
    (call,) = calls
    assert (call.stage, call.session, call.prompt, call.answer) == (
        "triage",
        "alert-1",
        f"You triage.\n{INPUT}",
        answer,
    )
    given = {"status": call.status, "input_tokens": call.input_tokens, "output_tokens": call.output_tokens}
    assert {**given, "cost": str(call.cost)} == recorded["call"]
    assert call.parameters["response_format"] == "json_schema"
    assert KEY not in (HERE / f"exchange-{provider}.json").read_text(encoding="utf-8")


def test_a_server_without_a_key_gets_none(configure: Configure, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "of-somebody-else")
    with StandIn() as endpoint:
        configure(endpoint=f"{endpoint.url}/v1", model="qwen3")
        assert ask([])[0][0][0] == "SUCCESS"
    assert "authorization" not in endpoint.seen[0].headers
    assert endpoint.seen[0].target == "/v1/chat/completions"


def test_a_redirection_is_not_followed(configure: Configure) -> None:
    with StandIn() as elsewhere, StandIn(always(status(307, {"location": f"{elsewhere.url}/v1"}))) as endpoint:
        configure(endpoint=endpoint.url, model="m", api_key=KEY)
        calls: list[Call] = []
        ask(calls)
    assert elsewhere.seen == []
    assert calls[0].status == Status.rejected


@pytest.mark.parametrize("provider", PROVIDERS)
def test_no_header_tells_more_than_is_documented(provider: str, configure: Configure) -> None:
    with StandIn(stand_in.first_try(status(500), 1)) as endpoint:
        configure(provider=provider, endpoint=endpoint.url, api_key=KEY, timeout=7, **PROVIDERS[provider])
        ask([])
    assert len(endpoint.seen) == 2
    for seen in endpoint.seen:
        assert set(seen.headers) - OF_HTTP - {"api-key", "authorization"} == TOLD
        assert seen.headers["x-stainless-async"] == "async:asyncio"
        assert seen.headers["x-stainless-retry-count"] == "0"
        assert float(seen.headers["x-stainless-read-timeout"]) == 7


@pytest.mark.parametrize("variable", ["HTTP_PROXY", "http_proxy", "ALL_PROXY"])
def test_what_is_not_encrypted_goes_through_no_proxy(
    variable: str, configure: Configure, monkeypatch: pytest.MonkeyPatch
) -> None:
    with StandIn() as proxy, StandIn() as endpoint:
        monkeypatch.setenv(variable, proxy.url)
        configure(endpoint=endpoint.url.replace("http:", "HTTP:"), model="m", api_key=KEY)
        assert ask([])[0][0][0] == "SUCCESS"
    assert (len(endpoint.seen), proxy.seen) == (1, [])


def test_a_proxy_of_an_https_endpoint_sees_its_host_alone(
    configure: Configure, monkeypatch: pytest.MonkeyPatch
) -> None:
    def first_request(server: socket.socket) -> bytes:
        connection, _ = server.accept()
        with connection:
            return connection.recv(65_536)

    with socket.create_server(("127.0.0.1", 0)) as server, ThreadPoolExecutor() as pool:
        server.settimeout(30)
        seen = pool.submit(first_request, server)
        monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{server.getsockname()[1]}")
        configure(endpoint="https://models.example/v1", model="m", api_key=KEY, retries=0)
        ask([])
    assert seen.result().startswith(b"CONNECT models.example:443 ")
    assert KEY.encode() not in seen.result()


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("ALL_PROXY", f"socks5://u:{KEY}@127.0.0.1:1"),
        ("HTTPS_PROXY", f"http://u:{KEY}@127.0.0.1:abc"),
        ("HTTPS_PROXY", f"http://u:{KEY}@127.0.0.1:99999"),
        ("http_proxy", f"http://127.0.0.1:{KEY}"),
        ("https_proxy", f"ftp://{KEY}@127.0.0.1"),
        ("SSL_CERT_FILE", "no-such-file.pem"),
    ],
)
def test_a_proxy_or_certificate_that_cannot_be_used_is_named_and_not_shown(
    variable: str, value: str, configure: Configure, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(variable, value)
    configure(endpoint="https://models.example", model="m", api_key=KEY)
    with pytest.raises(SettingsError, match=f"^{variable} ") as caught:
        ask([])
    assert KEY not in str(caught.value)
    assert caught.value.__cause__ is None


@pytest.mark.parametrize(
    "fault",
    [stand_in.good, stand_in.html, stand_in.cut, status(401), status(429), status(500), status(400), status(404)],
)
def test_the_key_is_in_no_log_no_call_and_no_text(
    fault: Fault,
    configure: Configure,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("OPENAI_LOG", "debug")
    said: list[str] = []
    calls: list[Call] = []
    with caplog.at_level(logging.DEBUG), StandIn(always(fault)) as endpoint:
        configure(endpoint=endpoint.url, model="m", api_key=KEY, retries=1)
        configured = find_endpoint()
        answering = find_answering(load_pipeline(), calls.append, said.append)
        with answering.functions() as managed:
            rows = managed["AI_RUN_AGENT"]([("agent", f"{INPUT} {n}", "") for n in range(8)])
    assert endpoint.seen
    assert "HTTP Request" in caplog.text or fault is stand_in.cut
    texts = [
        caplog.text,
        str(calls),
        str(rows),
        str(said),
        repr(configured),
        repr(vars(answering)),
        *capfd.readouterr(),
    ]
    assert [text for text in texts if KEY in text] == []


def test_the_price_of_a_dated_model_is_that_of_its_name(configure: Configure) -> None:
    configure(endpoint="https://models.example", model="gpt-5-mini-2025-08-07", api_key=KEY)
    endpoint = find_endpoint()
    assert endpoint is not None
    assert endpoint.price is not None
    assert endpoint.price.cost(1_000_000, 1_000_000) == Decimal("2.25")


def test_half_a_price_is_refused(configure: Configure) -> None:
    configure(endpoint="https://models.example", model="m", api_key=KEY, price_input="100")
    with pytest.raises(SettingsError, match="set both SENTINEL_LLM_PRICE_INPUT and SENTINEL_LLM_PRICE_OUTPUT"):
        find_endpoint()


@pytest.mark.parametrize("part", ["input", "output"])
@pytest.mark.parametrize("price", ["1e999999", "1000000.01", "inf", "nan", "-1"])
def test_a_price_that_none_can_be_is_refused(part: str, price: str, configure: Configure) -> None:
    configure(endpoint="https://models.example", model="m", price_input="1", price_output="1000000")
    assert find_endpoint() is not None
    configure(**{f"price_{part}": price})
    with pytest.raises(SettingsError, match=f"^SENTINEL_LLM_PRICE_{part.upper()} has the wrong form"):
        find_endpoint()


@pytest.mark.parametrize("name", ["gpt-5-mini", "openai.gpt-5", "openai/o3", "us.openai.gpt-5", "global.openai.gpt-5"])
def test_a_model_that_reasons_is_known_by_its_name_whoever_serves_it(name: str) -> None:
    assert first_form(name).parameters("enrichment", 9) == {"max_completion_tokens": 9}
