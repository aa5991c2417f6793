"""Answers that are paid for and not committed: after a crash, or a transaction that aborts, none is asked again."""

import hashlib
import sqlite3
import time
from dataclasses import replace
from pathlib import Path

from pydantic import TypeAdapter

from sentinel_cli.llm.call import Call
from sentinel_cli.llm.question import Question
from sql.errors import ServiceError

_DAYS = 7 * 86_400
"""Seconds after which an answer is of no use: its partition has gone to another machine."""
_CALL = TypeAdapter(Call)


class Kept:
    """
    A file of answers, by question and model; of one process at a time.

    It holds no prompt, and an answer no longer than until its alert's transaction is committed.
    Raises ServiceError where it cannot be used.
    """

    def __init__(self, path: Path) -> None:
        self._used: set[str] = set()
        try:
            self._file = sqlite3.connect(path, isolation_level=None)
            self._file.execute("PRAGMA journal_mode = WAL")
            # A killed process loses nothing; where the machine itself fails, an answer is asked for once more.
            self._file.execute("PRAGMA synchronous = NORMAL")
            self._file.execute("CREATE TABLE IF NOT EXISTS answers (question TEXT PRIMARY KEY, answer TEXT, at REAL)")
            self._file.execute("DELETE FROM answers WHERE at < ?", [time.time() - _DAYS])
        except sqlite3.Error as error:
            raise ServiceError(f"{path} cannot be used for answers: {error}.") from None

    def begin(self) -> None:
        """A batch begins: what is asked from now on belongs to it."""
        self._used.clear()

    def get(self, question: Question, model: str) -> Call | None:
        """The call that answered a question, if it has been answered."""
        key = _key(question, model)
        row = self._file.execute("SELECT answer FROM answers WHERE question = ?", [key]).fetchone()
        self._used.add(key)
        return replace(_CALL.validate_json(row[0]), prompt=question.text) if row else None

    def put(self, question: Question, model: str, call: Call) -> None:
        """Keep a call that was answered."""
        kept = _CALL.dump_json(replace(call, prompt="")).decode()
        self._file.execute(
            "INSERT OR REPLACE INTO answers VALUES (?, ?, ?)", [_key(question, model), kept, time.time()]
        )

    def committed(self) -> None:
        """Forget the batch's answers: another batch, interrupted before it, may still need its own."""
        self._file.executemany("DELETE FROM answers WHERE question = ?", [[key] for key in self._used])
        self._used.clear()

    def close(self) -> None:
        """Let go of the file."""
        self._file.close()


def _key(question: Question, model: str) -> str:
    return hashlib.sha256("\0".join([question.stage, question.session, model, question.text]).encode()).hexdigest()
