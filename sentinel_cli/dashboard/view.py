"""Which alerts are shown, and in what order."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from sentinel_cli.dashboard.board import Case
from sentinel_cli.dashboard.columns import COLUMNS, DECISIONS, SEVERITIES

UNDECIDED = "undecided"


@dataclass(frozen=True)
class View:
    """Filters, all of which a case has to pass, and the column that it is sorted by."""

    severity: str | None = None
    rule: str | None = None
    decision: str | None = None
    """A decision, or `undecided`."""
    account: str = ""
    """Part of an account's name, in any case of letters."""
    sort: str | None = None
    """A column's name; None is by arrival, the newest first."""
    backwards: bool = False

    def shown(self, cases: Sequence[Case]) -> list[Case]:
        """The cases that pass, in order; those that are equal in it stay in the order of arrival."""
        passed = [case for case in cases if self._passes(case)]
        column = next((column for column in COLUMNS if column.name == self.sort), None)
        if column:
            return sorted(passed, key=column.order, reverse=self.backwards)
        return passed[::-1] if self.backwards else passed

    def _passes(self, case: Case) -> bool:
        row = case.row
        return (
            self.severity in {None, row["severity"]}
            and self.rule in {None, row["rule_id"]}
            and self.decision in {None, row.get("decision") or UNDECIDED}
            and self.account.lower() in row["account_id"].lower()
        )

    def next_severity(self) -> "View":
        """Only the next severity, after the last one all."""
        return replace(self, severity=_next(self.severity, SEVERITIES))

    def next_decision(self) -> "View":
        """Only the next decision, then the undecided, then all."""
        return replace(self, decision=_next(self.decision, (*DECISIONS, UNDECIDED)))

    def next_rule(self, cases: Iterable[Case]) -> "View":
        """Only the next of the rules that the cases are from, after the last one all."""
        return replace(self, rule=_next(self.rule, sorted({case.row["rule_id"] for case in cases})))

    def next_sort(self) -> "View":
        """Sorted by the next column, after the last one by arrival."""
        return replace(self, sort=_next(self.sort, [column.name for column in COLUMNS]), backwards=False)

    def described(self) -> str:
        """The filters and the order in words."""
        filters = [("severity", self.severity), ("rule", self.rule), ("decision", self.decision)]
        filters += [("account", self.account)]
        named = [f"{name} {value}" for name, value in filters if value] or ["all alerts"]
        order = f"by {self.sort}" if self.sort else "newest first"
        return f"{', '.join(named)}; {order}{', backwards' if self.backwards else ''}"


def _next(value: str | None, values: Sequence[str]) -> str | None:
    if value not in values:
        return values[0] if values and value is None else None
    after = values.index(value) + 1
    return values[after] if after < len(values) else None
