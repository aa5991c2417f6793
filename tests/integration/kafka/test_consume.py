"""`sentinel consume` on a real broker: each alert once, none left out, whatever else is in the topic."""

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson
import pytest
from confluent_kafka import KafkaException, Producer
from confluent_kafka.admin import AdminClient
from confluent_kafka.schema_registry import SchemaRegistryClient
from confluent_kafka.schema_registry.json_schema import JSONSerializer
from confluent_kafka.serialization import MessageField, SerializationContext

from sentinel_cli.broker.local import LocalBroker
from sentinel_cli.consumer import consume as consumption
from sentinel_cli.consumer import decided
from sentinel_cli.consumer.consume import Consumption
from sentinel_cli.consumer.request import Request
from sentinel_cli.kafka.registry import Registry
from sentinel_cli.kafka.wire import frame
from sentinel_cli.ledger.store import Ledger
from tests.alerts import alert, alert_id, disposition, enriched
from tests.integration.kafka.bad_alerts import bad_alerts
from tests.integration.kafka.consume_faults import MOST_AGAIN, killed
from tests.integration.kafka.log import schema_of, seal, write, write_raw
from tests.integration.kafka.secure import SECRETS, SecureBroker
from tests.integration.kafka.topics import connection

ALERTS, ENRICHED, DISPOSITIONS = "sentinel.aml_alerts", "sentinel.aml_alerts_enriched", "sentinel.alert_dispositions"
CONSUME = [sys.executable, "-m", "sentinel_cli", "consume", "--stack", ""]


def consume(*options: str, quiet: str = "4") -> tuple[list[dict[str, Any]], str]:
    """What it prints until nothing new comes: JSON lines and commentary."""
    done = subprocess.run([*CONSUME, "--wait", "0", "--timeout", quiet, *options], capture_output=True, check=False)
    said = done.stderr.decode()
    assert (done.returncode, "Traceback" in said) == (0, False), said
    return [json.loads(line) for line in done.stdout.splitlines()], said


@contextmanager
def started(*options: str) -> Iterator[subprocess.Popen[bytes]]:
    """The command, going on; killed at the end, if it has not ended by itself."""
    command = [*CONSUME, *(options or ("--wait", "0"))]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        try:
            yield process
        finally:
            process.kill()


def ids(lines: Sequence[dict[str, Any]]) -> list[str]:
    return sorted(line["alert_id"] for line in lines)


def expected(*numbers: int) -> list[str]:
    return sorted(map(alert_id, numbers))


def put(broker: LocalBroker, topic: str, make: Callable[..., dict[str, Any]], *numbers: int) -> None:
    write(broker, [orjson.dumps(make(number)) for number in numbers], topic)


def test_a_group_goes_on_where_it_stopped(fresh: LocalBroker) -> None:
    put(fresh, ALERTS, alert, *range(10))
    first, said = consume("--max", "4")
    assert len(first) == 4
    assert "4 alerts printed, 0 repeats dropped" in said
    rest, _ = consume()
    assert ids(first + rest) == expected(*range(10))
    put(fresh, ALERTS, alert, 10)
    assert ids(consume()[0]) == expected(10)
    assert ids(consume("--group", "sentinel-other")[0]) == expected(*range(11))


def test_what_the_topics_have_is_joined_and_the_rest_is_made_here(fresh: LocalBroker) -> None:
    put(fresh, ALERTS, alert, 1, 2, 3)
    put(fresh, ENRICHED, enriched, 1, 2)
    put(fresh, DISPOSITIONS, disposition, 1)
    lines, _ = consume()
    by = {line["alert_id"]: (line["enriched_by"], line["decided_by"]) for line in lines}
    assert by == {alert_id(1): ("topic", "topic"), alert_id(2): ("topic", "local"), alert_id(3): ("local", "local")}
    first = next(line for line in lines if line["alert_id"] == alert_id(1))
    assert (first["summary"], first["decision"], first["model"]) == ("Summary 1.", "ESCALATE", "an_agent")
    assert alert(1).items() <= first.items()


def test_what_is_decided_here_is_guarded_by_the_limits_that_are_given(fresh: LocalBroker) -> None:
    numbers = range(40)
    put(fresh, ALERTS, lambda number: alert(number, severity="LOW", total_amount=20.0), *numbers)
    lines, _ = consume("--set", "ai.quality_control_percent=0")
    assert [(line["decision"], line["guard"]) for line in lines] == [("DISMISS", None)] * 40
    lines, _ = consume("--set", "ai.never_dismiss_total=20.00", "--from", "beginning")
    assert [(line["decision"], line["guard"]) for line in lines] == [("REVIEW", "TOTAL")] * 40
    refused = subprocess.run([*CONSUME, "--set", "ai.total=20"], capture_output=True, check=False, text=True)
    assert (refused.returncode, refused.stdout) == (2, "")
    assert "ai.total: sql/ai/ai.toml declares no such parameter" in refused.stderr


def test_a_disposition_that_comes_in_time_is_waited_for(fresh: LocalBroker) -> None:
    put(fresh, ALERTS, alert, 1)
    command = [*CONSUME, "--wait", "30", "--max", "1"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        time.sleep(5)
        assert process.poll() is None
        put(fresh, ENRICHED, enriched, 1)
        put(fresh, DISPOSITIONS, disposition, 1)
        (line,) = (json.loads(line) for line in process.stdout or ())
    assert (line["enriched_by"], line["decided_by"]) == ("topic", "topic")


def test_it_begins_where_it_is_told_to(fresh: LocalBroker) -> None:
    put(fresh, ALERTS, alert, 1, 2)
    time.sleep(0.1)
    between = datetime.now(UTC).isoformat()
    time.sleep(0.1)
    put(fresh, ALERTS, alert, 3, 4)
    assert ids(consume("--from", "latest")[0]) == []
    assert ids(consume("--from", between)[0]) == expected(3, 4)
    assert ids(consume("--from", "beginning")[0]) == expected(1, 2, 3, 4)
    assert ids(consume()[0]) == []
    assert ids(consume("--from", "2100-01-01")[0]) == []


def test_a_new_group_does_not_go_back_when_partitions_are_shared_anew(fresh: LocalBroker) -> None:
    put(fresh, ALERTS, alert, *range(20))
    new = ("--group", "sentinel-new", "--from", "latest", "--wait", "0")
    with started(*new) as process:
        time.sleep(5)
        assert consume(*new[:4])[0] == []
        time.sleep(1)
        put(fresh, ALERTS, alert, 20)
        assert process.stdout is not None
        assert json.loads(process.stdout.readline())["alert_id"] == alert_id(20)
        process.send_signal(signal.SIGINT)
        assert process.communicate(timeout=30)[0] == b""
    assert consume(*new[:2])[0] == []


def test_decisions_of_the_topics_are_joined_however_far_they_are_ahead(
    fresh: LocalBroker, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for module, name, value in ((decided, "_MOST", 60), (consumption, "_PENDING", 20), (consumption, "_BATCH", 10)):
        monkeypatch.setattr(module, name, value)
    numbers = range(200)
    put(fresh, ALERTS, alert, *numbers)
    put(fresh, ENRICHED, enriched, *numbers)
    put(fresh, DISPOSITIONS, disposition, *reversed(numbers))
    lines: list[dict[str, Any]] = []
    ledger = Ledger(tmp_path / "ledger.sqlite")
    request = Request("sentinel-consume", None, 200, 30, 0, committed=False, parameters={}, stack="", ledger=ledger)
    Consumption(request, lines.extend, print).run()
    assert ids(lines) == expected(*numbers)
    assert {(line["enriched_by"], line["decided_by"]) for line in lines} == {("topic", "topic")}


def test_confluents_own_serializer_is_read(fresh: LocalBroker) -> None:
    with SchemaRegistryClient({"url": fresh.registry_url}) as registry:
        text = registry.get_latest_version(f"{ALERTS}-value").schema.schema_str
        serializer = JSONSerializer(text, registry, conf={"auto.register.schemas": False, "use.latest.version": True})
        value = serializer(alert(1), SerializationContext(ALERTS, MessageField.VALUE))
    write_raw(fresh, [(b"ACC-000001", value)], ALERTS)
    assert ids(consume()[0]) == expected(1)


def test_an_aborted_alert_is_seen_once_or_not_at_all(fresh: LocalBroker) -> None:
    latest = Registry(connection(fresh)).latest(f"{ALERTS}-value")
    assert latest is not None
    value = frame(latest.id, orjson.dumps(alert(1)))
    producer = Producer(connection(fresh).client({"transactional.id": "test-consume"}))
    producer.init_transactions(30)
    producer.begin_transaction()
    producer.produce(ALERTS, value, b"ACC-000001", 0)
    producer.flush(30)
    producer.abort_transaction(30)
    assert ids(consume("--committed", "--group", "sentinel-committed")[0]) == []
    producer.begin_transaction()
    producer.produce(ALERTS, value, b"ACC-000001", 0)
    producer.commit_transaction(30)
    lines, said = consume()
    assert ids(lines) == expected(1)
    assert "1 repeats dropped" in said
    lines, said = consume("--committed", "--group", "sentinel-committed")
    assert ids(lines) == expected(1)
    assert "0 repeats dropped" in said


def test_garbage_is_told_and_stops_nothing(fresh: LocalBroker) -> None:
    records = list(bad_alerts(schema_of(fresh, ALERTS), 10_000, random.Random(5)))
    odd = [record.alert_id for record in records if record.alert_id]
    put(fresh, ALERTS, alert, 1)
    write_raw(fresh, [(record.key, record.value) for record in records], ALERTS)
    put(fresh, ALERTS, alert, 2)
    lines, said = consume(quiet="8")
    assert ids(lines) == sorted([*expected(1, 2), *odd])
    unreadable = len(records) - len(odd)
    assert unreadable > 5_000
    assert said.count(" cannot be read: ") == unreadable
    assert f"{unreadable} records could not be read" in said
    assert "sentinel.aml_alerts partition " in said
    lines, said = consume()
    assert (lines, "could not be read" in said) == ([], False)


KILLED_AFTER_PRINT = """
import os, signal, sys
from sentinel_cli.consumer.consume import Consumption
from sentinel_cli.consumer.request import Request
from sentinel_cli.ledger.place import find_ledger
from sentinel_cli.outputs import json_line

def write(cases):
    sys.stdout.buffer.write(b"".join(map(json_line, cases)))
    sys.stdout.buffer.flush()
    os.kill(os.getpid(), signal.SIGKILL)

ledger = find_ledger(None)
Consumption(Request("sentinel-consume", None, None, None, 0, False, {}, "", ledger), write, print).run()
"""


def test_a_line_that_was_printed_and_not_committed_comes_again(fresh: LocalBroker) -> None:
    put(fresh, ALERTS, alert, *range(20))
    killed = subprocess.run([sys.executable, "-c", KILLED_AFTER_PRINT], capture_output=True, check=False)
    assert killed.returncode == -signal.SIGKILL
    printed = [json.loads(line) for line in killed.stdout.splitlines()]
    assert printed
    again, _ = consume(quiet="8")
    assert ids(again) == expected(*range(20))


@pytest.mark.parametrize("seed", range(3))
def test_killed_at_any_moment_it_leaves_none_out(fresh: LocalBroker, seed: int) -> None:
    printed = killed(fresh, seed)
    assert printed.lost == 0
    assert printed.again <= MOST_AGAIN


def test_ctrl_c_commits_what_was_printed(fresh: LocalBroker) -> None:
    put(fresh, ALERTS, alert, *range(5))
    with started() as process:
        assert process.stdout is not None
        lines = [json.loads(process.stdout.readline()) for _ in range(5)]
        process.send_signal(signal.SIGINT)
        said = process.communicate(timeout=30)[1].decode()
    assert process.returncode == 130
    assert said.splitlines()[-1] == "sentinel: interrupted"
    assert ids(lines) == expected(*range(5))
    assert consume()[0] == []


def test_a_closed_pipe_ends_it_and_loses_nothing(fresh: LocalBroker) -> None:
    put(fresh, ALERTS, alert, 1)
    with started() as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert json.loads(process.stdout.readline())["alert_id"] == alert_id(1)
        process.stdout.close()
        put(fresh, ALERTS, alert, 2)
        said = process.stderr.read().decode()
        assert (process.wait(30), "Traceback" in said) == (141, False)
    assert ids(consume()[0]) == expected(2)


def shared(broker: LocalBroker) -> list[int]:
    """How many partitions each member of the group has."""
    admin = AdminClient(connection(broker).client())
    try:
        group = admin.describe_consumer_groups(["sentinel-consume"])["sentinel-consume"].result(timeout=15)
    except KafkaException:
        return []
    return [count for member in group.members if (count := len(member.assignment.topic_partitions))]


def test_two_members_share_the_partitions(fresh: LocalBroker, tmp_path: Path) -> None:
    put(fresh, ALERTS, alert, *range(50))
    outs = [tmp_path / "first.jsonl", tmp_path / "second.jsonl"]
    command = [*CONSUME, "--wait", "3", "--timeout", "20"]
    with outs[0].open("wb") as first, outs[1].open("wb") as second:
        members = [subprocess.Popen(command, stdout=out, stderr=subprocess.DEVNULL) for out in (first, second)]
        deadline = time.monotonic() + 60
        while len(shared(fresh)) < 2 and time.monotonic() < deadline:
            time.sleep(0.2)
        put(fresh, ALERTS, alert, *range(50, 100))
        assert [member.wait(60) for member in members] == [0, 0]
    lines = [[json.loads(line) for line in out.read_bytes().splitlines()] for out in outs]
    assert ids(lines[0] + lines[1]) == expected(*range(100))
    assert all(lines)


def test_a_broker_that_comes_back_is_waited_for(fresh: LocalBroker) -> None:
    put(fresh, ALERTS, alert, 1)
    with started() as process:
        assert process.stdout is not None
        assert json.loads(process.stdout.readline())["alert_id"] == alert_id(1)
        fresh.kafka.stop(seconds=0)
        time.sleep(3)
        fresh.start()
        put(fresh, ALERTS, alert, 2)
        assert json.loads(process.stdout.readline())["alert_id"] == alert_id(2)
        process.send_signal(signal.SIGINT)
        said = process.communicate(timeout=30)[1].decode()
    assert "sentinel: the broker does not answer; waiting for it" in said
    assert consume()[0] == []


def test_the_analysts_key_is_enough(secured: SecureBroker) -> None:
    seal(secured, ALERTS, alert(1), alert(2))
    seal(secured, ENRICHED, enriched(1))
    seal(secured, DISPOSITIONS, disposition(1))
    lines, said = consume()
    assert sorted(line["decided_by"] for line in lines) == ["local", "topic"]
    assert ids(lines) == expected(1, 2)
    assert not [secret for secret in SECRETS.values() if secret in said]


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("SENTINEL_ANALYST_KAFKA_API_SECRET", "sentinel: The broker at {broker} refuses the key or its secret."),
        (
            "SENTINEL_ANALYST_SCHEMA_REGISTRY_API_SECRET",
            "sentinel: The registry at {registry} refuses the key or its secret.",
        ),
    ],
)
def test_a_wrong_secret_is_one_sentence(
    secured: SecureBroker, monkeypatch: pytest.MonkeyPatch, name: str, sentence: str
) -> None:
    seal(secured, ALERTS, alert(1))
    monkeypatch.setenv(name, "made-up-wrong-secret")
    done = subprocess.run([*CONSUME, "--timeout", "20"], capture_output=True, check=False, timeout=60)
    said = done.stderr.decode()
    assert (done.returncode, done.stdout, "made-up" in said) == (1, b"", False)
    assert said.splitlines()[-1] == sentence.format(broker=secured.local.bootstrap, registry=secured.registry_url)


def test_a_group_of_another_name_is_refused_in_one_sentence(secured: SecureBroker) -> None:
    done = subprocess.run([*CONSUME, "--group", "mine"], capture_output=True, check=False, timeout=60)
    assert done.returncode == 1
    assert "does not let this key use the consumer group" in done.stderr.decode().splitlines()[-1]


def test_a_topic_that_is_not_there_is_one_sentence(broker: LocalBroker, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in broker.settings().items():
        monkeypatch.setenv(name, value)
    admin = AdminClient(connection(broker).client())
    if ALERTS in admin.list_topics(timeout=15).topics:
        admin.delete_topics([ALERTS])[ALERTS].result(timeout=30)
        time.sleep(1)
    done = subprocess.run([*CONSUME, "--timeout", "20"], capture_output=True, check=False, env={**os.environ})
    assert done.returncode == 1
    assert "no such topic; `sentinel topics create` makes" in done.stderr.decode().splitlines()[-1]
