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
    assert b"the prompt" not in (tmp_path / "answers.sqlite").read_bytes()


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
