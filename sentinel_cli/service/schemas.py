"""Schema ids of the topics that are written, and what is known of those that are read; kept over a restart."""

import json
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path

from sentinel_cli.kafka.registry import Registry, RegistryDownError
from sentinel_cli.service.job import note
from sql.errors import ServiceError

_PAUSE = 1.0


class Schemas:
    """
    The registry's ids, remembered in a file: a service that starts while the registry is down goes on with them.

    Args:
        registry: Where they are looked up.
        file: Where they are remembered; one that cannot be read or written is done without.
    """

    def __init__(self, registry: Registry, file: Path) -> None:
        self.registry, self.file = registry, file
        self.ids: dict[str, int] = {}
        self.known: dict[int, str] = {}
        """Type of each schema id that was ever looked up."""
        with suppress(OSError, ValueError, KeyError, AttributeError):
            kept = json.loads(file.read_text())
            if kept["registry"] == registry.url:
                self.ids = {str(subject): int(schema_id) for subject, schema_id in kept["ids"].items()}
                self.known = {int(schema_id): str(type_) for schema_id, type_ in kept["known"].items()}

    def look_up(self, topics: Iterable[str], stopping: Callable[[], bool]) -> None:
        """
        Learn the newest id of each topic's value schema; while the registry is down, wait for those not remembered.

        Raises:
            ServiceError: the registry has no such subject, or refuses the key.
        """
        for topic in topics:
            subject = f"{topic}-value"
            while not stopping():
                try:
                    latest = self.registry.latest(subject)
                except RegistryDownError as error:
                    if subject in self.ids:
                        note(f"{error} Going on with what is remembered of {subject}.")
                        break
                    note(f"{error} Waiting for it.")
                    time.sleep(_PAUSE)
                    continue
                if latest is None:
                    raise ServiceError(
                        f"The registry has no subject {subject}: run `sentinel topics create --yes`, or `pulumi up`."
                    )
                self.ids[subject], self.known[latest.id] = latest.id, latest.type
                break
        self._keep()

    def type_of(self, schema_id: int) -> str | None:
        """JSON, AVRO or PROTOBUF; None where the registry does not know the id. RegistryDownError where it is down."""
        if schema_id not in self.known:
            found = self.registry.by_id(schema_id)
            if found is None:
                return None
            self.known[schema_id] = found.type
            self._keep()
        return self.known[schema_id]

    def _keep(self) -> None:
        with suppress(OSError):
            self.file.write_text(json.dumps({"registry": self.registry.url, "ids": self.ids, "known": self.known}))
