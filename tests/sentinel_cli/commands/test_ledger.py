"""`sentinel ledger` as a user meets it."""

import json
import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from decimal import Decimal
from pathlib import Path

import pytest

from sentinel_cli.ledger.recorder import Recorder
from sentinel_cli.ledger.store import BEGINNING, Ledger, chained
from sentinel_cli.llm.rules import Rules
from sentinel_cli.local.engine import Engine
from sql import load_pipeline
from sql.topics import ALERTS, DISPOSITIONS, ENRICHED
from tests.alerts import alert, alert_id
from tests.sentinel_cli.ledger.records import NO_JSON, record, rows_of, written


@pytest.fixture(scope="module")
def ledger(tmp_path_factory: pytest.TempPathFactory) -> Ledger:
    pipeline = load_pipeline()
    recorder = Recorder(Ledger(tmp_path_factory.mktemp("ledger") / "ledger.sqlite").make())
    alerts = [alert(n, total_amount=Decimal(1000 * n), severity="LOW" if n % 2 else "HIGH") for n in range(4)]
    rules = Rules(pipeline.agent_prompt, recorder.calls.append)
    with rules.functions() as managed, Engine(pipeline, managed=managed) as engine:
        engine.append(ALERTS, alerts)
        engine.decide()
        recorder.record(engine.asked("ML_PREDICT"), engine.rows(ENRICHED), engine.rows(DISPOSITIONS))
    return recorder.ledger


def sentinel(*arguments: str, ledger: Path, status: int = 0) -> tuple[str, str]:
    command = [sys.executable, "-m", "sentinel_cli", "ledger", *arguments]
    env = {**os.environ, "NO_COLOR": "1", "COLUMNS": "80", "SENTINEL_LEDGER": str(ledger)}
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=env)
    assert (done.returncode, "Traceback" in done.stderr) == (status, False), done.stderr
    return done.stdout, done.stderr


def test_list_shows_and_chooses(ledger: Ledger) -> None:
    text, _ = sentinel("list", ledger=ledger.path)
    assert len(text.splitlines()) == 1 + 8
    assert all(len(line) <= 80 for line in text.splitlines())
    rows = [json.loads(line) for line in sentinel("list", "--json", ledger=ledger.path)[0].splitlines()]
    assert [row["number"] for row in rows] == list(range(1, 9))
    assert all(row["prompt"] and row["answer"] and row["provider"] == "local" for row in rows)
    chosen, _ = sentinel("list", "--stage", "triage", "--decision", "ESCALATE", "--json", ledger=ledger.path)
    assert {json.loads(line)["alert_id"] for line in chosen.splitlines()} == {
        row["alert_id"] for row in rows if row["result"].get("decision") == "ESCALATE"
    }
    assert sentinel("list", "--since", "2100-01-01", "--json", ledger=ledger.path)[0] == ""
    assert sentinel("list", "--provider", "openai", "--json", ledger=ledger.path)[0] == ""
    for wrong in (["--stage", "x"], ["--decision", "x"], ["--since", "x"]):
        assert wrong[0] in sentinel("list", *wrong, ledger=ledger.path, status=2)[1]


def test_show_has_prompt_answer_and_what_was_read_in_it(ledger: Ledger) -> None:
    text, _ = sentinel("show", alert_id(2)[:8], ledger=ledger.path)
    (_, triage) = (
        json.loads(line) for line in sentinel("show", alert_id(2), "--json", ledger=ledger.path)[0].splitlines()
    )
    assert "Typology: structuring" in text
    assert triage["result"]["decision"] in text
    assert triage["prompt_version"] in text
    assert "holds no decision" in sentinel("show", alert_id(9), ledger=ledger.path, status=1)[1]
    assert "is no alert's id" in sentinel("show", "x%", ledger=ledger.path, status=2)[1]


def test_what_a_model_answers_does_not_command_the_terminal(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "ledger.sqlite").make()
    hostile = "[red]A[/]\x1b[2J\u202e\ud800\n{'"
    ledger.append([record(1, answer=hostile, model=hostile, guard=hostile, result={"rationale": hostile})])
    ledger.append([record(2, time=10**30)])
    for command in (["list"], ["show", alert_id(1)], ["show", alert_id(2)], ["list", "--json"]):
        assert not {"\x1b", "\u202e"} & set(sentinel(*command, ledger=ledger.path)[0])


def test_verify_passes_a_whole_ledger_and_shows_what_was_done_to_another(ledger: Ledger, tmp_path: Path) -> None:
    head = sentinel("head", ledger=ledger.path)[0].strip()
    assert sentinel("verify", "--head", head, ledger=ledger.path)[0] == f"whole: 8 records; head {head}\n"
    path = tmp_path / "ledger.sqlite"
    path.write_bytes(ledger.path.read_bytes())
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("DROP TRIGGER no_delete")
        connection.execute("DELETE FROM records WHERE number = 8")
        connection.commit()
    trigger = "the trigger no_delete is missing, or is another than the ledger makes\n"
    assert sentinel("verify", ledger=path, status=1)[0] == trigger
    found, said = sentinel("verify", "--head", head, ledger=path, status=1)
    assert found == f"{trigger}the head that was kept is not there: record 8 is missing\n"
    assert said == "sentinel: The ledger is not whole: 2 findings.\n"
    for wrong in ("x", "", " ", f"{'9' * 5000}:{'0' * 64}"):
        assert "sentinel ledger head" in sentinel("verify", "--head", wrong, ledger=path, status=2)[1]
    assert "There is no ledger at" in sentinel("verify", ledger=tmp_path / "none", status=1)[1]


def test_replay_shows_what_would_be_decided_otherwise(ledger: Ledger) -> None:
    assert sentinel("replay", ledger=ledger.path) == ("", "sentinel: 0 of 4 decisions would be others\n")
    assert sentinel("replay", "--ask", ledger=ledger.path)[1] == "sentinel: 0 of 4 decisions would be others\n"
    dismissed = [record for _, record in ledger.records() if record.result.get("decision") == "DISMISS"]
    out, said = sentinel("replay", "--json", "--set", "ai.never_dismiss_total=0.01", ledger=ledger.path)
    changed = [json.loads(line) for line in out.splitlines()]
    assert {row["alert_id"] for row in changed} == {record.alert_id for record in dismissed}
    assert all(row["differs"]["decision"] == {"was": "DISMISS", "would_be": "REVIEW"} for row in changed)
    assert said == f"sentinel: {len(dismissed)} of 4 decisions would be others\n"
    table, _ = sentinel("replay", "--set", "ai.never_dismiss_total=0.01", ledger=ledger.path)
    assert table.count("DISMISS") == len(dismissed)


def test_replay_judges_no_ledger_in_which_an_alert_was_changed(ledger: Ledger, tmp_path: Path) -> None:
    rows = rows_of(ledger)
    rows[-1][1] = json.dumps(json.loads(str(rows[-1][1])) | {"alert": {}})
    said = sentinel("replay", ledger=written(ledger, rows, tmp_path).path, status=1)[1]
    assert said == "sentinel: The ledger is not whole, so that nothing in it is judged: see `sentinel ledger verify`.\n"


@pytest.mark.parametrize("start", ["yesterday", "latest", ""])
def test_import_says_where_it_can_begin(ledger: Ledger, start: str) -> None:
    said = sentinel("import", "--from", start, ledger=ledger.path, status=2)[1]
    assert said == f"sentinel: --from {start}: give beginning, or a time such as 2026-01-31T12:00:00Z.\n"


@pytest.mark.parametrize("content", [record(1, result=["REVIEW"]).content(), record(1, alert_id=5).content(), *NO_JSON])
def test_what_is_no_record_is_one_sentence(ledger: Ledger, tmp_path: Path, content: str) -> None:
    tampered = written(ledger, [[1, content, BEGINNING, chained(BEGINNING, content)]], tmp_path)
    found, said = sentinel("verify", ledger=tampered.path, status=1)
    assert "record 1 is no decision" in found.splitlines()
    assert said.startswith("sentinel: The ledger is not whole")
    for command in (["list"], ["list", "--json"], ["list", "--decision", "REVIEW"], ["show", alert_id(1)], ["replay"]):
        said = sentinel(*command, ledger=tampered.path, status=1)[1]
        assert (said.count("\n"), said.startswith("sentinel: ")) == (1, True)
