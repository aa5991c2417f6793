"""`sentinel doctor` on a model's endpoint: what is set, whether it answers, and what to do; never a secret."""

import json
import os
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from sentinel_cli.doctor.finding import Finding
from sentinel_cli.doctor.model import model
from tests.sentinel_cli.llm import stand_in
from tests.sentinel_cli.llm.stand_in import Fault, Seen, StandIn, always, status

KEY = "made-up-key-of-a-test"
VALUES, ENDPOINT = "model on this machine", "model's endpoint"


@pytest.fixture(autouse=True)
def _nothing_else_is_set(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in os.environ:
        if name.startswith(("SENTINEL_", "OPENAI_")) or name.lower().endswith("_proxy"):
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)


def use(monkeypatch: pytest.MonkeyPatch, url: str, **values: object) -> None:
    for name, value in {"endpoint": url, "model": "a-model", "api_key": KEY, **values}.items():
        monkeypatch.setenv(f"SENTINEL_LLM_{name.upper()}", str(value))


def findings(seconds: float = 60, *, ask: bool = True) -> dict[str, Finding]:
    found = {finding.subject: finding for finding in model(seconds, ask=ask)}
    assert KEY not in str(found)
    return found


def test_a_model_that_answers_is_asked_once_and_told_nothing(
    monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    with StandIn() as endpoint:
        spent = tmp_path_factory.mktemp("spent") / "spent.sqlite"
        use(monkeypatch, f"{endpoint.url}/v1", budget_calls=0, budget_tokens=500, budget_file=spent)
        found = findings()
        assert all(finding.ok for finding in found.values())
        host = endpoint.url.removeprefix("http://")
        assert found[VALUES].says == f"openai/a-model at {host}, budget of today: 0 of 0 requests, 0 of 500 tokens"
        assert found[ENDPOINT].says.startswith(f"{host} answers, after 0.")
    (seen,) = endpoint.seen
    assert seen.body["messages"] == [{"role": "user", "content": "Answer: OK."}]
    assert (seen.body["model"], seen.body["max_tokens"]) == ("a-model", 256)
    assert list(Path().iterdir()) == []


def test_it_is_not_asked_where_it_is_not_to_be(monkeypatch: pytest.MonkeyPatch) -> None:
    with StandIn() as endpoint:
        use(monkeypatch, endpoint.url)
        assert list(findings(ask=False)) == [VALUES]
    assert endpoint.seen == []


@pytest.mark.parametrize(
    ("fault", "says", "advice"),
    [
        (status(401), "refuses the key (UNAUTHORIZED)", "SENTINEL_LLM_API_KEY"),
        (status(403), "refuses the key (UNAUTHORIZED)", "SENTINEL_LLM_API_KEY"),
        (status(404, code="model_not_found"), "has no such model", "SENTINEL_LLM_MODEL"),
        (status(400), "refuses the request", "SENTINEL_LLM_ENDPOINT"),
        (status(429, {"retry-after": "60"}), "takes no more requests", "quota"),
        (status(500), "has a fault of its own", "Wait"),
        (stand_in.cut, "cannot be reached", "SENTINEL_LLM_ENDPOINT"),
        (stand_in.html, "is no chat completion", "docs/llm.md"),
        (stand_in.hang, "does not answer in time", "SENTINEL_LLM_TIMEOUT"),
        (stand_in.slow_drip, "does not answer in time", "--timeout"),
    ],
)
def test_what_is_wrong_is_one_sentence_and_one_request(
    fault: Fault, says: str, advice: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with StandIn(always(fault)) as endpoint:
        use(monkeypatch, endpoint.url)
        began = time.monotonic()
        found = findings(seconds=1)
    assert time.monotonic() - began < 5
    assert found[VALUES].ok
    assert says in found[ENDPOINT].says
    assert advice in found[ENDPOINT].advice
    assert len(endpoint.seen) == 1


def test_nobody_there_is_said_so(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    use(monkeypatch, f"http://127.0.0.1:{port}")
    assert findings()[ENDPOINT].says == f"127.0.0.1:{port} cannot be reached (UNREACHABLE)"
    use(monkeypatch, "https://no-such-host.invalid")
    assert findings()[ENDPOINT].says == "no-such-host.invalid cannot be reached (UNREACHABLE)"


def test_a_proxy_that_cannot_be_used_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALL_PROXY", f"socks5://u:{KEY}@127.0.0.1:1")
    use(monkeypatch, "https://models.example")
    found = findings()
    assert found[VALUES].ok
    assert found[ENDPOINT].says.startswith("models.example cannot be asked: ALL_PROXY must name an HTTP proxy")
    assert not found[ENDPOINT].ok


def test_what_a_parameter_is_called_is_no_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    def wants_the_other_parameter(seen: Seen) -> Fault | None:
        return status(400, param="max_tokens") if "max_tokens" in seen.body else None

    with StandIn(wants_the_other_parameter) as endpoint:
        use(monkeypatch, endpoint.url)
        assert findings()[ENDPOINT].ok
    assert [set(seen.body) & {"max_tokens", "max_completion_tokens"} for seen in endpoint.seen] == [
        {"max_tokens"},
        {"max_completion_tokens"},
    ]


def doctor(*options: str) -> dict[str, dict[str, Any]]:
    """Its findings; broker and registry are not set, which is wrong."""
    command = [sys.executable, "-m", "sentinel_cli", "doctor", "--stack", "", "--json", *options]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr, KEY in done.stdout) == (1, "", False)
    return {row["subject"]: row for row in map(json.loads, done.stdout.splitlines())}


def test_the_command_asks_and_leaves_it(monkeypatch: pytest.MonkeyPatch) -> None:
    assert doctor()[VALUES]["says"] == "none: rules explain and triage"
    with StandIn() as endpoint:
        use(monkeypatch, endpoint.url)
        assert (doctor()[ENDPOINT]["ok"], len(endpoint.seen)) == (True, 1)
        assert (ENDPOINT in doctor("--skip-model"), len(endpoint.seen)) == (False, 1)
    use(monkeypatch, "http://models.example")
    assert "must begin with https://" in doctor()[VALUES]["says"]
