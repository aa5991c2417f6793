"""An analyst's decision: the closed list, and what must be said with it."""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any, Final

from sentinel_cli.ledger.record import Record, canonical
from sentinel_cli.ledger.store import Ledger
from sql.errors import UsageError

ANALYST: Final = "analyst"
"""Stage and provider of a person's record."""
_LONGEST_REASON, _LONGEST_NAME = 10_000, 100
"""As in the topic's schema."""
_SEEN = "LNP"
"""Letters, digits, punctuation: of the kinds of Unicode those in which something is said."""


class Decision(StrEnum):
    """What happens to the case."""

    escalate = "ESCALATE"
    review = "REVIEW"
    dismiss = "DISMISS"


@dataclass(frozen=True)
class Decided:
    """Who decided what on which alert, and why; `checked` makes it."""

    alert_id: str
    decision: str
    reason: str
    decided_by: str

    def at(self, ledger: Ledger, now: int) -> int:
        """
        When it was decided, epoch ms: now, or earlier where it is the last that the ledger holds on that alert.

        A command that is run again, because the topic did not take it, is so the same decision and no second one.
        """
        own = recorded(ledger, self.alert_id)
        last = own[-1] if own else {}
        is_same = all(last.get(name) == value for name, value in asdict(self).items() if name != "alert_id")
        return int(last["decided_at"]) if last and is_same else now


def checked(alert_id: str, decision: Decision, reason: str, by: str) -> Decided:
    """
    A decision in a user's words.

    Raises:
        UsageError: the id is none, or reason or name is missing, too long, or no text.
    """
    if not re.fullmatch("[0-9a-f]{64}", alert_id):
        raise UsageError(f"{alert_id} is no alert's id: it has 64 hexadecimal digits.")
    return Decided(
        alert_id,
        decision.value,
        _said("--reason", reason, _LONGEST_REASON),
        _said("--by", by, _LONGEST_NAME),
    )


def recorded(ledger: Ledger, alert_id: str) -> list[dict[str, Any]]:
    """What analysts decided on an alert, as the ledger has it, times in epoch ms; LedgerError where it has a fault."""
    return [dict(record.result) for _, record in ledger.records(alert_id) if record.stage == ANALYST]


def latest(decisions: Iterable[Mapping[str, Any]]) -> Mapping[str, Any] | None:
    """The decision on an alert that counts: the latest, and of two at one time the one that came last."""
    return max(reversed(list(decisions)), key=lambda decision: decision["decided_at"], default=None)


def record_of(row: dict[str, Any]) -> Record:
    """The ledger's record of a row of sentinel.analyst_decisions, its time in epoch ms."""
    said = ("decision", "reason", "decided_by", "decided_at")
    return Record(
        alert_id=row["alert_id"],
        stage=ANALYST,
        prompt_version=None,
        prompt=None,
        provider=ANALYST,
        model="",
        parameters={},
        answer=canonical(row),
        status="SUCCESS",
        result={name: row[name] for name in said},
        guard=None,
        latency_ms=None,
        input_tokens=None,
        output_tokens=None,
        cost=None,
        time=row["decided_at"],
        alert=None,
    )


def _said(option: str, text: str, longest: int) -> str:
    text = text.strip()
    if any(unicodedata.category(letter) == "Cs" for letter in text):
        raise UsageError(f"{option} is not in UTF-8: write it again in a terminal that uses UTF-8.")
    if not any(unicodedata.category(letter)[0] in _SEEN for letter in text):
        raise UsageError(f"{option} is empty or has no letter, digit or punctuation: a decision says who, and why.")
    if len(text) > longest:
        raise UsageError(f"{option} has {len(text)} characters, more than {longest}.")
    return text
