"""The figures as Markdown, of one set of answers or of two side by side."""

from collections import Counter
from collections.abc import Iterator, Sequence

from sentinel_cli.evaluation.alerts import Labelled, LabelledSet
from sentinel_cli.evaluation.answers import Answers
from sentinel_cli.evaluation.figures import DECISIONS, Share, figures, paired

CHART = "decisions.svg"


def report(alerts: LabelledSet, given: Sequence[Answers]) -> str:
    """The tables, with a line break at their end."""
    lines = [
        *_set(alerts),
        *_decisions(alerts.alerts, given),
        *_table(alerts.alerts, given),
        *_kinds(alerts.alerts, given),
    ]
    if len(given) == 2:
        lines += _test(alerts.alerts, given[0], given[1])
    return "\n".join(lines).rstrip("\n") + "\n"


def _set(alerts: LabelledSet) -> Iterator[str]:
    suspicious = sum(alert.is_suspicious for alert in alerts.alerts)
    count = len(alerts.alerts)
    yield f"{count} alerts, {suspicious} suspicious and {count - suspicious} benign; set {alerts.digest}."
    yield ""


def _decisions(alerts: Sequence[Labelled], given: Sequence[Answers]) -> Iterator[str]:
    yield f"| answers of | label | {' | '.join(DECISIONS)} |"
    yield "|---|---|---|---|---|"
    for answers in given:
        decided = figures(alerts, answers).decided
        for label in ("suspicious", "benign"):
            yield f"| {answers.name} | {label} | {' | '.join(str(decided.get((label, d), 0)) for d in DECISIONS)} |"
    yield ""


def _table(alerts: Sequence[Labelled], given: Sequence[Answers]) -> Iterator[str]:
    found = [figures(alerts, answers) for answers in given]
    rows = [
        ("escalate precision", [f.precision for f in found]),
        ("escalate recall", [f.recall for f in found]),
        ("suspicious dismissed, after the guard (has to be 0)", [f.dismissed for f in found]),
        ("suspicious dismissed, before the guard", [f.agent_dismissed for f in found]),
        ("answers of the right form", [f.sound for f in found]),
        ("cited evidence that exists", [f.existing for f in found]),
    ]
    yield f"| figure (95 % interval) | {' | '.join(answers.name for answers in given)} |"
    yield "|---|" + "---|" * len(given)
    yield from (f"| {name} | {' | '.join(map(shown, shares))} |" for name, shares in rows)
    stable = [f"{shown(f.stable)}, {len(a.runs)} runs" for f, a in zip(found, given, strict=True)]
    yield f"| same decision in every run | {' | '.join(stable)} |"
    tokens = [f"{a.usage.input_tokens:,}, {a.usage.output_tokens:,}{_beside(a.usage.uncounted)}" for a in given]
    yield f"| tokens in, out | {' | '.join(tokens)} |"
    yield f"| cost, US dollars | {' | '.join(f'{a.usage.cost:,.4f}{_beside(a.usage.unpriced)}' for a in given)} |"
    yield ""


def _beside(unknown: int) -> str:
    return f", and those of {unknown:,} calls, which are not known" if unknown else ""


def _kinds(alerts: Sequence[Labelled], given: Sequence[Answers]) -> Iterator[str]:
    yield f"| kind | label | alerts | {' | '.join(f'escalated, dismissed by {a.name}' for a in given)} |"
    yield "|---|---|---|" + "---|" * len(given)
    groups = Counter((alert.kind, alert.is_suspicious) for alert in alerts)
    for (kind, is_suspicious), count in sorted(groups.items()):
        cells = []
        for answers in given:
            pairs = zip(alerts, answers.runs[0], strict=True)
            mine = Counter(
                a.decision for alert, a in pairs if (alert.kind, alert.is_suspicious) == (kind, is_suspicious)
            )
            cells.append(f"{mine['ESCALATE']}, {mine['DISMISS']}")
        yield f"| {kind} | {'suspicious' if is_suspicious else 'benign'} | {count} | {' | '.join(cells)} |"
    yield ""


def _test(alerts: Sequence[Labelled], first: Answers, second: Answers) -> Iterator[str]:
    found = paired(alerts, first, second)
    yield (
        f"Right is to escalate what is suspicious and not what is benign. {found.only_first} alerts are right in "
        f"{first.name} alone, {found.only_second} in {second.name} alone: McNemar's exact test, two-sided, "
        f"p = {found.p_value:.4f}."
    )


def shown(share: Share) -> str:
    """A share with its interval and the numbers behind it."""
    if share.value is None:
        return "none"
    low, high = share.interval
    return f"{share.value:.1%} ({low:.1%} to {high:.1%}; {share.count} of {share.of})"
