"""Brings the broker up and down, and says so."""

import sys
from pathlib import Path

from confluent_kafka.admin import AdminClient
from pydantic import SecretStr

from sentinel_cli.broker.local import LocalBroker, settings
from sentinel_cli.kafka.connection import Connection
from sentinel_cli.kafka.preflight import check_broker
from sentinel_cli.kafka.registry import Registry
from sentinel_cli.settings import SecurityProtocol
from sentinel_cli.topics.create import carry_out
from sentinel_cli.topics.plan import make_plan
from sql import load_pipeline


def bring_up(folder: Path, partitions: int | None) -> dict[str, str]:
    """Start both and make topics and schemas; the settings by which the commands find them."""
    broker = LocalBroker(folder)
    _say(f"starting Apache Kafka and Apicurio Registry in {folder}")
    broker.start()
    ready = make_ready(broker.bootstrap, broker.registry_url, partitions)
    _say(f"broker {broker.bootstrap}, registry {broker.registry_url}; `sentinel broker down` stops them")
    return ready


def make_ready(bootstrap: str, registry_url: str, partitions: int | None) -> dict[str, str]:
    """Make topics and schemas on a broker without keys that is there; the settings by which the commands find it."""
    nobody = SecretStr("")
    plaintext = SecurityProtocol.plaintext
    connection = Connection(bootstrap, plaintext, "", nobody, "", registry_url, "", nobody)
    check_broker(connection)
    admin, registry = AdminClient(connection.client()), Registry(connection)
    plan = make_plan(load_pipeline().tables, admin, registry, partitions)
    carry_out(plan, admin, registry, 1, _say)
    return settings(bootstrap, plaintext.value, registry_url)


def bring_down(folder: Path, *, delete: bool) -> str:
    """Stop both; what was done."""
    if not folder.is_dir():
        return f"nothing was started in {folder}"
    broker = LocalBroker(folder)
    if delete:
        broker.delete()
        return f"stopped, and {folder} removed"
    broker.stop()
    return f"stopped; the data stay in {folder}"


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
