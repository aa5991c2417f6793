"""What was deployed, run on the embedded engine, finds what a replay with the stack's parameters finds."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import sql
from sentinel_cli.generator import Mode, generate
from sentinel_cli.inputs import load_transactions
from sentinel_cli.local.engine import Engine
from sentinel_cli.replay import Request
from sentinel_cli.replay import replay as replay_files
from sql.topics import ALERTS
from tests.engines import comparable
from tests.integration.stack_runner import StackRunner

RULES = ["structuring", "velocity", "geo"]
PARAMETERS: dict[str, object] = {
    "structuring.min_total": "20000.00",
    "geo.min_countries": 2,
    "velocity.window": "5 minutes",
}


def test_what_is_deployed_finds_what_a_replay_with_the_same_parameters_finds(prod: StackRunner, tmp_path: Path) -> None:
    prod.configure({"parameters": PARAMETERS})
    prod.up()
    texts = {key.rpartition("/")[2]: one["text"] for key, one in prod.cloud.read()["statements"].items()}
    rendered = sql.load_pipeline(rules=RULES)
    deployed = replace(
        rendered, statements=tuple(replace(s, sql=texts.get(s.name, s.sql)) for s in rendered.statements)
    )
    transactions = tmp_path / "transactions.jsonl"
    transactions.write_bytes(b"".join(generate(2_000, 60, Mode.mixed, 7).blocks()))

    with Engine(deployed, until=ALERTS) as engine:
        load_transactions(engine.connection, [str(transactions)], arrived=datetime.now(UTC))
        engine.replay("arrived_transactions")
        found = comparable(engine.rows(ALERTS))
    with replay_files(Request([str(transactions)], rules=RULES, parameters=PARAMETERS)) as outcome:
        assert found == comparable(outcome.alerts)
    with replay_files(Request([str(transactions)], rules=RULES)) as outcome:
        assert found != comparable(outcome.alerts), "the parameters matter"
    assert len(found) > 3
