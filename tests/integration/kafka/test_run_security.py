"""`sentinel run` behind TLS and keys: it needs the runner's alone, says what is wrong in a sentence, and no secret."""

import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path

import orjson
import pytest

from tests.integration.kafka.log import RAW, seal
from tests.integration.kafka.running import running, start
from tests.integration.kafka.secure import SECRETS, SecureBroker
from tests.integration.kafka.test_run_quiet import burst

CONSUME = [sys.executable, "-m", "sentinel_cli", "consume", "--stack", "", "--max", "1", "--timeout", "60"]


def test_what_the_runner_writes_the_analyst_reads(secured: SecureBroker, monkeypatch: pytest.MonkeyPatch) -> None:
    seal(secured, RAW, *map(orjson.loads, burst("acct-1")))
    with ExitStack() as service:
        with monkeypatch.context() as others:
            for account in ("PRODUCER", "ANALYST"):
                for place in ("KAFKA", "SCHEMA_REGISTRY"):
                    others.delenv(f"SENTINEL_{account}_{place}_API_KEY")
                    others.delenv(f"SENTINEL_{account}_{place}_API_SECRET")
            service.enter_context(running("--idle", "1", "--stack", ""))
        done = subprocess.run(CONSUME, capture_output=True, check=True, timeout=120)
    alert = orjson.loads(done.stdout)
    assert (alert["account_id"], alert["rule_id"]) == ("acct-1", "geo_rolling")
    said = Path("run.log").read_text()
    assert "stopped" in said
    assert not [secret for secret in SECRETS.values() if secret in said]


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("SENTINEL_RUNNER_KAFKA_API_SECRET", "The broker at {broker} refuses the key or its secret."),
        ("SENTINEL_RUNNER_SCHEMA_REGISTRY_API_SECRET", "The registry at {registry} refuses the key or its secret."),
    ],
)
def test_a_wrong_secret_is_one_sentence(
    secured: SecureBroker, monkeypatch: pytest.MonkeyPatch, name: str, sentence: str
) -> None:
    monkeypatch.setenv(name, "made-up-wrong-secret")
    assert start("--stack", "").wait(timeout=60) == 1
    said = Path("run.log").read_text()
    assert "made-up" not in said
    expected = sentence.format(broker=secured.local.bootstrap, registry=secured.registry_url)
    assert said.splitlines()[-1] == f"sentinel: {expected}"
