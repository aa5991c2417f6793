"""The report on saved previews, as the installed program writes it: each NAME.json here gives the text of NAME.md.

A report that changes on purpose is read by a person and written anew: `sentinel preview-report NAME.json > NAME.md`.
"""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).parent
REPORTS = sorted(HERE.glob("*.md"))


def run(*arguments: str, stdin: str = "", cwd: Path = HERE) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "sentinel_cli", "preview-report", *arguments]
    done = subprocess.run(
        command, cwd=cwd, input=stdin, capture_output=True, text=True, check=False, env={**os.environ, "COLUMNS": "80"}
    )
    assert "Traceback" not in done.stderr
    return done


def saved(name: str) -> dict[str, Any]:
    preview: dict[str, Any] = json.loads((HERE / f"{name}.json").read_text("utf-8"))
    return preview


def step_of(preview: dict[str, Any], name: str) -> dict[str, Any]:
    step: dict[str, Any] = next(step for step in preview["steps"] if step["urn"].endswith(f"::{name}"))
    return step


@pytest.mark.parametrize("report", REPORTS, ids=lambda path: path.stem)
def test_a_preview_gives_its_report(report: Path) -> None:
    done = run(f"{report.stem}.json")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == report.read_text("utf-8")


def test_every_saved_preview_has_a_report_or_failed() -> None:
    assert {path.stem for path in HERE.glob("*.json")} - {path.stem for path in REPORTS} == {"failed", "refused"}


def test_stdin_is_a_preview_too() -> None:
    assert run("-", stdin=(HERE / "no-change.json").read_text("utf-8")).stdout == (HERE / "no-change.md").read_text(
        "utf-8"
    )


@pytest.mark.parametrize(
    ("name", "gate", "reason"),
    [
        ("region-changed", "cluster-replaced", "platform-aws-us-east-1-standard-cluster."),
        ("region-changed", "topic-replaced", "pipeline-aml_alerts-topic,"),
        ("rule-parameter-changed", "job-without-starts-at", "structuring."),
        ("rule-parameter-changed-without-sames", "job-without-starts-at", "structuring."),
        ("keys-rotated-and-more", "job-without-starts-at", "structuring."),
        ("rule-removed", "job-deleted", "geo."),
        ("single-to-set", "job-without-starts-at", "detection."),
    ],
)
def test_a_gate_refuses_after_the_report(name: str, gate: str, reason: str) -> None:
    done = run(f"{name}.json", "--fail-on", gate)
    assert done.returncode == 1
    assert done.stdout == (HERE / f"{name}.md").read_text("utf-8")
    assert done.stderr.startswith(f"sentinel: refused by --fail-on {gate}: ")
    assert reason in done.stderr


@pytest.mark.parametrize(
    ("name", "gate"),
    [
        ("from-nothing", "job-without-starts-at"),
        ("region-changed", "job-without-starts-at"),
        ("rule-parameter-changed-with-starts-at", "job-without-starts-at"),
        ("keys-rotated", "update-refused"),
        ("keys-rotated", "job-without-starts-at"),
        ("stopped", "job-deleted"),
        ("watermark-changed", "topic-replaced"),
        ("watermark-changed", "protected-deleted"),
    ],
)
def test_a_gate_lets_pass_what_it_does_not_name(name: str, gate: str) -> None:
    done = run(f"{name}.json", "--fail-on", gate)
    assert (done.returncode, done.stderr) == (0, "")


def test_all_gates_that_are_met_are_told() -> None:
    done = run("region-changed.json", "--fail-on", "topic-replaced", "--fail-on", "cluster-replaced")
    assert [line.split()[4] for line in done.stderr.splitlines()] == ["topic-replaced:", "cluster-replaced:"]


def test_an_unknown_gate_is_wrong_usage() -> None:
    done = run("no-change.json", "--fail-on", "anything")
    assert (done.returncode, done.stdout) == (2, "")
    assert "job-without-starts-at" in done.stderr


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "is empty: the preview failed before it began"),
        ("Previewing update (dev)\n{}", "is not one JSON document (line 1)"),
        ('{"sequence": 0}\n{"sequence": 1}\n', "is not one JSON document (line 2)"),
        ("[]", "is no preview of Pulumi (no object)"),
        ('{"version": 3, "deployment": {}}', "is no preview of Pulumi (steps)"),
        ('{"steps": [{"op": "create"}]}', "is no preview of Pulumi (steps.0.urn)"),
        ((HERE / "failed.json").read_text("utf-8"), "failed: sentinel-aml:cloud: 'MARS' is none of AWS, AZURE, GCP."),
        ((HERE / "refused.json").read_text("utf-8"), "currently marked for protection"),
    ],
    ids=["empty", "text before", "streamed events", "a list", "a state file", "half a step", "failed", "refused"],
)
def test_what_is_no_preview_is_one_sentence(text: str, words: str) -> None:
    done = run("-", stdin=text)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("sentinel: stdin")
    assert words in done.stderr
    assert done.stderr.count("\n") == 1


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    done = run("none.json", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (1, "sentinel: none.json cannot be read: No such file or directory.\n")


def test_a_protected_topic_that_goes_is_loud_and_a_gate() -> None:
    preview = saved("region-changed")
    step_of(preview, "pipeline-aml_alerts-topic")["oldState"]["protect"] = True
    done = run("-", "--fail-on", "protected-deleted", stdin=json.dumps(preview))
    assert done.returncode == 1
    assert "**Protected, so that Pulumi refuses**: `pipeline-aml_alerts-topic`" in done.stdout


def test_protection_that_is_taken_off_is_loud_though_nothing_else_changes() -> None:
    preview = saved("no-change")
    topic = step_of(preview, "pipeline-aml_alerts-topic")
    topic["oldState"]["protect"], topic["newState"]["protect"] = True, False
    text = run("-", stdin=json.dumps(preview)).stdout
    assert text.startswith(
        "**Protection is taken off, so that a later `up` may delete**: `pipeline-aml_alerts-topic`\n\n## Preview of"
    )


@pytest.mark.parametrize(("old", "new", "loud"), [("2000", "1000", True), ("-1", "1000", True), ("1000", "-1", False)])
def test_a_shorter_retention_is_loud(old: str, new: str, loud: bool) -> None:
    preview = saved("no-change")
    topic = step_of(preview, "pipeline-aml_alerts-topic")
    topic |= {"op": "update", "detailedDiff": {"config": {"kind": "update"}}}
    topic["oldState"]["inputs"]["config"]["retention.ms"] = old
    topic["newState"]["inputs"]["config"]["retention.ms"] = new
    text = run("-", stdin=json.dumps(preview)).stdout
    assert text.startswith("**Kept for a shorter time, older records are deleted**: `pipeline-aml_") is loud
    assert f"`config.retention.ms` {old} → {new}" in text


def test_a_cluster_that_goes_is_the_first_line_whether_another_is_made_or_it_is_replaced() -> None:
    assert run("region-changed.json").stdout.startswith("# THE KAFKA CLUSTER IS DELETED: every topic in it")
    preview = saved("region-changed")
    old = step_of(preview, "platform-aws-us-east-1-standard-cluster")
    new = step_of(preview, "platform-aws-us-west-2-standard-cluster")
    preview["steps"].remove(new)
    old |= {"op": "replace", "newState": new["newState"]}
    done = run("-", "--fail-on", "cluster-replaced", stdin=json.dumps(preview))
    assert done.returncode == 1
    assert done.stdout.startswith("# THE KAFKA CLUSTER IS REPLACED: every topic in it")


def test_what_a_refresh_found_and_what_an_earlier_up_left_behind_is_not_the_plan() -> None:
    preview = saved("no-change")
    topic = step_of(preview, "pipeline-aml_alerts-topic")
    cluster = step_of(preview, "platform-aws-us-east-1-standard-cluster")
    drifted = {**topic, "op": "update", "detailedDiff": {"config": {"kind": "update"}}}
    left_over = {"op": "delete", "urn": cluster["urn"], "oldState": {**cluster["oldState"], "delete": True}}
    preview["steps"] = [drifted, *preview["steps"], left_over]
    assert run("-", stdin=json.dumps(preview)).stdout == (HERE / "no-change.md").read_text("utf-8")


def test_alerts_that_come_again_keep_their_ids_only_where_the_rule_stays() -> None:
    moved = "its alerts come again, under new ids where the change moves their windows"
    assert moved in run("rule-parameter-changed.json").stdout
    text = run("watermark-changed.json").stdout
    assert "its alerts come again under the same ids" in text
    assert moved not in text


def test_a_set_writes_late_rows_and_dead_letters_again_too() -> None:
    text = run("single-to-set.json").stdout
    assert "its rows in `sentinel.dead_letters`, `sentinel.transactions_late` come now" in text


def test_a_connection_that_is_replaced_beside_its_predecessor_is_told() -> None:
    preview = saved("llm-endpoint-changed")
    assert step_of(preview, "pipeline-llm-connection")["oldState"]["delete"] is True, "as the engine marks it"
    assert "| replaced | 1 FlinkConnection | `pipeline-llm-connection` |" in run("llm-endpoint-changed.json").stdout


def test_what_the_provider_filled_in_is_no_change() -> None:
    assert "hardDelete" not in run("keys-rotated.json").stdout


def test_an_update_that_the_provider_refuses_is_told_before_the_up_finds_out() -> None:
    preview = saved("keys-rotated")
    topic = step_of(preview, "pipeline-aml_alerts-topic")
    topic["newState"]["inputs"]["config"]["compression.type"] = "zstd"
    done = run("-", "--fail-on", "update-refused", stdin=json.dumps(preview))
    assert done.returncode == 1
    assert "**The up will fail at `pipeline-aml_alerts-topic`**: config.compression.type" in done.stdout


@pytest.mark.parametrize(
    "value", ["made-up-llm-key", {"4dabf18193072939515e22adb298388d": "1b47", "plaintext": "made-up-llm-key"}]
)
def test_a_secret_in_the_preview_is_never_printed(value: Any) -> None:
    preview = saved("llm-endpoint-changed")
    connection = step_of(preview, "pipeline-llm-connection")
    connection["oldState"]["inputs"]["apiKey"] = "made-up-old-key"
    connection["newState"]["inputs"]["apiKey"] = value
    done = run("-", stdin=json.dumps(preview))
    assert done.returncode == 0
    assert "made-up-llm-key" not in done.stdout
    assert "made-up-old-key" not in done.stdout
    assert "apiKey [secret] → [secret]" in done.stdout


def test_a_new_llm_key_is_told_without_it() -> None:
    preview = saved("llm-endpoint-changed")
    connection = step_of(preview, "pipeline-llm-connection")
    connection |= {"op": "update", "diffReasons": ["apiKey"], "detailedDiff": {"apiKey": {"kind": "update"}}}
    connection["newState"] = connection["oldState"]
    text = run("-", stdin=json.dumps(preview)).stdout
    name = connection["oldState"]["inputs"]["displayName"]
    assert f"- Connection `{name}` is updated: apiKey changes, a secret.\n" in text


def test_a_prompt_with_fences_does_not_break_out_of_its_block() -> None:
    preview = saved("prompt-changed")
    agent = step_of(preview, "pipeline-agent-statement")["newState"]["inputs"]
    agent["statement"] = agent["statement"].replace(
        "doubt is left, REVIEW.", "doubt is left, REVIEW. It''s ```json```."
    )
    text = run("-", stdin=json.dumps(preview)).stdout
    assert "  ````diff\n" in text
    assert "It's ```json```." in text


def test_it_needs_neither_parser_nor_pulumi() -> None:
    program = (
        "import sys; from sentinel_cli.main import app\n"
        "try: app(['preview-report', 'watermark-changed.json'])\n"
        "except SystemExit: pass\n"
        "loaded = {name for name in sys.modules if name.partition('.')[0] in ('sqlglot', 'pulumi', 'duckdb')}\n"
        "loaded |= {'sql._pipeline'} & set(sys.modules)\n"
        "print('LOADED', sorted(loaded))"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=HERE, capture_output=True, text=True, check=True)
    assert done.stdout.endswith("LOADED []\n")
