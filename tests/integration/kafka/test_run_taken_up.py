"""`sentinel run` where a partition is taken up by an instance that knows other things than the one before."""

import signal
from pathlib import Path

from sentinel_cli.broker.local import LocalBroker
from sentinel_cli.kafka.registry import Registry
from sentinel_cli.kafka.wire import frame
from tests.integration.kafka.faults import wait_until_read
from tests.integration.kafka.log import heartbeats, read, wait_for, write, write_raw
from tests.integration.kafka.running import ALERTS, DAY, LATE, by_id, replayed, running, start, stop
from tests.integration.kafka.test_run_bad_input import START
from tests.integration.kafka.test_run_quiet import burst, place, rolling
from tests.integration.kafka.topics import connection, make_topics

OTHER = '{"$schema": "http://json-schema.org/draft-07/schema#", "type": "object"}'


def test_snapshots_of_a_topic_that_was_deleted_are_not_taken_up(fresh: LocalBroker) -> None:
    write(fresh, burst("acct-1", START + 10 * DAY))
    heartbeats(fresh, START + 11 * DAY)
    with running():
        assert rolling(wait_for(fresh, ALERTS, 2)) == ["acct-1"]
    make_topics(connection(fresh))
    first, second = burst("acct-1"), burst("acct-1", START + 2 * DAY)
    write(fresh, first)
    heartbeats(fresh, START + DAY)
    with running("--state", "elsewhere"):
        assert rolling(wait_for(fresh, ALERTS, 2)) == ["acct-1"]
    write(fresh, second)
    heartbeats(fresh, START + 3 * DAY)
    expected = replayed(first + second, "--partitions", "6")
    with running():
        found = wait_for(fresh, ALERTS, len(expected), 30)
    assert rolling(found) == ["acct-1", "acct-1"]
    assert by_id(found) == expected
    assert read(fresh, LATE) == []


def test_a_partition_whose_schema_nobody_knows_is_read_back_once_the_registry_answers(fresh: LocalBroker) -> None:
    other = Registry(connection(fresh)).register("other-value", OTHER)
    assert place("acct-1") != place("acct-2")
    earlier = burst("acct-2", START - 2 * DAY)
    *first, last = burst("acct-1")
    write(fresh, earlier)
    heartbeats(fresh, START - DAY)
    with running("--state", "elsewhere"):
        assert rolling(wait_for(fresh, ALERTS, 2)) == ["acct-2"]
    before = start()
    write_raw(fresh, [(b"acct-1", frame(other, line)) for line in first])
    assert wait_until_read(fresh, 60) == 0
    fresh.registry.stop(seconds=0)
    stop(before, signal.SIGKILL)
    write(fresh, [last, *burst("acct-2")])
    heartbeats(fresh, START + DAY)
    with running("--state", "elsewhere", "--registry-wait", "1"):
        assert rolling(wait_for(fresh, ALERTS, 4)) == ["acct-2", "acct-2"]
        assert f"Partition {place('acct-1')} waits for the registry" in Path("run.log").read_text()
        fresh.start()
        found = wait_for(fresh, ALERTS, 6)
    assert by_id(found) == replayed([*earlier, *first, last, *burst("acct-2")], "--partitions", "6")
