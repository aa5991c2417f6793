"""Which records are asked for."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from sentinel_cli.ledger.record import Record
from sentinel_cli.ledger.store import Ledger
from sentinel_cli.scoring import epoch_ms
from sql.errors import LedgerError, UsageError

STAGES = ("enrichment", "triage", "analyst")
DECISIONS = ("ESCALATE", "REVIEW", "DISMISS")


@dataclass(frozen=True)
class Choice:
    """What a record must be, where it is said."""

    stage: str | None
    decision: str | None
    provider: str | None
    since: int | None
    """Epoch ms."""
    is_guarded: bool

    @classmethod
    def of(
        cls, stage: str | None, decision: str | None, provider: str | None, since: str | None, *, is_guarded: bool
    ) -> "Choice":
        """
        The choice in a user's words.

        Raises:
            UsageError: one of them is none.
        """
        _one_of("--stage", stage, STAGES)
        _one_of("--decision", decision, DECISIONS)
        try:
            moment = None if since is None else epoch_ms(since)
        except ValueError:
            raise UsageError(f"--since {since}: give a time such as 2026-01-31T12:00:00Z.") from None
        return cls(stage, decision, provider, moment, is_guarded)

    def chosen(self, records: Iterable[tuple[int, Record]]) -> Iterator[tuple[int, Record]]:
        """The records that are meant."""
        return ((number, record) for number, record in records if self._fits(record))

    def _fits(self, record: Record) -> bool:
        return (
            self.stage in {None, record.stage}
            and self.decision in {None, record.result.get("decision")}
            and self.provider in {None, record.provider}
            and (self.since is None or record.time >= self.since)
            and (bool(record.guard) or not self.is_guarded)
        )


def of_alert(ledger: Ledger, begins: str) -> list[tuple[int, Record]]:
    """
    The records of the one alert whose id begins so.

    Raises:
        UsageError: it is no id, or several begin so.
        LedgerError: there is none, or the ledger cannot be read.
    """
    if not re.fullmatch(r"[0-9a-f]{4,64}", begins):
        raise UsageError(f"{begins} is no alert's id: 64 hexadecimal digits, or at least the first 4.")
    found = list(ledger.records(begins))
    if not found:
        raise LedgerError(f"The ledger holds no decision on alert {begins}.")
    if len(alerts := {record.alert_id for _, record in found}) > 1:
        raise UsageError(f"{len(alerts)} alerts begin with {begins}: give more of the id.")
    return found


def _one_of(option: str, value: str | None, known: tuple[str, ...]) -> None:
    if value is not None and value not in known:
        raise UsageError(f"{option} {value}: known are {', '.join(known)}.")
