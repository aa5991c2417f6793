"""The commands as a user meets them: the installed program, its output, its errors and its exit codes."""

import csv
import gzip
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import duckdb
import pytest

ROOT = Path(__file__).parents[3]
SENTINEL = [str(Path(sys.executable).parent / "sentinel")]
PLAIN = {**os.environ, "NO_COLOR": "1", "COLUMNS": "80"}


def sentinel(*arguments: str, cwd: Path, stdin: bytes = b"") -> subprocess.CompletedProcess[str]:
    done = subprocess.run([*SENTINEL, *arguments], cwd=cwd, input=stdin, capture_output=True, check=False, env=PLAIN)
    return subprocess.CompletedProcess(done.args, done.returncode, done.stdout.decode(), done.stderr.decode())


def succeeded(*arguments: str, cwd: Path, stdin: bytes = b"") -> str:
    done = sentinel(*arguments, cwd=cwd, stdin=stdin)
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr
    return done.stdout


def json_lines(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]


@pytest.fixture(scope="module")
def stream(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("stream")
    (folder / "in.jsonl").write_text(succeeded("generate", "--labels", "labels.jsonl", cwd=folder))
    return folder


def test_generate_gives_the_events_asked_for_and_a_heartbeat(tmp_path: Path) -> None:
    rows = json_lines(succeeded("generate", "--events", "50", "--customers", "5", "--seed", "3", cwd=tmp_path))
    assert [row["transaction_type"] == "HEARTBEAT" for row in rows] == [False] * 50 + [True]
    assert len({row["account_id"] for row in rows[:50]}) == 5
    again = json_lines(succeeded("generate", "--events", "50", "--customers", "5", "--seed", "3", cwd=tmp_path))
    assert again == rows


def test_python_m_is_the_same_program(tmp_path: Path) -> None:
    run = subprocess.run(
        [sys.executable, "-m", "sentinel_cli", "generate", "--events", "3"],
        capture_output=True,
        check=True,
        cwd=tmp_path,
    )
    assert run.stdout.decode() == succeeded("generate", "--events", "3", cwd=tmp_path)


@pytest.mark.parametrize("seed", ["0", "1", "2"])
def test_demo_finds_every_planted_episode_and_shows_every_step(seed: str, tmp_path: Path) -> None:
    text = succeeded("demo", "--seed", seed, cwd=tmp_path)
    for step in (
        "source, 10 s watermark",
        "structuring",
        "velocity",
        "geographic anomaly",
        "ML_PREDICT",
        "AI_RUN_AGENT",
    ):
        assert step in text
    assert "first alert after" in text
    assert max(len(line) for line in text.splitlines()) <= 80
    assert "\x1b" not in text
    rows = json_lines(succeeded("demo", "--seed", seed, "--json", cwd=tmp_path))
    summary = rows.pop()["summary"]
    assert {typology: part["found"] for typology, part in summary["episodes"].items()} == {
        typology: part["planted"] for typology, part in summary["episodes"].items()
    }
    assert set(summary["episodes"]) == {"structuring", "velocity", "geographic anomaly"}
    assert all(row["summary"] and row["decision"] in {"ESCALATE", "REVIEW", "DISMISS"} for row in rows)
    assert {row["rule_id"] for row in rows} >= {"geo", "geo_rolling", "structuring", "structuring_rolling", "velocity"}


def test_every_format_and_way_gives_the_same_alerts(stream: Path, tmp_path: Path) -> None:
    expected = succeeded("replay", str(stream / "in.jsonl"), cwd=tmp_path)
    rows = json_lines((stream / "in.jsonl").read_text())
    with duckdb.connect() as connection:
        source = f"SELECT * FROM read_json('{stream / 'in.jsonl'}', format = 'newline_delimited')"
        connection.execute(f"COPY ({source}) TO '{tmp_path / 'in.parquet'}' (FORMAT parquet)")
    with gzip.open(tmp_path / "in.csv.gz", "wt", newline="") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(rows)
    for arguments in (["in.parquet"], ["in.csv.gz"], ["in.parquet", "--incremental"], ["in.parquet", "--threads", "1"]):
        assert succeeded("replay", *arguments, cwd=tmp_path) == expected
    assert succeeded("replay", "-", cwd=tmp_path, stdin=(stream / "in.jsonl").read_bytes()) == expected
    shuffled = "\n".join(reversed((stream / "in.jsonl").read_text().splitlines()))
    assert succeeded("replay", "-", "--sort", cwd=tmp_path, stdin=shuffled.encode()) == expected


def test_rows_go_to_a_file_and_the_summary_beside_them(stream: Path, tmp_path: Path) -> None:
    labels = str(stream / "labels.jsonl")
    done = sentinel("replay", str(stream / "in.jsonl"), "--out", "alerts.parquet", "--labels", labels, cwd=tmp_path)
    assert done.stdout == ""
    assert "rows read" in done.stderr
    assert "1.000" in done.stderr
    with duckdb.connect() as connection:
        count = connection.execute(f"SELECT count(*) FROM '{tmp_path / 'alerts.parquet'}'").fetchall()[0][0]
    summary = json_lines(succeeded("replay", str(stream / "in.jsonl"), "--json", "--labels", labels, cwd=tmp_path))[-1]
    assert sum(summary["summary"]["alerts"].values()) == count
    assert summary["summary"]["scores"]["structuring"]["episodes"]["recall"] == 1.0


def test_dispositions_carry_alert_summary_and_decision(stream: Path, tmp_path: Path) -> None:
    rows = json_lines(succeeded("replay", str(stream / "in.jsonl"), "--until", "dispositions", cwd=tmp_path))
    assert rows
    assert all(row["summary"] and row["decision"] and row["rule_id"] for row in rows)


def test_parameters_and_rules_change_what_is_found(stream: Path, tmp_path: Path) -> None:
    (tmp_path / "p.toml").write_text('[structuring]\nmin_total = "99999.00"\n')
    few = succeeded(
        "replay", str(stream / "in.jsonl"), "--rules", "structuring", "--parameters", "p.toml", cwd=tmp_path
    )
    assert few == ""
    many = succeeded(
        "replay", str(stream / "in.jsonl"), "--rules", "structuring", "--parameters", "p.toml",
        "--set", "structuring.min_total=30000.00", cwd=tmp_path,
    )  # fmt: skip
    assert {row["rule_id"] for row in json_lines(many)} == {"structuring"}


def test_rejected_rows_are_kept_with_their_reason_and_what_follows_still_counts(stream: Path, tmp_path: Path) -> None:
    lines = (stream / "in.jsonl").read_text().splitlines()
    ahead = {**json.loads(lines[0]), "event_time": 4_070_908_800_000, "event_id": "ahead"}
    bad = [json.dumps(ahead), "not json", json.dumps({**json.loads(lines[1]), "currency": "usd"})]
    done = sentinel("replay", "-", "--out", "o.jsonl", cwd=tmp_path, stdin="\n".join([*bad, *lines]).encode())
    assert done.returncode == 0
    rejected = json_lines((tmp_path / "o.jsonl.rejected.jsonl").read_text())
    assert sorted(row["reason"] for row in rejected)[:2] == [
        "breaks the contract: currency",
        "breaks the contract: event_time",
    ]
    assert len(rejected) == 3
    assert (tmp_path / "o.jsonl").read_text() == succeeded("replay", str(stream / "in.jsonl"), cwd=tmp_path)


def test_a_mapping_reads_what_others_made(tmp_path: Path) -> None:
    data = ROOT / "tests/data/amlbench"
    rows = json_lines(
        succeeded(
            "replay", str(data / "population_seed11_transactions.csv.gz"),
            "--mapping", str(ROOT / "docs/examples/amlbench.toml"), "--rules", "structuring_multiday", cwd=tmp_path,
        )
    )  # fmt: skip
    with gzip.open(data / "population_seed11_labels.csv.gz", "rt") as file:
        fired = {row["focal_account"] for row in csv.DictReader(file) if row["structuring_fires"] == "1"}
    assert {row["account_id"] for row in rows} == fired
    assert len(fired) == 26


@pytest.mark.parametrize(
    ("arguments", "status", "words"),
    [
        (["demo", "--mode", "none"], 2, "--mode"),
        (["generate", "--customers", "0"], 2, "--customers"),
        (["generate", "--events", "-1"], 2, "--events"),
        (["replay"], 2, "INPUT"),
        (["replay", "missing.jsonl"], 1, "missing.jsonl"),
        (["replay", "."], 1, "directory"),
        (["replay", "foreign.jsonl"], 1, "lacks event_id"),
        (["replay", "empty.jsonl"], 1, "empty"),
        (["replay", "x", "--rules", "none"], 2, "no such rule: none"),
        (["replay", "x", "--set", "geo.min_countries"], 2, "RULE.PARAMETER=VALUE"),
        (["replay", "x", "--set", "geo.min_countries=1"], 2, "below 2"),
        (["replay", "x", "--set", "geo.none=1"], 2, "declares no such parameter"),
        (["replay", "x", "--set", "none.none=1"], 2, "expected OWNER.PARAMETER"),
        (["replay", "x", "--parameters", "missing.toml"], 1, "missing.toml"),
        (["replay", "x", "--labels", "missing.csv"], 1, "missing.csv"),
        (["replay", "x", "--mapping", "missing.toml"], 1, "missing.toml"),
        (["replay", "x", "--out", "none/alerts.jsonl"], 2, "no folder"),
        (["run", "--threads", "300000"], 2, "--threads"),
        (["run", "--group", "a/../../b"], 2, "--group"),
        (["consume", "--group", ""], 2, "--group"),
        (["consume", "--wait", "inf"], 2, "--wait"),
        (["produce", "--delivery-timeout", "999999999"], 2, "--delivery-timeout"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else None,
)
def test_a_mistake_is_one_sentence(arguments: list[str], status: int, words: str, tmp_path: Path) -> None:
    (tmp_path / "foreign.jsonl").write_text('{"a": 1}\n')
    (tmp_path / "empty.jsonl").write_text("")
    done = sentinel(*arguments, cwd=tmp_path)
    assert done.returncode == status, done.stderr
    assert words in done.stderr
    assert "Traceback" not in done.stderr
    assert "nanobind" not in done.stderr


def test_a_pipe_closed_early_is_no_error(tmp_path: Path) -> None:
    command = f"{SENTINEL[0]} generate --events 100000 --customers 100 | head -n 1; exit ${{PIPESTATUS[0]}}"
    done = subprocess.run(["bash", "-c", command], capture_output=True, check=False, cwd=tmp_path)
    assert done.returncode == 141
    assert done.stderr == b""


def test_ctrl_c_ends_a_replay_without_a_trace(tmp_path: Path) -> None:
    events = succeeded("generate", "--events", "400000", "--customers", "2000", cwd=tmp_path)
    (tmp_path / "in.jsonl").write_text(events)
    command = [*SENTINEL, "replay", "in.jsonl", "--out", "out.jsonl"]
    with subprocess.Popen(command, cwd=tmp_path, stderr=subprocess.PIPE) as process:
        time.sleep(1.5)
        process.send_signal(signal.SIGINT)
        _, stderr = process.communicate(timeout=30)
    assert process.returncode == 130
    assert stderr.decode().strip() == "sentinel: interrupted"
    assert [path.name for path in tmp_path.iterdir()] == ["in.jsonl"]


def test_flink_gives_what_the_embedded_engine_gives(stream: Path, tmp_path: Path) -> None:
    arguments = ("replay", str(stream / "in.jsonl"), "--until", "dispositions")
    done = sentinel(*arguments, "--engine", "flink", cwd=tmp_path)
    if done.returncode and not os.environ.get("CI"):
        pytest.skip(done.stderr)
    assert done.returncode == 0, done.stderr
    assert sorted(done.stdout.splitlines()) == sorted(succeeded(*arguments, cwd=tmp_path).splitlines())


@pytest.mark.parametrize("command", [[], ["generate"], ["demo"], ["replay"]], ids=str)
def test_help_is_there(command: list[str], tmp_path: Path) -> None:
    assert "Usage: sentinel" in succeeded(*command, "--help", cwd=tmp_path)
