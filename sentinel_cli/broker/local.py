"""A broker and a registry in a folder: made, started, stopped; the settings by which the commands find them."""

import json
import shutil
import subprocess
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from time import monotonic, sleep
from uuid import uuid4

import httpx

from sentinel_cli.broker.parts import KAFKA_JAVA, REGISTRY_JAVA, java, kafka_jars, registry_app
from sentinel_cli.broker.process import Server, free_ports
from sql.errors import ServiceError, UsageError

_JVM = ("-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC")
_QUIET = "-Dorg.slf4j.simpleLogger.defaultLogLevel=error"
_PLACES = "places.json"
_PROPERTIES = {
    "process.roles": "broker,controller",
    "node.id": "1",
    "controller.listener.names": "CONTROLLER",
    # One broker is all there is: what Kafka keeps for itself is kept once, and in few parts.
    "offsets.topic.replication.factor": "1",
    "offsets.topic.num.partitions": "1",
    "transaction.state.log.replication.factor": "1",
    "transaction.state.log.min.isr": "1",
    "transaction.state.log.num.partitions": "1",
    "share.coordinator.state.topic.replication.factor": "1",
    "share.coordinator.state.topic.min.isr": "1",
    "group.initial.rebalance.delay.ms": "0",
    # After a kill it is taken for dead within a second, and may come back at once.
    "broker.session.timeout.ms": "1000",
    "broker.heartbeat.interval.ms": "200",
    "auto.create.topics.enable": "false",
}


@dataclass(frozen=True)
class Places:
    """Ports of this machine, chosen once for a folder."""

    kafka: int
    controller: int
    registry: int
    management: int
    """Of the registry: without one of its own a second registry on the machine fails."""


class LocalBroker:
    """
    Apache Kafka and Apicurio Registry in a folder.

    Args:
        folder: Holds data, logs and process ids; made where it is not there.
        listener: Properties of the broker's listener in place of PLAINTEXT, by which it speaks TLS and asks for a key.
        host: Name by which clients reach it.
    """

    def __init__(self, folder: Path, listener: Mapping[str, str] | None = None, host: str = "127.0.0.1") -> None:
        self.folder = folder.resolve()
        self.listener = dict(listener or {})
        self.folder.mkdir(parents=True, exist_ok=True)
        self.places = self._places()
        self.bootstrap = f"{host}:{self.places.kafka}"
        self.registry_url = f"http://127.0.0.1:{self.places.registry}/apis/ccompat/v7"

    @property
    def kafka(self) -> Server:
        """The broker's process."""
        command = [java(KAFKA_JAVA), "-Xmx512m", *_JVM, _QUIET, "-cp", f"{kafka_jars()}/*", "kafka.Kafka"]
        return Server("broker", self.folder, self.places.kafka, (*command, str(self._properties())))

    @property
    def registry(self) -> Server:
        """The registry's process; it keeps its schemas, and their ids, in a file."""
        port, home = self.places.registry, registry_app()
        options = [f"-Dquarkus.http.port={port}", "-Dquarkus.http.host=127.0.0.1"]
        options += ["-Dquarkus.management.host=127.0.0.1", f"-Dquarkus.management.port={self.places.management}"]
        options += ["-Dquarkus.log.console.level=WARN"]
        options += ["-Dapicurio.storage.kind=sql", "-Dapicurio.storage.sql.kind=h2"]
        # Without the last, a schema of the last half second is lost where the registry is killed.
        options += [f"-Dapicurio.datasource.url=jdbc:h2:file:{self.folder / 'schemas'};WRITE_DELAY=0"]
        command = [java(REGISTRY_JAVA), "-Xmx512m", *_JVM, *options, "-jar", f"{home}/quarkus-run.jar"]
        return Server("registry", self.folder, port, tuple(command))

    def start(self) -> None:
        """Start both, unless they run, and wait until both answer; ServiceError where one does not."""
        broker, registry = self.kafka, self.registry
        try:
            registry.launch()
            if not (self.folder / "data/meta.properties").is_file():
                self._format()
            broker.start()
            registry.start()
            self._await_registry()
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Stop both."""
        for name, port in (("broker", self.places.kafka), ("registry", self.places.registry)):
            Server(name, self.folder, port, ()).stop()

    def delete(self) -> None:
        """Stop both and remove all that they hold."""
        self.stop()
        shutil.rmtree(self.folder)

    def settings(self) -> dict[str, str]:
        """The variables by which the commands find them."""
        return settings(self.bootstrap, "SASL_SSL" if self.listener else "PLAINTEXT", self.registry_url)

    def _places(self) -> Places:
        file = self.folder / _PLACES
        if file.is_file():
            try:
                return Places(**json.loads(file.read_text()))
            except (ValueError, TypeError):
                raise UsageError(f"{file} does not say where the broker is: remove {self.folder}.") from None
        if any(self.folder.iterdir()):
            raise UsageError(f"{self.folder} is not empty and holds no broker of ours: name another folder.")
        places = Places(*free_ports(4))
        file.write_text(json.dumps(asdict(places)))
        return places

    def _properties(self) -> Path:
        name = "SASL_SSL" if self.listener else "PLAINTEXT"
        properties = _PROPERTIES | {
            "controller.quorum.voters": f"1@127.0.0.1:{self.places.controller}",
            "listeners": f"{name}://127.0.0.1:{self.places.kafka},CONTROLLER://127.0.0.1:{self.places.controller}",
            "advertised.listeners": f"{name}://{self.bootstrap}",
            "listener.security.protocol.map": f"{name}:{name},CONTROLLER:PLAINTEXT",
            "inter.broker.listener.name": name,
            "log.dirs": str(self.folder / "data"),
            **self.listener,
        }
        file = self.folder / "server.properties"
        file.write_text("".join(f"{key}={value}\n" for key, value in properties.items()))
        return file

    def _format(self) -> None:
        # A leading "-" would be taken for an option.
        cluster = urlsafe_b64encode(uuid4().bytes).decode().rstrip("=").replace("-", "A")
        command = [java(KAFKA_JAVA), *_JVM, _QUIET, "-cp", f"{kafka_jars()}/*", "kafka.tools.StorageTool", "format"]
        command += ["-t", cluster, "-c", str(self._properties())]
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
        if done.returncode:
            raise ServiceError(f"The broker's folder {self.folder} cannot be made ready: {done.stderr.strip()[:200]}")

    def _await_registry(self) -> None:
        deadline = monotonic() + 60
        while monotonic() < deadline:
            with suppress(httpx.HTTPError):
                if httpx.get(f"{self.registry_url}/subjects", timeout=5, trust_env=False).is_success:
                    return
            sleep(0.1)
        raise ServiceError("The registry does not answer after 60 s.")


def settings(bootstrap: str, protocol: str, registry_url: str) -> dict[str, str]:
    """The variables by which the commands find a broker and its registry."""
    return {
        "SENTINEL_KAFKA_BOOTSTRAP_ENDPOINT": bootstrap,
        "SENTINEL_KAFKA_SECURITY_PROTOCOL": protocol,
        "SENTINEL_SCHEMA_REGISTRY_ENDPOINT": registry_url,
    }
