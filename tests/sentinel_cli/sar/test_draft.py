"""`sentinel sar draft` as an analyst meets it, from files."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from sentinel_cli.analyst.decision import record_of
from sentinel_cli.ledger.store import Ledger
from tests.alerts import DETECTED, analyst_decision
from tests.sentinel_cli.sar.schema import errors, values

SENTINEL = [str(Path(sys.executable).parent / "sentinel")]


def sentinel(
    *arguments: str, cwd: Path, code: int = 0, ledger: str = "none.sqlite"
) -> subprocess.CompletedProcess[str]:
    # No test reads the ledger of whoever runs it.
    env = {**os.environ, "SENTINEL_LEDGER": ledger}
    done = subprocess.run([*SENTINEL, *arguments], cwd=cwd, capture_output=True, text=True, check=False, env=env)
    assert (done.returncode, "Traceback" in done.stderr) == (code, False), done.stderr
    return done


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A stream, its alerts, and its alerts with dispositions."""
    folder = tmp_path_factory.mktemp("sar")
    (folder / "stream.jsonl").write_text(sentinel("generate", "--events", "400", cwd=folder).stdout)
    sentinel("replay", "stream.jsonl", "--out", "alerts.jsonl", cwd=folder)
    sentinel("replay", "stream.jsonl", "--until", "dispositions", "--out", "cases.jsonl", cwd=folder)
    return folder


def cases(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def ids(folder: Path) -> list[str]:
    return [case["alert_id"] for case in cases(folder / "cases.jsonl")]


def test_every_alert_of_a_stream_gives_a_valid_draft(folder: Path, tmp_path: Path) -> None:
    for case in cases(folder / "cases.jsonl"):
        options = ("--alerts", "cases.jsonl", "--input", "stream.jsonl", "--out", str(tmp_path))
        done = sentinel("sar", "draft", case["alert_id"], *options, cwd=folder)
        page, filing = map(Path, done.stdout.splitlines())
        text, xml = page.read_text(), filing.read_bytes()
        assert errors(xml) == []
        assert [event for event in case["evidence"] if event not in text] == []
        assert f"**{case['decision']}**" in text
        (whole,) = values(xml, "TotalSuspiciousAmountText")
        assert 0 <= int(whole) - case["total_amount"] < 1
        assert values(xml, "AccountNumberText") == [case["account_id"]]
        for said in (case["rationale"], case["summary"]):
            assert said in text
            assert said not in xml.decode()


def test_the_six_questions_are_answered_and_the_page_says_what_it_is(folder: Path, tmp_path: Path) -> None:
    alert_id = ids(folder)[0]
    done = sentinel("sar", "draft", alert_id, "--alerts", "alerts.jsonl", "--out", str(tmp_path), cwd=folder)
    text = (tmp_path / f"sar-{alert_id[:16]}.md").read_text()
    order = [text.index(f"**{question}.** ") for question in ("Who", "What", "When", "Where", "Why", "How")]
    assert order == sorted(order)
    assert text.startswith("# DRAFT ")
    assert "31 U.S.C. 5318(g)(2)" in text
    assert "No disposition is known." in text
    assert "to be filled: Filing institution, name" in done.stderr
    assert "marked unknown: Subject, TIN" in done.stderr
    assert "- [ ] Filing institution: " in text


def test_the_same_facts_give_the_same_draft(folder: Path, tmp_path: Path) -> None:
    alert_id, texts = ids(folder)[0], []
    for _ in range(2):
        sentinel("sar", "draft", alert_id, "--alerts", "alerts.jsonl", "--out", str(tmp_path), cwd=folder)
        texts.append([path.read_bytes() for path in sorted(tmp_path.iterdir())])
    assert texts[0] == texts[1]


def test_only_the_owner_may_read_it_even_where_a_file_was_open_to_all(folder: Path, tmp_path: Path) -> None:
    alert_id = ids(folder)[0]
    paths = [tmp_path / f"sar-{alert_id[:16]}{suffix}" for suffix in (".md", ".xml")]
    paths[0].write_text("old")
    paths[0].chmod(0o666)
    sentinel("sar", "draft", alert_id, "--alerts", "alerts.jsonl", "--out", str(tmp_path), cwd=folder)
    assert [path.stat().st_mode & 0o777 for path in paths] == [0o600, 0o600]
    assert sorted(tmp_path.iterdir()) == sorted(paths)


def test_a_mistake_is_one_sentence(folder: Path, tmp_path: Path) -> None:
    alert_id = ids(folder)[0]
    assert "64 hexadecimal" in sentinel("sar", "draft", "EVT-1", cwd=folder, code=2).stderr
    done = sentinel("sar", "draft", "0" * 64, "--alerts", "alerts.jsonl", cwd=folder, code=1)
    assert "alerts.jsonl has no alert 0000" in done.stderr
    assert (
        "none.jsonl cannot be read"
        in sentinel("sar", "draft", alert_id, "--alerts", "none.jsonl", cwd=folder, code=1).stderr
    )
    (tmp_path / "other.jsonl").write_text(sentinel("generate", "--events", "20", "--seed", "9", cwd=folder).stdout)
    options = ("--alerts", "alerts.jsonl", "--input", str(tmp_path / "other.jsonl"))
    assert (
        "of the evidence are not in --input" in sentinel("sar", "draft", alert_id, *options, cwd=folder, code=1).stderr
    )
    options = ("--alerts", "alerts.jsonl", "--mapping", "none.toml")
    assert "--mapping goes with --input" in sentinel("sar", "draft", alert_id, *options, cwd=folder, code=2).stderr
    broken = cases(folder / "alerts.jsonl")[0] | {"severity": "SEVERE"}
    (tmp_path / "broken.jsonl").write_text(json.dumps(broken))
    done = sentinel("sar", "draft", broken["alert_id"], "--alerts", str(tmp_path / "broken.jsonl"), cwd=folder, code=1)
    assert "line 1: severity" in done.stderr


def decide(path: Path, alert_id: str, *said: tuple[str, str]) -> Ledger:
    """A ledger in which a person decided so on an alert, a minute after each other, and something else on others."""
    ledger = Ledger(path).make()
    rows = [
        analyst_decision(0, alert_id=alert_id, decision=decision, reason=reason, decided_at=DETECTED + 60_000 * n)
        for n, (decision, reason) in enumerate(said, 1)
    ]
    ledger.append(list(map(record_of, [analyst_decision(1, reason="Of another alert."), *rows])))
    return ledger


def test_the_analysts_latest_decision_of_the_ledger_stands_beside_the_machines(folder: Path, tmp_path: Path) -> None:
    alert_id = ids(folder)[0]
    decide(tmp_path / "ledger.sqlite", alert_id, ("DISMISS", "Takings."), ("ESCALATE", "Not | the *shop*\n# at all."))
    options = ("--alerts", "cases.jsonl", "--out", str(tmp_path))
    said = []
    path = str(tmp_path / "ledger.sqlite")
    for named, set_ in ((("--ledger", path), "none.sqlite"), ((), path)):
        said.append(sentinel("sar", "draft", alert_id, *options, *named, cwd=folder, ledger=set_).stderr)
        text = (tmp_path / f"sar-{alert_id[:16]}.md").read_text()
        assert "**ESCALATE**, decided by a person: A. Analyst, 2025-01-06 09:14:10 UTC." in text
        assert "Their reason, in their words: Not \\| the \\*shop\\*�\\# at all." in text
        assert text.index("## Disposition") < text.index("## The analyst's decision")
        assert not {"Takings", "Of another alert", "DISMISSED"} & set(text.split())
        assert "ESCALATE, decided" not in (tmp_path / f"sar-{alert_id[:16]}.xml").read_text()
    assert "DISMISSED" not in "".join(said)


def test_of_an_alert_that_a_person_dismissed_the_draft_says_so(folder: Path, tmp_path: Path) -> None:
    alert_id = ids(folder)[0]
    ledger = decide(tmp_path / "l.sqlite", alert_id, ("ESCALATE", "Look."), ("DISMISS", "Weekly takings."))
    options = ("--alerts", "alerts.jsonl", "--out", str(tmp_path), "--ledger", str(ledger.path))
    done = sentinel("sar", "draft", alert_id, *options, cwd=folder)
    said = "sentinel: A. Analyst DISMISSED this alert, 2025-01-06 09:14:10 UTC: it is drafted all the same"
    assert said in done.stderr.splitlines()
    page, filing = map(Path, done.stdout.splitlines())
    assert page.read_text().splitlines()[4].startswith("> **DISMISSED**: a person has dismissed this alert")
    assert "Their reason, in their words: Weekly takings." in page.read_text()
    assert errors(filing.read_bytes()) == []


def test_without_a_decision_of_a_person_it_says_so_and_a_ledger_that_was_named_must_be_there(
    folder: Path, tmp_path: Path
) -> None:
    alert_id = ids(folder)[0]
    options = ("--alerts", "alerts.jsonl", "--out", str(tmp_path))
    other = decide(tmp_path / "l.sqlite", alert_id)
    for named in ((), ("--ledger", str(other.path))):
        done = sentinel("sar", "draft", alert_id, *options, *named, cwd=folder)
        assert "No person's decision is known." in Path(done.stdout.splitlines()[0]).read_text()
    missing = sentinel("sar", "draft", alert_id, *options, "--ledger", "missing.sqlite", cwd=folder, code=1)
    assert "There is no ledger at missing.sqlite" in missing.stderr
    assert not (folder / "none.sqlite").exists()
    wrong = sentinel("sar", "draft", alert_id, "--ledger", "l.sqlite", cwd=folder, code=2)
    assert "--ledger goes with --alerts" in wrong.stderr


@pytest.mark.parametrize("summary", [5, ["Said."], {"text": "Said."}, True])
def test_a_summary_that_is_no_text_is_one_sentence(folder: Path, tmp_path: Path, summary: object) -> None:
    case = cases(folder / "cases.jsonl")[0] | {"summary": summary}
    (tmp_path / "cases.jsonl").write_text(json.dumps(case))
    done = sentinel("sar", "draft", case["alert_id"], "--alerts", "cases.jsonl", cwd=tmp_path, code=1)
    assert done.stderr == "sentinel: cases.jsonl, line 1: summary: it is no text.\n"


def test_evidence_with_a_zone_is_none_that_a_rule_wrote(folder: Path, tmp_path: Path) -> None:
    case = cases(folder / "cases.jsonl")[0]
    detail = json.loads(case["detail"])
    first, rest = detail["evidence"].split("; ", 1)
    day, hour, *words = first.split(" ")
    for zoned in (f"{' '.join([day, f'{hour}+01:00', *words])}; {rest}", " ".join([day, f"{hour}Z", *words])):
        (tmp_path / "cases.jsonl").write_text(json.dumps(case | {"detail": json.dumps(detail | {"evidence": zoned})}))
        done = sentinel("sar", "draft", case["alert_id"], "--alerts", "cases.jsonl", cwd=tmp_path, code=1)
        said = f"sentinel: Alert {case['alert_id']} lists no evidence that can be read in its detail.\n"
        assert done.stderr == said
