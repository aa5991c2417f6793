"""An engine that runs for months takes no more room than what it knows."""

from collections.abc import Callable

import pytest

from sentinel_cli.local.engine import Engine
from sql import load_pipeline
from sql.topics import ALERTS
from tests.alerts import alert


@pytest.mark.parametrize("emptied", [Engine.clear, lambda engine: engine.drain(ALERTS)], ids=["clear", "drain"])
def test_what_is_emptied_takes_no_room(emptied: Callable[[Engine], object]) -> None:
    with Engine(load_pipeline(), after=ALERTS) as engine:

        def taken() -> int:
            engine.append(ALERTS, [alert(number) for number in range(2_000)])
            emptied(engine)
            ((found,),) = engine.connection.execute("SELECT sum(memory_usage_bytes) FROM duckdb_memory()").fetchall()
            return int(found)

        first = taken()
        assert [taken() for _ in range(5)][-1] < first + 1_000_000
