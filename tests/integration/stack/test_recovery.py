"""What went wrong, and how the next `up` goes on."""

from pathlib import Path

import pytest

from tests.integration.stack.sentinel import make, statement_changes, use_sql
from tests.integration.stack_runner import RunFailedError, StackRunner


@pytest.mark.usefixtures("pulumi_engine")
def test_an_up_that_fails_half_way_is_resumed(tmp_path: Path) -> None:
    runner = make(tmp_path / "stack", "prod")
    runner.cloud.tell(call="create", type="FlinkStatement", name="model", status=500, text="try later", times=5)
    runner.cloud.tell(call="create", type="KafkaTopic", name="sentinel.aml_alerts", status=429, times=2)
    with pytest.raises(RunFailedError, match="500"):
        runner.up()
    done = runner.resources()
    assert "pipeline-aml_alerts-topic" in done, "a busy cloud is asked again"
    assert "pipeline-triage-statement" not in done
    changes = runner.up().changes
    assert not [name for name in changes if changes[name] == "create" and name in done]
    assert runner.up().changes == {}
    assert runner.cloud.read()["violations"] == []


def test_a_statement_that_fails_is_told_with_its_detail_and_replaced_on_demand(prod: StackRunner) -> None:
    prod.configure({"parameters": {"structuring.min_total": "25000.00"}})
    prod.cloud.tell(call="create", name="structuring", phase="FAILED", detail="not enough rights", times=1)
    with pytest.raises(RunFailedError, match="not enough rights"):
        prod.up()
    prod.up()
    assert phase(prod, "structuring") == "FAILED", "neither the state nor a refresh shows it: `sentinel status` does"
    urn = prod.resources()["pipeline-structuring-statement"]["urn"]
    assert statement_changes(prod.up("--replace", urn).changes) == {"structuring": "replace"}
    assert phase(prod, "structuring") == "RUNNING"


def phase(runner: StackRunner, name: str) -> str:
    found = {key.rpartition("/")[2]: one["phase"] for key, one in runner.cloud.read()["statements"].items()}
    return str(found[name])


def test_purged_statements_stop_neither_a_prompt_nor_a_watermark_nor_the_end(
    dev: StackRunner, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    dev.cloud.purge_ended_statements()
    prompt = use_sql(tmp_path, monkeypatch) / "ai" / "prompts" / "triage.txt"
    prompt.write_text(prompt.read_text("utf-8") + "Be brief.\n")
    changes = statement_changes(dev.up().changes)
    assert changes["triage"] == "replace"
    assert changes["agent"] == "create", "what was purged is submitted again"
    assert "enrichment" not in changes

    dev.cloud.purge_ended_statements()
    dev.configure({"parameters": {"transactions_raw.watermark_delay": "20 seconds"}})
    changes = statement_changes(dev.up().changes)
    assert changes["detection"] == "replace"
    assert changes["transactions-raw-watermark"] == "create"

    dev.cloud.purge_ended_statements()
    dev.destroy()
    assert not dev.cloud.read()["statements"]


def test_a_delete_that_hangs_is_done_by_the_next_up(dev: StackRunner) -> None:
    dev.configure({"statements": "single"})
    dev.cloud.tell(call="delete", name="detection", hangs=True, times=1)
    with pytest.raises(RunFailedError):
        dev.up()
    dev.up()
    assert dev.preview().changes == {}
    assert "detection" not in {key.rpartition("/")[2] for key in dev.cloud.read()["statements"]}
