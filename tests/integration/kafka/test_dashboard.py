"""The dashboard's source on a real broker: what is there, what comes, and a broker that goes away and comes back."""

import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from threading import Event, Thread

import orjson
import pytest

from sentinel_cli.broker.local import LocalBroker
from sentinel_cli.dashboard.board import Board, Snapshot
from sentinel_cli.dashboard.kafka_source import KafkaSource
from sentinel_cli.kafka.connection import Account, Connection
from tests.alerts import alert, alert_id, disposition, enriched
from tests.integration.kafka.log import heartbeats, seal, write, write_raw
from tests.integration.kafka.secure import SecureBroker
from tests.integration.kafka.topics import connection
from tests.sentinel_cli.dashboard.screen import after

ALERTS, ENRICHED, DISPOSITIONS = "sentinel.aml_alerts", "sentinel.aml_alerts_enriched", "sentinel.alert_dispositions"


def following(broker: LocalBroker, most: int = 50) -> AbstractContextManager[Board]:
    """A board that a broker feeds."""
    return fed(connection(broker), most)


@contextmanager
def fed(where: Connection, most: int = 50) -> Iterator[Board]:
    board, stop = Board(most), Event()
    thread = Thread(target=KafkaSource(where, board, committed=False).run, args=(stop,))
    thread.start()
    try:
        yield board
    finally:
        stop.set()
        thread.join(30)


def soon(board: Board, holds: Callable[[Snapshot], bool], seconds: float = 30) -> Snapshot:
    """The board, as soon as something holds of it."""
    deadline = time.monotonic() + seconds
    while not holds(shown := board.snapshot()):
        assert time.monotonic() < deadline, shown
        time.sleep(0.05)
    return shown


def put(broker: LocalBroker, topic: str, make: Callable[..., dict[str, object]], *numbers: int) -> None:
    write(broker, [orjson.dumps(make(number)) for number in numbers], topic)


def decided(board: Snapshot, number: int) -> bool:
    return any(case.row["alert_id"] == alert_id(number) and "decision" in case.row for case in board.cases)


def test_what_is_there_is_shown_and_what_comes(fresh: LocalBroker) -> None:
    put(fresh, ALERTS, alert, *range(30))
    put(fresh, ENRICHED, enriched, *range(30))
    put(fresh, DISPOSITIONS, disposition, *range(30))
    with following(fresh) as board:
        shown = soon(
            board, lambda b: b.alerts == 30 and all({"decision", "summary"} <= {*case.row} for case in b.cases)
        )
        assert {case.row["summary"] for case in shown.cases} == {f"Summary {number}." for number in range(30)}
        put(fresh, ALERTS, alert, 30)
        soon(board, lambda b: b.alerts == 31)
        put(fresh, DISPOSITIONS, disposition, 30)
        soon(board, lambda b: decided(b, 30))
        heartbeats(fresh, 1_800_000_000_000)
        assert soon(board, lambda b: b.events == 6).events_per_minute[-1] <= 6
        assert "ACC-000030" in after(board)


def test_only_the_newest_are_kept_and_garbage_is_counted(fresh: LocalBroker) -> None:
    write_raw(fresh, [(None, b"garbage")] * 20, ALERTS)
    put(fresh, ALERTS, alert, *range(200))
    put(fresh, ALERTS, alert, 199)
    with following(fresh, most=10) as board:
        shown = soon(board, lambda b: b.repeats >= 1)
        assert len(shown.cases) == 10
        write_raw(fresh, [(None, b"garbage")] * 20, ALERTS)
        soon(board, lambda b: b.unreadable >= 20)


@pytest.mark.parametrize("seed", range(3))
def test_a_broker_that_was_killed_is_found_again(fresh: LocalBroker, seed: int) -> None:
    with following(fresh) as board:
        put(fresh, ALERTS, alert, 1)
        soon(board, lambda b: b.alerts == 1 and b.events is not None)
        fresh.kafka.stop(seconds=0)
        time.sleep(6 + seed)
        assert "is away: last contact " in after(board)
        fresh.start()
        put(fresh, ALERTS, alert, 2)
        put(fresh, DISPOSITIONS, disposition, 2)
        soon(board, lambda b: decided(b, 2) and b.contact is not None and b.contact < 3, 60)
        assert "connected to a test" in after(board)


def test_the_analysts_key_is_enough(secured: SecureBroker) -> None:
    seal(secured, ALERTS, alert(1))
    seal(secured, DISPOSITIONS, disposition(1))
    with fed(secured.connection(Account.analyst)) as board:
        shown = soon(board, lambda b: decided(b, 1) and b.contact is not None)
        time.sleep(2)
        assert (shown.events, board.snapshot().trouble) == (None, "")
        assert "events/min unknown" in after(board)


def test_a_registry_that_was_killed_is_waited_for(fresh: LocalBroker) -> None:
    fresh.registry.stop(seconds=0)
    with following(fresh) as board:
        put_framed(fresh)
        soon(board, lambda b: "registry" in b.trouble)
        fresh.start()
        soon(board, lambda b: b.alerts == 1)


def put_framed(broker: LocalBroker) -> None:
    """An alert written while the registry is away, with the id that it will have again."""
    from sentinel_cli.kafka.wire import frame

    for schema_id in range(1, 20):
        write_raw(broker, [(b"ACC-000001", frame(schema_id, orjson.dumps(alert(1))))], ALERTS)
