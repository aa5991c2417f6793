"""What `sentinel run` counts is what it has committed."""

from pathlib import Path
from typing import Any, cast

from confluent_kafka import KafkaError, KafkaException

from sentinel_cli.broker.local import LocalBroker
from sentinel_cli.kafka.registry import Registry
from sentinel_cli.service.detect import Detect
from sentinel_cli.service.job import Job
from sentinel_cli.service.options import Options
from sentinel_cli.service.schemas import Schemas
from sentinel_cli.service.service import versions
from sentinel_cli.service.snapshots import Snapshots
from sql import load_pipeline
from tests.integration.kafka.log import wait_for, write, write_raw
from tests.integration.kafka.running import ALERTS
from tests.integration.kafka.test_run_bad_input import bursts
from tests.integration.kafka.topics import connection


class Refused:
    """A producer whose first commit the broker refuses."""

    def __init__(self, producer: Any) -> None:
        self.producer, self.refused = producer, 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self.producer, name)

    def commit_transaction(self, seconds: float) -> None:
        if self.refused:
            self.producer.commit_transaction(seconds)
            return
        self.refused += 1
        raise KafkaException(KafkaError(KafkaError.CONCURRENT_TRANSACTIONS, "refused"))


def test_a_transaction_that_is_aborted_and_repeated_counts_once(fresh: LocalBroker, tmp_path: Path) -> None:
    where, pipeline, nobody = connection(fresh), load_pipeline(), cast("Any", None)
    write(fresh, bursts())
    write_raw(fresh, [(b"acct-bad", b"no frame")])
    schemas = Schemas(Registry(where, 2), tmp_path / "schemas.json")
    schemas.look_up([table.name for table in pipeline.tables], lambda: False)
    job = Job(where, pipeline, Options("test", tmp_path), nobody, nobody)
    detect = Detect(job, "detect", schemas, Snapshots(tmp_path, versions(pipeline, "a log")), "test-figures")
    producer = Refused(detect.producer)
    detect.producer = cast("Any", producer)
    detect.run(lambda: job.figures.totals["events"] >= 150 and job.figures.totals["rejected"] >= 1)
    assert producer.refused == 1
    alerts = len(wait_for(fresh, ALERTS, 30))
    assert job.figures.totals == {"events": 150, "rejected": 1, "late": 0, "alerts": alerts, "dispositions": 0}
