"""`sentinel doctor` on real brokers: what is well is not complained of, what is wrong is one finding with advice."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import orjson
import pytest
from confluent_kafka import Producer
from confluent_kafka.admin import AdminClient, NewPartitions  # type: ignore[attr-defined]
from confluent_kafka.schema_registry import Schema

from sentinel_cli.broker.local import LocalBroker
from sentinel_cli.broker.process import free_ports
from sentinel_cli.kafka.registry import Registry
from sentinel_cli.kafka.wire import frame
from sql import load_pipeline
from tests.alerts import alert, disposition
from tests.integration.kafka.log import schema_of, write, write_raw
from tests.integration.kafka.secure import SECRETS, SecureBroker
from tests.integration.kafka.topics import connection, make_topics
from tests.sentinel_cli.llm.stand_in import Fault, StandIn
from tests.sentinel_cli.llm.stand_in import status as refusal_of
from tests.sentinel_cli.status.stand_in import SECRET, FlinkApiStandIn
from tests.sentinel_cli.status.test_status import WELL, outputs

ALERTS, DISPOSITIONS = "sentinel.aml_alerts", "sentinel.alert_dispositions"
LATE = "topic sentinel.transactions_late"
WAITING = "alerts without disposition"


def doctor(*arguments: str, **env: str) -> tuple[int, dict[str, dict[str, Any]]]:
    """Its status, and its findings by subject."""
    command = [sys.executable, "-m", "sentinel_cli", "doctor", "--stack", "", "--json", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120, env=os.environ | env)
    for secret in (*SECRETS.values(), SECRET, "wrong-secret"):
        assert secret not in done.stdout + done.stderr
    assert done.stderr == ""
    return done.returncode, {row["subject"]: row for row in map(json.loads, done.stdout.splitlines())}


def wrong(findings: dict[str, dict[str, Any]]) -> dict[str, str]:
    return {subject: row["says"] for subject, row in findings.items() if not row["ok"]}


def without(monkeypatch: pytest.MonkeyPatch, *accounts: str) -> None:
    for name in list(os.environ):
        if name.startswith(tuple(f"SENTINEL_{account.upper()}_" for account in accounts)):
            monkeypatch.delenv(name)


def test_all_is_well_on_a_broker_of_this_machine(fresh: LocalBroker) -> None:
    write(fresh, [orjson.dumps(alert(1))], ALERTS)
    status, findings = doctor()
    assert (status, wrong(findings)) == (0, {})
    assert findings["SENTINEL_KAFKA_BOOTSTRAP_ENDPOINT"]["says"] == f"{fresh.bootstrap} (environment)"
    assert "SENTINEL_ANALYST_KAFKA_API_SECRET" in findings["not set"]["says"]
    assert findings["topic sentinel.transactions_raw"]["says"] == "6 partitions"
    assert findings["schema sentinel.transactions_raw-value"]["says"].endswith(", the same")
    assert findings[WAITING]["says"] == "0 older than 15 minutes"


def test_each_account_is_let_in_with_the_rights_that_the_stack_gives(
    secured: SecureBroker, monkeypatch: pytest.MonkeyPatch
) -> None:
    status, findings = doctor()
    assert (status, wrong(findings)) == (0, {})
    assert {f"broker, as {account}" for account in SECRETS} <= findings.keys()
    assert findings["SENTINEL_ANALYST_KAFKA_API_SECRET"]["says"] == "**** (environment)"
    assert findings[LATE]["says"] == "6 partitions"

    without(monkeypatch, "runner")
    status, findings = doctor()
    assert (status, wrong(findings)) == (0, {})
    assert findings[LATE]["says"] == "no key that is set may see it"

    without(monkeypatch, "producer")
    status, findings = doctor()
    assert (status, wrong(findings)) == (0, {})
    assert findings[f"topic {ALERTS}"]["says"] == "6 partitions"

    monkeypatch.delenv("SENTINEL_ANALYST_SCHEMA_REGISTRY_API_SECRET")
    status, findings = doctor()
    assert (status, list(wrong(findings))) == (1, ["account analyst"])
    assert "SENTINEL_ANALYST_SCHEMA_REGISTRY_API_SECRET" in findings["account analyst"]["advice"]


@pytest.mark.parametrize(
    ("place", "subject", "words"),
    [
        (("ANALYST_KAFKA_API_SECRET", "wrong-secret"), "broker, as analyst", "refuses the key or its secret"),
        (("ANALYST_KAFKA_API_KEY", "nobody"), "broker, as analyst", "refuses the key or its secret"),
        (
            ("ANALYST_SCHEMA_REGISTRY_API_SECRET", "wrong-secret"),
            "registry, as analyst",
            "refuses the key or its secret",
        ),
        (("KAFKA_CA_LOCATION", ""), "broker, as analyst", "certificate that is not trusted"),
        (("KAFKA_CA_LOCATION", ""), "registry, as analyst", "certificate that is not trusted"),
        (("KAFKA_CA_LOCATION", "missing.pem"), "account analyst", "missing.pem, which is no PEM file"),
        (("KAFKA_CA_LOCATION", "credentials.env"), "account analyst", "credentials.env, which is no PEM file"),
        (("KAFKA_BOOTSTRAP_ENDPOINT", "no-such-host.invalid:9092"), "broker, as analyst", "has no such host name"),
        (("KAFKA_BOOTSTRAP_ENDPOINT", f"localhost:{free_ports(1)[0]}"), "broker, as analyst", "cannot be reached"),
        (("SCHEMA_REGISTRY_ENDPOINT", "https://no-such-host.invalid"), "registry, as analyst", "does not answer"),
    ],
)
def test_what_does_not_answer_is_one_sentence_in_seconds(
    secured: SecureBroker, monkeypatch: pytest.MonkeyPatch, place: tuple[str, str], subject: str, words: str
) -> None:
    without(monkeypatch, "runner", "producer")
    Path("credentials.env").touch()
    monkeypatch.setenv(f"SENTINEL_{place[0]}", place[1])
    started = time.monotonic()
    status, findings = doctor()
    assert (status, time.monotonic() - started < 15) == (1, True)
    assert words in findings[subject]["says"] + findings[subject]["advice"]
    assert findings[subject]["advice"]


def test_a_broker_that_speaks_tls_does_not_answer_to_plain_text(secured: SecureBroker) -> None:
    status, findings = doctor(SENTINEL_KAFKA_SECURITY_PROTOCOL="PLAINTEXT")
    assert status == 1
    assert "does not answer" in findings["broker, as analyst"]["says"]


def test_nothing_is_set(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    without(monkeypatch, "")
    for name in list(os.environ):
        if name.startswith("SENTINEL_"):
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    status, findings = doctor()
    assert (status, list(wrong(findings))) == (1, ["accounts"])
    assert "SENTINEL_KAFKA_BOOTSTRAP_ENDPOINT" in findings["accounts"]["advice"]


def test_values_of_a_file_come_before_the_environment(fresh: LocalBroker) -> None:
    Path("credentials.env").write_text(f"SENTINEL_KAFKA_BOOTSTRAP_ENDPOINT={fresh.bootstrap}\n")
    status, findings = doctor(SENTINEL_KAFKA_BOOTSTRAP_ENDPOINT="127.0.0.1:1")
    assert status == 0
    assert findings["SENTINEL_KAFKA_BOOTSTRAP_ENDPOINT"]["says"] == f"{fresh.bootstrap} (credentials.env)"


def test_topics_that_are_missing_or_differ(fresh: LocalBroker) -> None:
    admin = AdminClient(connection(fresh).client())
    for answer in admin.delete_topics(["sentinel.dead_letters"]).values():
        answer.result(timeout=30)
    status, findings = doctor()
    assert (status, wrong(findings)) == (1, {"topic sentinel.dead_letters": "is not there"})
    for answer in admin.create_partitions([NewPartitions(ALERTS, 8)]).values():
        answer.result(timeout=30)
    status, findings = doctor()
    assert findings[f"topic {ALERTS}"]["says"] == "8 partitions (table.toml has 6)"
    assert "same number" in findings[f"topic {ALERTS}"]["advice"]


def test_topics_of_a_stack_may_differ_in_partitions(secured: SecureBroker, monkeypatch: pytest.MonkeyPatch) -> None:
    admin = AdminClient(secured.connection().client())
    for answer in admin.create_partitions([NewPartitions(ALERTS, 8)]).values():
        answer.result(timeout=30)
    try:
        what = f"topic {ALERTS}"
        assert "sentinel run" in doctor()[1][what]["advice"]
        without(monkeypatch, "runner")
        status, findings = doctor()
        assert (status, wrong(findings)) == (0, {})
        assert findings[what]["says"] == "8 partitions (table.toml has 6)"
    finally:
        make_topics(secured.connection())


def test_schemas_that_differ_are_judged_by_their_columns(fresh: LocalBroker) -> None:
    registry, table = Registry(connection(fresh)), load_pipeline().table("sentinel.transactions_raw")
    subject, what = f"{table.name}-value", f"schema {table.name}-value"
    schema = table.schema
    schema["properties"]["channel"] = {"type": "string"}
    registry.register(subject, json.dumps(schema))
    status, findings = doctor()
    assert (status, findings[what]["says"].endswith("another that agrees")) == (0, True)

    schema["properties"]["amount"] = {"type": "string"}
    registry.client.set_compatibility(subject, "NONE")
    registry.client.register_schema(subject, Schema(json.dumps(schema), "JSON"))
    status, findings = doctor()
    assert status == 1
    assert "amount is STRING in it and not DOUBLE" in wrong(findings)[what]

    registry.client.delete_subject(subject)
    assert wrong(doctor()[1]) == {what: "is not there"}


def test_alerts_that_nobody_decided_are_counted_after_a_quarter_of_an_hour(fresh: LocalBroker) -> None:
    now, schema_id = round(time.time() * 1000), schema_of(fresh, ALERTS)
    producer = Producer(connection(fresh).client())
    for number, minutes in enumerate([14, 16, 16, 60, 60]):
        row = orjson.dumps(alert(number))
        producer.produce(ALERTS, frame(schema_id, row), b"acct", timestamp=now - minutes * 60_000)
    assert producer.flush(30) == 0
    write_raw(fresh, [(b"acct", b"not a record"), (b"acct", None)], ALERTS)
    write(fresh, [orjson.dumps(disposition(number)) for number in (1, 3)], DISPOSITIONS)
    status, findings = doctor()
    assert (status, wrong(findings)) == (1, {WAITING: "2 older than 15 minutes"})


def test_an_alert_of_an_aborted_transaction_waits_for_nothing(fresh: LocalBroker) -> None:
    producer = Producer(connection(fresh).client({"transactional.id": "aborts"}))
    producer.init_transactions(30)
    producer.begin_transaction()
    old = round(time.time() * 1000) - 3_600_000
    producer.produce(ALERTS, frame(schema_of(fresh, ALERTS), orjson.dumps(alert(1))), b"acct", timestamp=old)
    producer.flush(30)
    producer.abort_transaction(30)
    assert doctor()[0] == 0


def test_the_statements_of_an_account_are_looked_at(fresh: LocalBroker) -> None:
    with FlinkApiStandIn(WELL | {"velocity": "FAILED"}) as api:
        status, findings = doctor(**outputs(api.endpoint))
    assert (status, wrong(findings)) == (1, {"statement velocity": "FAILED"})
    assert findings["statement structuring"]["says"] == "RUNNING"
    assert "pulumi up --replace" in findings["statement velocity"]["advice"]


def test_a_model_that_does_not_answer_is_wrong_and_one_that_does_is_not(fresh: LocalBroker) -> None:
    what = "model's endpoint"
    with StandIn(lambda _: fault) as endpoint:
        fault: Fault | None = None
        model = {"SENTINEL_LLM_ENDPOINT": endpoint.url, "SENTINEL_LLM_MODEL": "m", "SENTINEL_LLM_API_KEY": SECRET}
        status, findings = doctor(**model)
        assert (status, wrong(findings), "answers" in findings[what]["says"]) == (0, {}, True)
        fault = refusal_of(401)
        status, findings = doctor(**model)
        assert (status, list(wrong(findings))) == (1, [what])
        assert doctor("--skip-model", **model)[0] == 0


def test_a_person_is_told_what_to_do(fresh: LocalBroker) -> None:
    command = [sys.executable, "-m", "sentinel_cli", "doctor", "--stack", ""]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    assert (done.returncode, done.stdout.splitlines()[-1]) == (0, "all is well")
    fresh.registry.stop(seconds=0)
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 1
    assert "registry, as analyst: See the endpoints above" in done.stdout
