"""Answers that are paid for and not committed."""

from decimal import Decimal
from pathlib import Path

import pytest

from sentinel_cli.llm.call import Call
from sentinel_cli.llm.kept import Kept
from sentinel_cli.llm.question import Question

FIRST, SECOND = (Question("triage", "agent", f"alert-{n}", "the prompt", "the same input") for n in (1, 2))


def called(question: Question) -> Call:
    answer, parameters = f"answer to {question.session}", {"seed": 1}
    tokens, cost = (10, 5), Decimal("0.0001")
    return Call(
        "triage", question.session, question.text, "openai", "m", parameters, answer, "SUCCESS", 5, *tokens, cost, 7
    )


def test_a_batch_that_is_committed_forgets_its_own_answers_alone(tmp_path: Path) -> None:
    kept = Kept(tmp_path / "answers.sqlite", pytest.fail)
    for question in (FIRST, SECOND):
        kept.begin()
        assert kept.get(question, "openai/m") is None
        kept.put(question, "openai/m", called(question))
    kept.committed()
    kept.close()
    kept = Kept(tmp_path / "answers.sqlite", pytest.fail)
    assert kept.get(FIRST, "openai/m") == called(FIRST)
    assert [kept.get(FIRST, "openai/other"), kept.get(SECOND, "openai/m")] == [None, None]
    kept.committed()
    assert kept.get(FIRST, "openai/m") is None
    kept.close()
    left = (tmp_path / "answers.sqlite").read_bytes()
    assert not any(text in left for text in (b"the prompt", b"answer to alert"))


def test_a_file_that_cannot_be_opened_is_said_and_done_without(tmp_path: Path) -> None:
    said: list[str] = []
    kept = Kept(tmp_path, said.append)
    kept.put(FIRST, "openai/m", called(FIRST))
    assert kept.get(FIRST, "openai/m") == called(FIRST)
    kept.close()
    assert said == [
        f"{tmp_path} cannot be used for answers: unable to open database file. "
        "After a crash, models are asked for some again."
    ]


def test_a_disk_that_fills_up_is_said_once_and_holds_nothing_up(tmp_path: Path) -> None:
    said: list[str] = []
    kept = Kept(tmp_path / "answers.sqlite", said.append)
    kept._file.execute("PRAGMA max_page_count = 3")
    questions = [Question("triage", "agent", f"alert-{n}", "the prompt", "input") for n in range(200)]
    for question in questions:
        kept.put(question, "openai/m", called(question))
    assert kept.get(questions[-1], "openai/m") == called(questions[-1])
    kept.committed()
    kept.close()
    assert ["database or disk is full" in text for text in said] == [True]


def test_its_owner_alone_may_read_it(tmp_path: Path) -> None:
    path = tmp_path / "answers.sqlite"
    path.touch(mode=0o644)
    kept = Kept(path, pytest.fail)
    kept.put(FIRST, "openai/m", called(FIRST))
    assert {file.name: file.stat().st_mode & 0o777 for file in tmp_path.iterdir()} == {
        f"answers.sqlite{end}": 0o600 for end in ("", "-wal", "-shm")
    }
    kept.close()


def test_what_another_version_has_kept_is_as_good_as_none(tmp_path: Path) -> None:
    kept = Kept(tmp_path / "answers.sqlite", pytest.fail)
    kept.put(FIRST, "openai/m", called(FIRST))
    kept._file.execute("""UPDATE answers SET answer = '{"of": "another form"}'""")
    assert kept.get(FIRST, "openai/m") is None
    kept.put(FIRST, "openai/m", called(FIRST))
    assert kept.get(FIRST, "openai/m") == called(FIRST)
    kept.close()
