"""`sentinel run` with a model's endpoint: nothing is paid for twice, and nothing waits for the model that need not."""

import signal
import time
from collections import Counter
from collections.abc import Callable

import pytest

from sentinel_cli.broker.local import LocalBroker
from sql.topics import DEAD_LETTERS
from tests.deposits import START, deposits
from tests.integration.kafka.log import heartbeats, read, wait_for, write
from tests.integration.kafka.running import ALERTS, DAY, DISPOSITIONS, running, start, stop
from tests.sentinel_cli.llm.stand_in import StandIn, always, hang, megabyte

COUNT = 200
ONE_RULE = ("--rules", "structuring_rolling")


def stream(broker: LocalBroker) -> None:
    """As many alerts as COUNT."""
    write(broker, deposits(COUNT))
    heartbeats(broker, START + DAY)


def wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert condition()


def use(endpoint: StandIn, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SENTINEL_LLM_ENDPOINT", endpoint.url)
    monkeypatch.setenv("SENTINEL_LLM_MODEL", "stand-in")


def check(broker: LocalBroker) -> None:
    """Each alert has one disposition, by the model."""
    found = wait_for(broker, DISPOSITIONS, COUNT, 120)
    assert Counter(Counter(row["alert_id"] for row in found).values()) == {1: COUNT}
    assert {row["model"] for row in found} == {"openai/stand-in"}


def test_after_a_kill_only_what_was_in_flight_is_asked_again(
    fresh: LocalBroker, monkeypatch: pytest.MonkeyPatch
) -> None:
    stream(fresh)
    with StandIn(latency=0.1) as endpoint:
        use(endpoint, monkeypatch)
        killed = start(*ONE_RULE)
        wait_until(lambda: len(endpoint.answered) > COUNT // 2)
        stop(killed, signal.SIGKILL)
        with running(*ONE_RULE):
            check(fresh)
    assert len(endpoint.answered) == 2 * COUNT
    assert sum(endpoint.answered.values()) - 2 * COUNT <= 10


def test_a_transaction_that_is_repeated_asks_nothing_again(fresh: LocalBroker, monkeypatch: pytest.MonkeyPatch) -> None:
    stream(fresh)
    with StandIn(latency=0.1) as endpoint:
        use(endpoint, monkeypatch)
        with running(*ONE_RULE):
            wait_until(lambda: len(endpoint.answered) > COUNT // 2)
            fresh.kafka.stop(seconds=0)
            time.sleep(2)
            fresh.start()
            check(fresh)
    assert set(endpoint.answered.values()) == {1}
    assert len(endpoint.answered) == 2 * COUNT


def test_alerts_do_not_wait_for_a_model_and_a_stop_does_not_either(
    fresh: LocalBroker, monkeypatch: pytest.MonkeyPatch
) -> None:
    with StandIn(always(hang)) as endpoint:
        use(endpoint, monkeypatch)
        with running(*ONE_RULE):
            stream(fresh)
            assert len(wait_for(fresh, ALERTS, COUNT)) == COUNT
            wait_until(lambda: len(endpoint.seen) >= 10)
            assert read(fresh, DISPOSITIONS) == []
            stopped = time.monotonic()
        assert time.monotonic() - stopped < 10


def test_an_answer_that_is_too_large_for_its_topic_leaves_no_alert_without_a_disposition(
    fresh: LocalBroker, monkeypatch: pytest.MonkeyPatch
) -> None:
    stream(fresh)
    with StandIn(lambda seen: megabyte if seen.number % 10 == 0 else None) as endpoint:
        use(endpoint, monkeypatch)
        with running(*ONE_RULE):
            check(fresh)
    assert read(fresh, DEAD_LETTERS) == []
    broken = [row for row in read(fresh, DISPOSITIONS) if row["agent_status"] == "MALFORMED"]
    assert len(broken) >= COUNT // 20
    assert not [row for row in broken if row["decision"] == "DISMISS"]
