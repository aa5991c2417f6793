"""A partition is taken up from a snapshot, and one whose files go while they are read is not used."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, cast

import pytest
from confluent_kafka import Consumer, TopicPartition
from pydantic import SecretStr

from sentinel_cli.kafka.connection import Connection
from sentinel_cli.local.engine import Engine
from sentinel_cli.service.inlet import Inlet
from sentinel_cli.service.job import Job
from sentinel_cli.service.options import Options
from sentinel_cli.service.restore import Restore
from sentinel_cli.service.snapshots import Snapshots
from sentinel_cli.settings import SecurityProtocol
from sql import load_pipeline
from sql.topics import ALERTS, RAW
from tests.cases import load_batch
from tests.sql.streams import START, deposits

END = 3
"""The committed offset; what lies before it has been deleted, so that only a snapshot knows of it."""
SECRET = SecretStr("")
NOWHERE = Connection("127.0.0.1:1", SecurityProtocol.plaintext, "", SECRET, "", "http://127.0.0.1:1", "", SECRET)


class Log:
    """What a consumer says of a partition of which nothing is kept."""

    def get_watermark_offsets(self, *_: object, **__: object) -> tuple[int, int]:
        return END, END


@pytest.fixture
def snapshots(tmp_path: Path) -> Snapshots:
    """With one of partition 0."""
    snapshots = Snapshots(tmp_path, "1")
    with engine() as known:
        batch = load_batch(known.connection, deposits("ACC-1", [START, START + 1, START + 2], [9_000.0] * 3))
        known.step(batch)
        with closing(known.capture(0)) as capture:
            snapshots.write(0, END, known.watermarks[0], capture.write)
    return snapshots


@pytest.fixture
def restore(snapshots: Snapshots, tmp_path: Path) -> Iterator[Restore]:
    nobody = cast("Any", None)
    job = Job(NOWHERE, load_pipeline(), Options("test", tmp_path), nobody, nobody)
    with engine() as new:
        yield Restore(job, new, Inlet(new.connection, lambda _: "JSON"), snapshots)


def engine() -> Engine:
    return Engine(load_pipeline(), until=ALERTS, incremental=True)


def begun(restore: Restore) -> Engine:
    restore.begin(TopicPartition(RAW, 0, END), cast("Consumer", Log()))
    return restore.engine


def test_a_partition_is_as_its_snapshot_says(restore: Restore) -> None:
    engine = begun(restore)
    assert list(restore.advance()) == [(0, END)]
    assert engine.waits(0)


@pytest.mark.parametrize("damage", ["gone", "cut short", "changed"])
def test_what_goes_while_it_is_read_is_not_used(restore: Restore, tmp_path: Path, damage: str) -> None:
    engine = begun(restore)
    for file in tmp_path.glob("partition-0/*/*.parquet"):
        match damage:
            case "gone":
                file.unlink()
            case "cut short":
                file.write_bytes(file.read_bytes()[:-20])
            case "changed":
                file.write_bytes(file.read_bytes().replace(b"PAR1", b"PAR1" * 2, 1))
    assert list(restore.advance()) == [(0, END)]
    assert (engine.watermarks, engine.waits(0)) == ({}, False)
