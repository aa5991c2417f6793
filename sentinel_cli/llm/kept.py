"""Answers that are paid for and not committed: after a crash, or a transaction that aborts, none is asked again."""

import hashlib
import sqlite3
from pathlib import Path

from sentinel_cli.llm.question import Question
from sql.errors import ServiceError


class Kept:
    """
    A file of answers, by question and model; of one process at a time.

    It holds no prompt, and an answer no longer than until its alert's transaction is committed.
    Raises ServiceError where it cannot be used.
    """

    def __init__(self, path: Path) -> None:
        try:
            self._file = sqlite3.connect(path, isolation_level=None)
            self._file.execute("PRAGMA journal_mode = WAL")
            self._file.execute("CREATE TABLE IF NOT EXISTS answers (question TEXT PRIMARY KEY, answer TEXT)")
        except sqlite3.Error as error:
            raise ServiceError(f"{path} cannot be used for answers: {error}.") from None

    def get(self, question: Question, model: str) -> str | None:
        """The answer to a question, if it has been given."""
        row = self._file.execute("SELECT answer FROM answers WHERE question = ?", [_key(question, model)]).fetchone()
        return row[0] if row else None

    def put(self, question: Question, model: str, answer: str) -> None:
        """Keep an answer."""
        self._file.execute("INSERT OR REPLACE INTO answers VALUES (?, ?)", [_key(question, model), answer])

    def clear(self) -> None:
        """Forget all answers: their alerts are committed."""
        self._file.execute("DELETE FROM answers")

    def close(self) -> None:
        """Let go of the file."""
        self._file.close()


def _key(question: Question, model: str) -> str:
    return hashlib.sha256("\0".join([question.stage, question.session, model, question.text]).encode()).hexdigest()
