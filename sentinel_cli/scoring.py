"""What was found of what was there: alerts against labels, by account, by episode and by rule.

A label says that an account did something of a typology, and, if it has a start and an end (epoch ms of the first and
the last transaction), when. An alert is a row of `sentinel.aml_alerts`, its times epoch ms or datetimes. An alert meets
a label of its typology and account if window_start <= end and window_end >= start, or if the label has no times.
"""

import csv
import gzip
import json
import zlib
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sql.errors import InputError

Alert = Mapping[str, Any]
"""At least rule_id, typology, account_id, window_start and window_end."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Label:
    """One episode that was there; without start and end, an account that is known for its typology.

    `rules` are the rules expected to find it, where somebody said so.
    """

    account_id: str
    typology: str
    start: int | None = None
    end: int | None = None
    rules: tuple[str, ...] = ()


@dataclass(frozen=True)
class Count:
    """How many labelled things there were, how many of them were found, and how many of the alerted things were right.

    `alerted` and `right` count accounts (then `right` equals `found`) or alerts.
    """

    labelled: int
    found: int
    alerted: int
    right: int

    @property
    def precision(self) -> float | None:
        """Share of the alerted that is right; None if nothing was alerted."""
        return self.right / self.alerted if self.alerted else None

    @property
    def recall(self) -> float | None:
        """Share of the labelled that was found; None if nothing was labelled."""
        return self.found / self.labelled if self.labelled else None


@dataclass(frozen=True)
class Score:
    """The score of one typology.

    `accounts`: an account is labelled or alerted once, however many labels or alerts of the typology it has.
    `episodes`: a label is found if an alert meets it, an alert is right if it meets a label; None unless all labels
    given have start and end.
    """

    typology: str
    accounts: Count
    episodes: Count | None


@dataclass(frozen=True)
class RuleScore:
    """The score of one rule by episode, against the labels that name it: its alerts on other episodes are not right."""

    rule_id: str
    episodes: Count


def epoch_ms(moment: int | str | datetime) -> int:
    """Give epoch milliseconds of an epoch, an ISO 8601 text or a datetime; without an offset it is UTC.

    Raises ValueError or TypeError for anything else.
    """
    if isinstance(moment, bool) or not isinstance(moment, int | str | datetime):
        raise TypeError(f"{moment!r} is no time")
    if isinstance(moment, str):
        moment = int(moment) if moment.lstrip("-").isdecimal() else datetime.fromisoformat(moment)
    if isinstance(moment, int):
        return moment
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return (aware - _EPOCH) // timedelta(milliseconds=1)


def _meets(alert: Alert, label: Label) -> bool:
    """Say whether both speak of one time; typology and account are known to be the same."""
    if label.start is None or label.end is None:
        return True
    return epoch_ms(alert["window_start"]) <= label.end and epoch_ms(alert["window_end"]) >= label.start


def matches(labels: Iterable[Label], alerts: Iterable[Alert]) -> list[tuple[Label, list[Alert]]]:
    """Give each label with the alerts that meet it, both in their order; one without times is met by its account's."""
    alerts_of: dict[tuple[str, str], list[Alert]] = defaultdict(list)
    for alert in alerts:
        alerts_of[alert["typology"], alert["account_id"]].append(alert)
    return [
        (label, [alert for alert in alerts_of[label.typology, label.account_id] if _meets(alert, label)])
        for label in labels
    ]


def missed(labels: Iterable[Label], alerts: Iterable[Alert]) -> list[Label]:
    """Give the labels that no alert meets."""
    return [label for label, hits in matches(labels, alerts) if not hits]


def _by_account(labels: Iterable[Label], alerts: Iterable[Alert]) -> Count:
    labelled = {label.account_id for label in labels}
    alerted = {alert["account_id"] for alert in alerts}
    both = len(labelled & alerted)
    return Count(len(labelled), both, len(alerted), both)


def _by_episode(labels: Collection[Label], alerts: Collection[Alert]) -> Count:
    pairs = matches(labels, alerts)
    right = {id(alert) for _, hits in pairs for alert in hits}
    return Count(len(labels), sum(bool(hits) for _, hits in pairs), len(alerts), len(right))


def score(labels: Collection[Label], alerts: Collection[Alert]) -> list[Score]:
    """Score each typology that is labelled or alerted, in order of their names."""
    timed = all(label.start is not None and label.end is not None for label in labels)
    scores = []
    for typology in sorted({label.typology for label in labels} | {alert["typology"] for alert in alerts}):
        there = [label for label in labels if label.typology == typology]
        alerted = [alert for alert in alerts if alert["typology"] == typology]
        episodes = _by_episode(there, alerted) if timed else None
        scores.append(Score(typology, _by_account(there, alerted), episodes))
    return scores


def score_rules(labels: Collection[Label], alerts: Collection[Alert]) -> list[RuleScore]:
    """Score each rule that a label names or that has alerted, by name; nothing if no label names one."""
    named = {rule for label in labels for rule in label.rules}
    rules = sorted(named | {alert["rule_id"] for alert in alerts}) if named else []
    return [
        RuleScore(
            rule,
            _by_episode(
                [label for label in labels if rule in label.rules],
                [alert for alert in alerts if alert["rule_id"] == rule],
            ),
        )
        for rule in rules
    ]


def _moment(row: Mapping[str, Any], name: str) -> int | None:
    value = row.get(name)
    try:
        return None if value in (None, "") else epoch_ms(value)
    except (TypeError, ValueError):
        raise ValueError(f"{name} {value!r} is neither epoch milliseconds nor ISO 8601") from None


def _name(row: Mapping[str, Any], name: str) -> str:
    value = row.get(name)
    if not isinstance(value, str | int) or isinstance(value, bool) or value == "":
        raise ValueError(f"{name} is missing" if value in (None, "") else f"{name} {value!r} is no name")
    return str(value)


def _rules(row: Mapping[str, Any]) -> tuple[str, ...]:
    rules = row.get("rules") or []
    named = rules.split() if isinstance(rules, str) else rules
    if not isinstance(named, list) or not all(isinstance(rule, str) for rule in named):
        raise ValueError(f"rules {rules!r} is no list of rule ids")
    return tuple(named)


def _label(row: Mapping[str, Any] | str) -> Label:
    """Make a label of a row of CSV or a line of JSON; raises ValueError or TypeError saying what is wrong."""
    if isinstance(row, str):
        try:
            row = json.loads(row)
        except (ValueError, RecursionError):
            raise ValueError("it is not JSON") from None
        if not isinstance(row, dict):
            raise TypeError("it is not a JSON object")
    start, end = _moment(row, "start"), _moment(row, "end")
    if (start is None) != (end is None):
        raise ValueError("only one of start and end is given")
    if start is not None and end is not None and start > end:
        raise ValueError("start is after end")
    return Label(_name(row, "account_id"), _name(row, "typology"), start, end, _rules(row))


def _rows(file: Iterable[str], is_csv: bool) -> Iterator[tuple[int, Mapping[str, Any] | str]]:
    """Number the rows by the line on which they end; raises ValueError if a needed column is not there."""
    if not is_csv:
        yield from ((number, text) for number, text in enumerate(file, 1) if text.strip())
        return
    reader = csv.DictReader(file, strict=True)
    lacking = sorted({"account_id", "typology"}.difference(reader.fieldnames or ()))
    if lacking:
        raise ValueError(f"column {' and column '.join(lacking)} is missing")
    for row in reader:
        yield reader.line_num, row


def read_labels(path: Path) -> list[Label]:
    """Read labels from JSON lines, or from CSV if the name says so; gzip by `.gz` at its end.

    Columns account_id and typology; optional start and end (epoch ms or ISO 8601, without an offset UTC) and rules (in
    CSV with blanks between them); others are passed over. Raises InputError naming file, line and what is wrong.
    """
    labels: list[Label] = []
    line = 1
    try:
        with (gzip.open if path.suffix == ".gz" else open)(path, "rt", encoding="utf-8-sig", newline="") as file:
            for line, row in _rows(file, path.name.removesuffix(".gz").endswith(".csv")):  # noqa: B007, read in the error
                labels.append(_label(row))
    except (OSError, EOFError, zlib.error, UnicodeDecodeError, csv.Error) as error:
        raise InputError(f"{path} cannot be read: {error}; give labels as JSON lines or CSV.") from error
    except (TypeError, ValueError) as error:
        hint = "a label has account_id and typology, and may have start, end and rules"
        raise InputError(f"{path}, line {line}: {error}; {hint}.") from error
    return labels
