"""`sentinel run` on a real broker: what comes out of the topics is what a replay of the same log gives."""

from sentinel_cli.broker.local import LocalBroker
from sentinel_cli.generator import Mode, generate
from tests.integration.kafka.log import heartbeats, read, wait_for, write
from tests.integration.kafka.running import (
    ALERTS,
    DAY,
    DISPOSITIONS,
    ENRICHED,
    LATE,
    by_id,
    disordered,
    replayed,
    running,
)


def test_the_alerts_are_those_of_a_replay(fresh: LocalBroker) -> None:
    stream = generate(5_000, 200, Mode.mixed, 7)
    lines = list(stream.transactions)
    expected = replayed(lines)
    assert len(expected) > 5
    write(fresh, lines)
    heartbeats(fresh, stream.lap.end + DAY)
    with running():
        found = wait_for(fresh, DISPOSITIONS, len(expected))
    ids = [alert["alert_id"] for alert in expected]
    assert [row["alert_id"] for row in by_id(found)] == ids
    assert [row["alert_id"] for row in by_id(read(fresh, ENRICHED))] == ids
    assert by_id(read(fresh, ALERTS)) == expected


def test_late_rows_are_judged_by_the_log_of_their_partition(fresh: LocalBroker) -> None:
    stream = generate(20_000, 300, Mode.mixed, 3)
    in_order = list(stream.transactions)
    lines = disordered(in_order, 1, 1_500)
    expected = replayed(lines, "--partitions", "6")
    assert expected != replayed(in_order), "the order matters"
    write(fresh, lines)
    heartbeats(fresh, stream.lap.end + DAY)
    with running("--threads", "2"):
        wait_for(fresh, DISPOSITIONS, len(expected))
    assert by_id(read(fresh, ALERTS)) == expected
    assert len(read(fresh, LATE)) > 500
