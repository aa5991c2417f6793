"""What a registry said is known when it has gone."""

from pathlib import Path
from typing import cast

import pytest

from sentinel_cli.kafka.registry import RegisteredSchema, Registry, RegistryDownError
from sentinel_cli.service.schemas import Schemas


class Going:
    """A registry that tells its subjects' newest schemas, and then is away."""

    url = "http://127.0.0.1:1"

    def latest(self, _: str) -> RegisteredSchema:
        return RegisteredSchema(7, "{}", "JSON")

    def by_id(self, _: int) -> RegisteredSchema:
        raise RegistryDownError("away")


def test_the_type_of_a_schema_that_was_looked_up_is_known(tmp_path: Path) -> None:
    file = tmp_path / "schemas.json"
    registry = cast("Registry", Going())
    schemas = Schemas(registry, file)
    schemas.look_up(["topic"], lambda: False)
    for known in (schemas, Schemas(registry, file)):
        assert known.type_of(7) == "JSON"
        with pytest.raises(RegistryDownError):
            known.type_of(8)
