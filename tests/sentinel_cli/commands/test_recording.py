"""What `demo`, `replay` and the local dashboard decide by a model is on record; by rules only where it is asked for."""

import json
import os
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from threading import Event, Thread

import pytest

from sentinel_cli.dashboard.board import Board
from sentinel_cli.dashboard.local_source import LocalSource
from sentinel_cli.ledger.record import Record
from sentinel_cli.ledger.replay import replay as judge
from sentinel_cli.ledger.store import Ledger
from sentinel_cli.ledger.verify import verify
from sql import load_pipeline
from tests.deposits import deposits
from tests.sentinel_cli.llm.stand_in import StandIn, always, status

DEMO = ("demo", "--json")
REPLAY = ("replay", "deposits.jsonl", "--until", "dispositions", "--rules", "structuring_rolling")
COUNT = 30


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the commands run, with a ledger of their own and no model."""
    for name in os.environ:
        if name.startswith("SENTINEL_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("SENTINEL_LEDGER", str(tmp_path / "ledger.sqlite"))
    monkeypatch.setenv("SENTINEL_LLM_BUDGET_FILE", str(tmp_path / "spent.sqlite"))
    monkeypatch.chdir(tmp_path)
    Path("deposits.jsonl").write_bytes(b"\n".join(deposits(COUNT)))
    return tmp_path


def use(endpoint: StandIn, monkeypatch: pytest.MonkeyPatch, **values: object) -> None:
    for name, value in {"endpoint": endpoint.url, "model": "stand-in", **values}.items():
        monkeypatch.setenv(f"SENTINEL_LLM_{name.upper()}", str(value))


def sentinel(*arguments: str, code: int = 0) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "sentinel_cli", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, "Traceback" in done.stderr) == (code, False), done.stderr
    return done


def cases(done: subprocess.CompletedProcess[str]) -> dict[str, dict[str, object]]:
    """The cases that a command printed, by alert."""
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    return {row["alert_id"]: row for row in rows if "alert_id" in row}


def kept(path: str = "ledger.sqlite") -> list[Record]:
    assert verify(Ledger(Path(path))).findings == ()
    return [record for _, record in Ledger(Path(path)).records()]


def check(records: list[Record], printed: dict[str, dict[str, object]]) -> None:
    """Two records for each case: what the summary is, and what was answered."""
    assert Counter(record.alert_id for record in records) == dict.fromkeys(printed, 2)
    for record in records:
        case = printed[record.alert_id]
        assert record.answer == case["summary" if record.stage == "enrichment" else "raw_response"]
        assert f"\nTotal: {case['total_amount']:.2f} USD" in (record.prompt or "") or case["total_amount"] is None
    assert [judgement for judgement in judge(enumerate(records), load_pipeline()) if judgement.differs] == []


@pytest.mark.parametrize("command", [DEMO, REPLAY, (*REPLAY, "--incremental"), (*REPLAY, "--partitions", "3")])
def test_what_a_model_decides_is_on_record(command: tuple[str, ...], monkeypatch: pytest.MonkeyPatch) -> None:
    with StandIn() as endpoint:
        use(endpoint, monkeypatch)
        printed = cases(sentinel(*command))
    assert len(printed) >= 8
    check(kept(), printed)
    assert {(record.provider, record.model) for record in kept()} == {("openai", "stand-in")}
    assert {row.text.count("stand-in") for row in endpoint.seen} == {0}


@pytest.mark.parametrize("command", [DEMO, REPLAY])
def test_rules_are_on_record_where_a_ledger_is_named_alone(command: tuple[str, ...]) -> None:
    sentinel(*command)
    assert not Path("ledger.sqlite").exists()
    printed = cases(sentinel(*command, "--ledger", "named.sqlite"))
    check(kept("named.sqlite"), printed)
    assert {record.provider for record in kept("named.sqlite")} == {"local"}
    sentinel(*command, "--ledger", "named.sqlite")
    assert len(kept("named.sqlite")) == 2 * len(printed)


def test_a_budget_is_the_days_and_not_the_processs(monkeypatch: pytest.MonkeyPatch) -> None:
    with StandIn() as endpoint:
        use(endpoint, monkeypatch, budget_calls=COUNT)
        for seen in (COUNT, COUNT):
            printed = cases(sentinel(*REPLAY, "--incremental"))
            assert (len(printed), len(endpoint.seen)) == (COUNT, seen)
        assert {row["model"] for row in printed.values()} == {"sentinel_triage_agent_local/budget"}
        sentinel(*REPLAY, "--ledger", "another.sqlite")
        assert len(endpoint.seen) == COUNT
        monkeypatch.setenv("SENTINEL_LLM_BUDGET_CALLS", str(COUNT + 10))
        sentinel(*REPLAY)
        assert len(endpoint.seen) == COUNT + 10


def test_what_rules_decide_in_a_models_place_is_on_record(monkeypatch: pytest.MonkeyPatch) -> None:
    with StandIn(always(status(401))) as endpoint:
        use(endpoint, monkeypatch, parallelism=1)
        printed = cases(sentinel(*REPLAY))
    assert len(printed) == COUNT
    assert Counter(record.status for record in kept()) == {"UNAUTHORIZED": 1, "CIRCUIT_OPEN": 2 * COUNT - 1}


@pytest.mark.parametrize("command", [DEMO, REPLAY])
def test_what_cannot_be_recorded_ends_the_command_and_is_not_printed(
    command: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    Path("ledger.sqlite").write_bytes(b"no ledger" * 1000)
    sentinel(*command)
    with StandIn() as endpoint:
        use(endpoint, monkeypatch)
        done = sentinel(*command, code=1)
        assert ("The ledger" in done.stderr, done.stdout, endpoint.seen) == (True, "", [])
        Path("ledger.sqlite").unlink()
        Ledger(Path("ledger.sqlite")).make()

        def spoil(_: object) -> None:
            Path("ledger.sqlite").write_bytes(b"no ledger any more" * 1000)

        endpoint.fault = spoil
        done = sentinel(*command, code=1)
    assert ("The ledger" in done.stderr, cases(done)) == (True, {})


@pytest.mark.parametrize("options", [("--until", "alerts"), ("--until", "dispositions", "--engine", "flink")])
def test_a_ledger_is_for_what_is_decided_here(options: tuple[str, ...]) -> None:
    done = sentinel("replay", "deposits.jsonl", *options, "--ledger", "named.sqlite", code=2)
    assert "--ledger records dispositions" in done.stderr
    assert not Path("named.sqlite").exists()


def test_the_dashboards_own_stream_is_on_record_where_a_model_decides(monkeypatch: pytest.MonkeyPatch) -> None:
    board, stop = Board(100), Event()
    with StandIn() as endpoint:
        use(endpoint, monkeypatch)
        thread = Thread(target=LocalSource(board, 20, 0).run, args=(stop,))
        thread.start()
        try:
            while not board.snapshot().cases and thread.is_alive():
                time.sleep(0.05)
        finally:
            stop.set()
            thread.join(30)
    shown = {case.row["alert_id"] for case in board.snapshot().cases}
    assert shown
    assert shown <= {record.alert_id for record in kept() if record.stage == "triage"}
