"""`sentinel run` where a partition falls silent, or has what only the registry can explain; and its figures."""

import json
import socket
import time
from collections.abc import Iterable
from pathlib import Path

import httpx

from sentinel_cli.broker.local import LocalBroker
from sentinel_cli.kafka.partitioner import partition_of
from sentinel_cli.kafka.wire import frame
from tests.integration.kafka.log import RAW, heartbeats, read, schema_of, wait_for, write, write_raw
from tests.integration.kafka.running import ALERTS, DAY, DISPOSITIONS, Row, by_id, replayed, running
from tests.integration.kafka.test_run_bad_input import GOOD, START

DEAD_LETTERS = "sentinel.dead_letters"
UNKNOWN = 999_999


def burst(account: str, start: int = START) -> list[bytes]:
    """Card payments of one account in three countries within two minutes."""
    return [
        json.dumps(
            GOOD
            | {"event_id": f"{account}-{country}", "account_id": account, "country": country}
            | {"transaction_type": "CARD", "event_time": start + minute * 60_000}
        ).encode()
        for minute, country in enumerate(("US", "DE", "FR"))
    ]


def place(account: str) -> int:
    """The partition of an account."""
    return partition_of(account.encode(), 6)


def rolling(rows: Iterable[Row]) -> list[str]:
    """The accounts of the alerts of one rule."""
    return sorted(row["account_id"] for row in rows if row["rule_id"] == "geo_rolling")


def test_an_idle_partition_is_moved_on_by_heartbeats_in_the_log(fresh: LocalBroker) -> None:
    write(fresh, burst("acct-1"))
    with running("--idle", "1"):
        found = wait_for(fresh, ALERTS, 1, 60)
    assert rolling(found) == ["acct-1"]
    log = read(fresh, RAW)
    beats = [row for row in log if row["transaction_type"] == "HEARTBEAT"]
    assert len(beats) > 5
    replay = replayed([json.dumps(row).encode() for row in log], "--partitions", "6")
    assert [row for row in replay if row["rule_id"] == "geo_rolling"] == by_id(found)


def test_only_the_partition_with_an_unknown_schema_waits_for_the_registry(fresh: LocalBroker) -> None:
    schema_of(fresh, RAW)
    third = next(
        name for name in map("acct-{}".format, range(3, 20)) if place(name) not in {place("acct-1"), place("acct-2")}
    )
    assert place("acct-1") != place("acct-2")
    with running("--registry-wait", "15"):
        write(fresh, burst("acct-1"))
        heartbeats(fresh, START + DAY)
        assert len(wait_for(fresh, ALERTS, 2)) == 2
        fresh.registry.stop(seconds=0)
        write_raw(fresh, [(b"acct-2", frame(UNKNOWN, burst("acct-2")[0]))])
        write(fresh, burst("acct-2", START + 2 * DAY) + burst(third, START + 2 * DAY))
        heartbeats(fresh, START + 3 * DAY)
        assert rolling(wait_for(fresh, ALERTS, 4, 12)) == sorted(["acct-1", third])
        assert read(fresh, DEAD_LETTERS) == []
        found = wait_for(fresh, ALERTS, 6, 40)
        fresh.start()
    assert rolling(found) == sorted(["acct-1", "acct-2", third])
    (letter,) = read(fresh, DEAD_LETTERS)
    assert letter["reason"].startswith("schema id not known")
    assert "waits for the registry" in Path("run.log").read_text()


def test_figures_and_health_are_served(fresh: LocalBroker) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    write(fresh, burst("acct-1"))
    heartbeats(fresh, START + DAY)
    with running("--metrics-port", str(port)):
        decided = wait_for(fresh, DISPOSITIONS, 2)
        time.sleep(1)
        text = httpx.get(f"http://127.0.0.1:{port}/metrics").text
        health = httpx.get(f"http://127.0.0.1:{port}/health")
        assert httpx.get(f"http://127.0.0.1:{port}/").status_code == 404
    figures = {line.rpartition(" ")[0]: float(line.rpartition(" ")[2]) for line in text.splitlines() if line[0] != "#"}
    assert figures["sentinel_events_total"] == 9
    assert figures['sentinel_alerts_total{rule="geo_rolling"}'] == 1
    assert sum(n for name, n in figures.items() if name.startswith("sentinel_dispositions_total")) == len(decided) == 2
    lags = {name: n for name, n in figures.items() if name.startswith("sentinel_lag_records")}
    assert {name.partition('"')[2].partition('"')[0] for name in lags} == {"detect", "triage"}
    assert set(lags.values()) == {0}, "what ends a transaction in the log is no record"
    assert max(n for name, n in figures.items() if name.startswith("sentinel_watermark")) > START / 1000
    assert any(name.startswith("sentinel_step_seconds_count") for name in figures)
    assert (health.status_code, health.json()["status"], health.json()["events"]) == (200, "up", 9)
