"""Answers that are paid for and not committed: after a crash, or a transaction that aborts, none is asked again."""

import hashlib
import sqlite3
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

from pydantic import TypeAdapter, ValidationError

from sentinel_cli.llm.call import Call
from sentinel_cli.llm.question import Question

_DAYS = 7 * 86_400
"""Seconds after which an answer is of no use: its partition has gone to another machine."""
_CALL = TypeAdapter(Call)
_Result = TypeVar("_Result")


class Kept:
    """
    A file of answers, by question and model; of one process at a time.

    It holds no prompt, and an answer no longer than until its alert's transaction is committed; its owner alone may
    read it, as an answer may advise a SAR. Where the file cannot be used, the disk being full perhaps, answers are
    kept in memory from then on: no alert waits for them.

    Args:
        path: The file.
        say: Takes what an operator should know.
    """

    def __init__(self, path: Path, say: Callable[[str], None]) -> None:
        self.path, self.say = path, say
        self._used: set[str] = set()
        try:
            path.touch(mode=0o600)
            if path.is_file():
                path.chmod(0o600)
            self._file = _opened(str(path))
        except (OSError, sqlite3.Error) as error:
            self._file = self._memory(error)

    def begin(self) -> None:
        """A batch begins: what is asked from now on belongs to it."""
        self._used.clear()

    def get(self, question: Question, model: str) -> Call | None:
        """The call that answered a question, if it has been answered."""
        key = _key(question, model)
        row = self._do(lambda file: file.execute("SELECT answer FROM answers WHERE question = ?", [key]).fetchone())
        self._used.add(key)
        # One that another version has kept, in a form of its own, is as good as none.
        with suppress(ValidationError):
            return replace(_CALL.validate_json(row[0]), prompt=question.text) if row else None
        return None

    def put(self, question: Question, model: str, call: Call) -> None:
        """Keep a call that was answered."""
        row = [_key(question, model), _CALL.dump_json(replace(call, prompt="")).decode(), time.time()]
        self._do(lambda file: file.execute("INSERT OR REPLACE INTO answers VALUES (?, ?, ?)", row))

    def committed(self) -> None:
        """Forget the batch's answers: another batch, interrupted before it, may still need its own."""
        keys = [[key] for key in self._used]
        self._do(lambda file: file.executemany("DELETE FROM answers WHERE question = ?", keys))
        self._used.clear()

    def close(self) -> None:
        """Let go of the file."""
        self._file.close()

    def _do(self, work: Callable[[sqlite3.Connection], _Result]) -> _Result:
        try:
            return work(self._file)
        except sqlite3.Error as error:
            with suppress(sqlite3.Error):
                self._file.close()
            self._file = self._memory(error)
            return work(self._file)

    def _memory(self, error: Exception) -> sqlite3.Connection:
        self.say(f"{self.path} cannot be used for answers: {error}. After a crash, models are asked for some again.")
        return _opened(":memory:")


def _opened(place: str) -> sqlite3.Connection:
    file = sqlite3.connect(place, isolation_level=None)
    file.execute("PRAGMA journal_mode = WAL")
    # A killed process loses nothing; where the machine itself fails, an answer is asked for once more.
    file.execute("PRAGMA synchronous = NORMAL")
    file.execute("PRAGMA secure_delete = ON")
    file.execute("CREATE TABLE IF NOT EXISTS answers (question TEXT PRIMARY KEY, answer TEXT, at REAL)")
    file.execute("DELETE FROM answers WHERE at < ?", [time.time() - _DAYS])
    return file


def _key(question: Question, model: str) -> str:
    return hashlib.sha256("\0".join([question.stage, question.session, model, question.text]).encode()).hexdigest()
