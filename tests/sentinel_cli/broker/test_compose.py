"""The Compose file starts what `sentinel broker up` starts, and is as docs/local.md tells."""

import re
from pathlib import Path

import yaml

from sentinel_cli.broker import parts

ROOT = Path(__file__).parents[3]
COMPOSE = ROOT / "docs" / "examples" / "compose.yaml"


def test_it_has_the_same_versions() -> None:
    images = {name: service["image"] for name, service in yaml.safe_load(COMPOSE.read_text())["services"].items()}
    pom = Path(parts.__file__).with_name("pom.xml").read_text()
    kafka = re.search(r"kafka_2\.13</artifactId>\s*<version>([\d.]+)<", pom)
    assert kafka is not None
    registry = parts.REGISTRY.split(":")[2]
    assert images == {"broker": f"apache/kafka:{kafka[1]}", "registry": f"apicurio/apicurio-registry:{registry}"}


def test_its_ports_are_those_of_the_page_and_of_this_machine_alone() -> None:
    services = yaml.safe_load(COMPOSE.read_text())["services"]
    ports = [port.rpartition(":")[0] for service in services.values() for port in service["ports"]]
    page = (ROOT / "docs" / "local.md").read_text("utf-8")
    for port in ports:
        assert port.startswith("127.0.0.1:")
        assert port in page
