"""What the answers say of whoever gave them."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from math import comb, sqrt

from sentinel_cli.evaluation.alerts import Labelled
from sentinel_cli.evaluation.answers import Answer, Answers

DECISIONS = ("ESCALATE", "REVIEW", "DISMISS")
_Z = 1.959963984540054
"""Of the normal distribution, for 95 %."""


@dataclass(frozen=True)
class Share:
    """So many of so many, with its 95 % interval."""

    count: int
    of: int

    @property
    def value(self) -> float | None:
        """None of nothing."""
        return self.count / self.of if self.of else None

    @property
    def interval(self) -> tuple[float, float]:
        """
        By Wilson's score, which holds near 0 and 1 and for few; 0 to 1 of nothing.

        E. B. Wilson, Journal of the American Statistical Association 22 (1927), 209-212.
        """
        if not self.of:
            return 0.0, 1.0
        p, n = self.count / self.of, self.of
        middle, half = p + _Z**2 / (2 * n), _Z * sqrt(p * (1 - p) / n + _Z**2 / (4 * n**2))
        return max(0.0, (middle - half) / (1 + _Z**2 / n)), min(1.0, (middle + half) / (1 + _Z**2 / n))


@dataclass(frozen=True)
class Figures:
    """Of the first run, but for dismissals and stability; a positive is an alert that is labelled suspicious."""

    decided: dict[tuple[str, str], int]
    """By label and decision."""
    precision: Share
    """Suspicious ones among the escalated."""
    recall: Share
    """Escalated ones among the suspicious."""
    dismissed: Share
    """Suspicious ones that were dismissed in any run, after the guard; has to be none."""
    agent_dismissed: Share
    """Suspicious ones that the agent would have dismissed in any run, before the guard."""
    sound: Share
    """Answers that have the form that is asked for."""
    existing: Share
    """Pieces of evidence that exist among those that were cited."""
    stable: Share
    """Alerts with the same decision in every run."""


def figures(alerts: Sequence[Labelled], answers: Answers) -> Figures:
    """The figures of a set's answers."""
    run = answers.runs[0]
    pairs = list(zip(alerts, run, strict=True))
    decided = Counter((_label(alert), answer.decision) for alert, answer in pairs)
    hit, suspicious = decided["suspicious", "ESCALATE"], sum(alert.is_suspicious for alert in alerts)
    columns = list(zip(*answers.runs, strict=True))
    missed = [column for alert, column in zip(alerts, columns, strict=True) if alert.is_suspicious]
    same = sum(len({answer.decision for answer in column}) == 1 for column in columns)
    return Figures(
        dict(decided),
        Share(hit, hit + decided["benign", "ESCALATE"]),
        Share(hit, suspicious),
        Share(sum(any(answer.decision == "DISMISS" for answer in column) for column in missed), suspicious),
        Share(sum(any(answer.agent_decision == "DISMISS" for answer in column) for column in missed), suspicious),
        Share(sum(answer.agent_status == "OK" for answer in run), len(run)),
        Share(sum(answer.existing for answer in run), sum(answer.cited for answer in run)),
        Share(same, len(run)),
    )


@dataclass(frozen=True)
class Paired:
    """Two sets of answers to the same alerts; right is to escalate the suspicious and not the benign."""

    only_first: int
    """Right in the first alone."""
    only_second: int
    """Right in the second alone."""

    @property
    def p_value(self) -> float:
        """
        McNemar's test, exact and two-sided: how often a fair coin would split the differing ones as unevenly.

        Q. McNemar, Psychometrika 12 (1947), 153-157. 1 where nothing differs.
        """
        n, least = self.only_first + self.only_second, min(self.only_first, self.only_second)
        as_uneven = 2 * sum(comb(n, k) for k in range(least + 1))
        return min(1.0, as_uneven / (1 << n))


def paired(alerts: Sequence[Labelled], first: Answers, second: Answers) -> Paired:
    """Compare the first runs of both."""
    rights = [
        (_is_right(alert, one), _is_right(alert, other))
        for alert, one, other in zip(alerts, first.runs[0], second.runs[0], strict=True)
    ]
    return Paired(rights.count((True, False)), rights.count((False, True)))


def _is_right(alert: Labelled, answer: Answer) -> bool:
    return (answer.decision == "ESCALATE") == alert.is_suspicious


def _label(alert: Labelled) -> str:
    return "suspicious" if alert.is_suspicious else "benign"
