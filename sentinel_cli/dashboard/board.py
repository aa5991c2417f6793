"""What the screen shows, written by a source's thread and read at the screen's own pace; bounded, whatever comes."""

import time
from collections import Counter, OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from threading import Lock
from typing import Any

from sentinel_cli.dashboard.per_minute import PerMinute
from sentinel_cli.kafka.reading import Row

_SEEN = 100_000
"""Ids by which repeats of an alert or of its disposition are known; most follow within a transaction or two."""
_OF_ANALYST = ("decision", "reason", "decided_by", "decided_at")
"""Columns of an analyst's decision that a case has too, as `analyst_...`."""
_EARLY = 1_000
"""Alerts whose summary or disposition has come before them, and is kept."""


@dataclass(frozen=True)
class Case:
    """An alert with what is known of it by now; never changed, but replaced."""

    row: Row
    """The alert's columns; those of its summary and its disposition as soon as they have come."""
    written: float
    """When the alert was written, epoch seconds of the wall clock."""


@dataclass(frozen=True)
class Snapshot:
    """The board at one moment."""

    now: float
    """Epoch seconds."""
    cases: tuple[Case, ...]
    """The newest first."""
    alerts: int
    """How many have come, repeats not counted."""
    repeats: int
    unreadable: int
    decisions: Mapping[str, int]
    """Dispositions by decision."""
    agreement: tuple[int, int]
    """Alerts on which the analyst decided as the agent said, before the guard, and all that both have decided."""
    events_per_minute: tuple[int, ...]
    alerts_per_minute: tuple[int, ...]
    events: int | None
    """Transactions that have come since the start, None where they cannot be counted."""
    contact: float | None
    """Seconds since the source last heard anything, None before the first time."""
    trouble: str
    """What the source meets, in one sentence; empty when all is well."""


def agrees(row: Row) -> bool | None:
    """Whether the analyst decided as the agent said, before the guard; None where one of them has said nothing."""
    said, decided = row.get("agent_decision"), row.get("analyst_decision")
    return said == decided if said and decided else None


class Board:
    """
    Alerts by id, at most so many, and counters.

    Args:
        most: Alerts that are kept; the oldest goes first.
        clock: Epoch seconds.
    """

    def __init__(self, most: int, clock: Callable[[], float] = time.time) -> None:
        self.most, self.clock = most, clock
        self.failure: BaseException | None = None
        """What ended the source."""
        self._lock = Lock()
        self._cases: OrderedDict[str, Case] = OrderedDict()
        self._seen: OrderedDict[str, None] = OrderedDict()
        self._early: OrderedDict[str, Row] = OrderedDict()
        self._counts: Counter[str] = Counter()
        self._decisions: Counter[str] = Counter()
        self._decided: OrderedDict[str, str | None] = OrderedDict()
        """What the agent said before the guard, by alert; None where its answer did not count."""
        self._analysts: OrderedDict[str, Row] = OrderedDict()
        """The latest decision of an analyst, by alert."""
        self._alerts, self._events = PerMinute(), PerMinute()
        self._event_total: int | None = None
        self._contact: float | None = None
        self._trouble = ""

    def alert(self, row: Row, written: float) -> None:
        """Take an alert, unless it is known already."""
        alert_id = row["alert_id"]
        with self._lock:
            if alert_id in self._seen:
                self._counts["repeats"] += 1
                return
            self._seen[alert_id] = None
            self._cases[alert_id] = Case({**row, **self._early.pop(alert_id, {})}, written)
            self._counts["alerts"] += 1
            self._alerts.add(1, self.clock())
            _shorten(self._seen, _SEEN)
            _shorten(self._cases, self.most)

    def found(self, alert_id: str, part: Row) -> None:
        """
        Take a summary or a disposition: columns to be added to an alert, which may come later.

        Of two dispositions of an alert the first counts: a source that connects again reads some a second time.
        """
        with self._lock:
            if "decision" in part:
                if alert_id in self._decided:
                    return
                self._decided[alert_id] = part["agent_decision"]
                self._decisions[part["decision"]] += 1
                _shorten(self._decided, _SEEN)
            self._add(alert_id, part)

    def decided_by_analyst(self, row: Row) -> None:
        """Take a row of sentinel.analyst_decisions; of several on an alert the latest counts."""
        alert_id = row["alert_id"]
        with self._lock:
            known = self._analysts.get(alert_id)
            if known is None or known["decided_at"] <= row["decided_at"]:
                self._analysts[alert_id] = row
                _shorten(self._analysts, _SEEN)
                self._add(alert_id, {f"analyst_{name}": row[name] for name in _OF_ANALYST})

    def _add(self, alert_id: str, part: Row) -> None:
        if case := self._cases.get(alert_id):
            self._cases[alert_id] = Case({**case.row, **part}, case.written)
        elif alert_id not in self._seen:
            self._early[alert_id] = {**self._early.get(alert_id, {}), **part}
            _shorten(self._early, _EARLY)

    def _agreement(self) -> tuple[int, int]:
        both = [row["decision"] == said for a, row in self._analysts.items() if (said := self._decided.get(a))]
        return sum(both), len(both)

    def events(self, count: int) -> None:
        """So many transactions more have come."""
        with self._lock:
            self._event_total = (self._event_total or 0) + count
            self._events.add(count, self.clock())

    def unreadable(self) -> None:
        """A record could not be read."""
        with self._lock:
            self._counts["unreadable"] += 1

    def heard(self) -> None:
        """The source has had an answer: there is contact, and no trouble."""
        with self._lock:
            self._contact, self._trouble = self.clock(), ""

    def trouble(self, text: str) -> None:
        """The source meets something that it tries to get over; one sentence."""
        with self._lock:
            self._trouble = text

    def oldest(self) -> float | None:
        """When the first written of the alerts that are kept was written, epoch seconds."""
        with self._lock:
            return min((case.written for case in self._cases.values()), default=None)

    def snapshot(self) -> Snapshot:
        """All of it, as it is now."""
        with self._lock:
            now = self.clock()
            return Snapshot(
                now,
                tuple(reversed(self._cases.values())),
                self._counts["alerts"],
                self._counts["repeats"],
                self._counts["unreadable"],
                dict(self._decisions),
                self._agreement(),
                self._events.last(now),
                self._alerts.last(now),
                self._event_total,
                None if self._contact is None else now - self._contact,
                self._trouble,
            )


def _shorten(rows: OrderedDict[str, Any], most: int) -> None:
    while len(rows) > most:
        rows.popitem(last=False)
