"""`sentinel sar draft` as an analyst meets it, from files."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.sentinel_cli.sar.schema import errors, values

SENTINEL = [str(Path(sys.executable).parent / "sentinel")]


def sentinel(*arguments: str, cwd: Path, code: int = 0) -> subprocess.CompletedProcess[str]:
    done = subprocess.run([*SENTINEL, *arguments], cwd=cwd, capture_output=True, text=True, check=False)
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
    broken = cases(folder / "alerts.jsonl")[0] | {"severity": "SEVERE"}
    (tmp_path / "broken.jsonl").write_text(json.dumps(broken))
    done = sentinel("sar", "draft", broken["alert_id"], "--alerts", str(tmp_path / "broken.jsonl"), cwd=folder, code=1)
    assert "line 1: severity" in done.stderr
