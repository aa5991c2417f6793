"""What windows are over is kept once, as long as the longest of them needs it."""

from collections.abc import Iterator

import pytest

from sentinel_cli.local._planner import make_plan
from sentinel_cli.local.engine import Engine
from sql import Statement, load_pipeline
from sql.errors import PipelineError
from sql.topics import ALERTS
from tests.cases import load_batch
from tests.sql.streams import MINUTE, START, deposits


@pytest.fixture
def engine() -> Iterator[Engine]:
    with Engine(load_pipeline(), until=ALERTS, incremental=True) as engine:
        yield engine


def step(engine: Engine, minute: int) -> None:
    """A deposit of each of three accounts in that minute."""
    rows = [
        row
        for account in ("acct-1", "acct-2", "acct-3")
        for row in deposits(account, [START + minute * MINUTE], [900.0])
    ]
    batch = load_batch(engine.connection, rows)
    engine.step(f"(SELECT * REPLACE (__seq + {minute * 3} AS __seq) FROM {batch})")


def kept(engine: Engine, rule: str) -> int:
    (run,) = (run for run in engine.runs if run.plan.statement.name == rule)
    assert run.candidates is not None
    ((count,),) = engine.connection.execute(f"SELECT count(*) FROM {run.candidates.name}").fetchall()
    return int(count)


def test_rules_that_select_the_same_rows_by_the_same_key_share_them(engine: Engine) -> None:
    shared: dict[int, list[str]] = {}
    for run in engine.runs:
        if run.candidates:
            shared.setdefault(id(run.candidates), []).append(run.plan.statement.name)
    assert sorted(sorted(names) for names in shared.values()) == [
        ["geo", "geo-rolling", "velocity"],
        ["structuring", "structuring-rolling"],
        ["structuring-multiday"],
    ]


def test_a_row_is_kept_once(engine: Engine) -> None:
    step(engine, 0)
    step(engine, 1)
    assert {rule: kept(engine, rule) for rule in ("geo", "velocity", "structuring")} == {
        "geo": 6,
        "velocity": 6,
        "structuring": 6,
    }


def test_a_window_over_windows_is_refused_where_they_are_kept() -> None:
    sql = """INSERT INTO `sentinel.aml_alerts` (`key`, alert_id)
    WITH scored AS (
      SELECT account_id, event_time, COUNT(*) OVER w AS n FROM `sentinel.transactions_raw`
      WINDOW w AS (
        PARTITION BY account_id ORDER BY event_time RANGE BETWEEN INTERVAL '1' HOUR PRECEDING AND CURRENT ROW
      )
    ),
    windowed AS (
      SELECT account_id, window_start, window_end, window_time, MAX(n) AS most
      FROM TABLE(TUMBLE(TABLE scored, DESCRIPTOR(event_time), INTERVAL '1' HOUR))
      GROUP BY account_id, window_start, window_end, window_time
    )
    SELECT CAST(account_id AS BYTES) AS `key`, account_id AS alert_id FROM windowed WHERE most >= 3"""
    (written,) = (s for s in load_pipeline(rules=["geo"]).statements if s.name == "geo")
    statement = Statement(**{**vars(written), "sql": sql})
    with pytest.raises(PipelineError, match="the embedded engine does not know"):
        make_plan(statement, numbered=True)
