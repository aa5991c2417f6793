"""From nothing to a running stack, and to nothing again."""

import json
import re
from pathlib import Path

import pytest
from sqlglot import exp

import sql
from sql.dialect import parse
from sql.outputs import SECRET_OUTPUTS, Output
from stacks.access import UNDECODABLE
from tests.integration.stack.sentinel import in_clear, make, reviewed
from tests.integration.stack_runner import CLOUD_KEY, RunFailedError, StackRunner


@pytest.mark.usefixtures("pulumi_engine")
def test_the_first_preview_shows_all_that_the_first_up_makes(tmp_path: Path) -> None:
    runner = make(tmp_path / "stack", "prod")
    reviewed(runner, "from-nothing")
    planned = runner.preview().changes
    assert set(planned.values()) == {"create"}
    run = runner.up()
    assert run.changes == planned
    assert runner.cloud.read()["violations"] == []
    assert runner.up().changes == {}, "a second up has no change"


def test_without_a_change_there_is_nothing_to_do(prod: StackRunner) -> None:
    reviewed(prod, "no-change")
    assert prod.up().changes == {}


def test_a_second_up_of_dev_has_no_change_either(dev: StackRunner) -> None:
    assert dev.up().changes == {}


def test_no_secret_stands_anywhere_in_clear(prod: StackRunner) -> None:
    prod.configure({"keyGeneration": 2})
    preview = prod.preview_json()
    run = prod.up()
    outputs = json.dumps({name: output for name, output in prod.outputs().items() if name not in SECRET_OUTPUTS})
    events = "\n".join(str(event) for event in run.events)
    log = prod.cloud.log.read_text(encoding="utf-8").replace(CLOUD_KEY, "the key's id, by which calls are told apart")
    files = [path.read_text("utf-8") for path in prod.folder.rglob("Pulumi.*.yaml")]
    for text in (prod.state_text(), preview, run.output, events, outputs, log, *files):
        assert in_clear(prod, text) == set()
    assert len(prod.known_secrets()) > 8
    assert in_clear(prod, json.dumps(prod.outputs())), "the search finds what is there"


def test_the_outputs_are_what_the_command_line_needs(prod: StackRunner) -> None:
    outputs = prod.outputs()
    assert set(outputs) == set(Output)
    keys = prod.cloud.read()["keys"]
    for role in ("producer", "analyst"):
        assert keys[outputs[f"{role}KafkaApiKey"]]["secret"] == outputs[f"{role}KafkaApiSecret"]
    phases = {key.rpartition("/")[2]: one["phase"] for key, one in prod.cloud.read()["statements"].items()}
    expected = {name: "RUNNING" if kind == "insert" else "COMPLETED" for name, kind in outputs["statements"].items()}
    assert phases == expected


def test_every_statement_is_sql_over_tables_that_exist(prod: StackRunner, dev: StackRunner) -> None:
    for runner in (prod, dev):
        cloud = runner.cloud.read()
        tables = {key.rpartition("/")[2] for key in cloud["topics"]}
        assert tables == {*(table.name for table in sql.load_pipeline().tables), UNDECODABLE}
        for key, statement in cloud["statements"].items():
            for text in _single(statement["text"]):
                if "INSERT INTO" in text:
                    names = {node.name for node in parse(text, key).find_all(exp.Identifier)}
                    assert {name for name in names if name.startswith("sentinel.")} <= tables
                else:
                    assert re.match(r"(--.*\n)*(ALTER TABLE|CREATE MODEL|CREATE AGENT) ", text), text


def _single(text: str) -> list[str]:
    """The statement, or those of a statement set."""
    if not text.startswith("EXECUTE STATEMENT SET"):
        return [text]
    body = text.removeprefix("EXECUTE STATEMENT SET\nBEGIN\n").removesuffix("\nEND")
    return [each for each in body.split(";\n") if each.strip(" \n;")]


def test_everything_goes_in_the_reverse_order(dev: StackRunner) -> None:
    gone = dev.destroy().names("delete")
    assert dev.resources() == {}
    order = [
        "pipeline-triage-statement",
        "pipeline-enrichment-statement",
        "pipeline-detection-statement",
        "pipeline-transactions-raw-watermark-statement",
        "pipeline-transactions_raw-topic",
        "platform-aws-us-east-1-standard-cluster",
        "platform-environment",
    ]
    assert [name for name in gone if name in order] == order
    left = dev.cloud.read()
    assert not left["statements"] | left["topics"] | left["clusters"] | left["pools"] | left["connections"]
    assert set(left["environments"]) == {"env-default"}


def test_production_is_not_destroyed_and_nothing_in_the_cloud_changes(prod: StackRunner) -> None:
    before = prod.cloud.read()
    with pytest.raises(RunFailedError, match="protected"):
        prod.destroy(preview_first=True)
    assert prod.cloud.read() == before
    prod.configure({"production": False, "protect": False})
    prod.up()
    prod.destroy()
    assert set(prod.cloud.read()["environments"]) == {"env-default"}
