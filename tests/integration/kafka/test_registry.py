"""The real registry: the id of a record that was garbage becomes that of the next schema version."""

import json

import orjson
import pytest

from sentinel_cli.broker.local import LocalBroker
from sentinel_cli.kafka.reading import RowReader, UnreadableError
from sentinel_cli.kafka.registry import BELIEVED, Registry
from sentinel_cli.kafka.wire import frame
from sentinel_cli.topics.plan import subject
from sql import load_pipeline
from tests.alerts import alert
from tests.integration.kafka.topics import connection


def test_records_of_a_version_whose_id_was_seen_before_it_was_registered_are_read(fresh: LocalBroker) -> None:
    now, table = 1_000.0, load_pipeline().table("sentinel.aml_alerts")
    registry = Registry(connection(fresh), clock=lambda: now)
    reader = RowReader(table, registry)
    name, schema = subject(table), {**table.schema, "title": "The version before"}
    coming = registry.register(name, json.dumps(schema)) + 1
    record = frame(coming, orjson.dumps(alert(1)))
    with pytest.raises(UnreadableError, match=f"knows no schema {coming}"):
        reader.row(record)
    assert registry.register(name, json.dumps({**schema, "title": "The new version"})) == coming
    now += BELIEVED
    assert reader.row(record)["alert_id"] == alert(1)["alert_id"]
