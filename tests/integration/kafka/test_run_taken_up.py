"""`sentinel run` where a partition is taken up by an instance that knows other things than the one before."""

from sentinel_cli.broker.local import LocalBroker
from tests.integration.kafka.log import heartbeats, read, wait_for, write
from tests.integration.kafka.running import ALERTS, DAY, LATE, by_id, replayed, running
from tests.integration.kafka.test_run_bad_input import START
from tests.integration.kafka.test_run_quiet import burst, rolling
from tests.integration.kafka.topics import connection, make_topics


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
