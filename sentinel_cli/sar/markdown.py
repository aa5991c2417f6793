"""The draft as a page for the analyst: the narrative, the evidence, what was decided, and what is to be filled."""

import re
from collections.abc import Iterator, Sequence

from sentinel_cli.case_view import amount, plain
from sentinel_cli.sar.amounts import amount_involved
from sentinel_cli.sar.case import Case
from sentinel_cli.sar.codes import classifications, instruments
from sentinel_cli.sar.filing import CONFIDENTIAL
from sentinel_cli.sar.form import Gap, State
from sentinel_cli.sar.narrative import Section, kind, moment, money, way

_LONGEST = 4_000
"""Characters of a text of a model that are shown."""
_SOURCES = """\
- Form: FinCEN SAR, XML Schema 2.0, SARXBatchSchema.xsd version 1.2 (17 December 2021); the codes are that schema's.
- Amounts: U.S. dollars, rounded up to the next whole dollar (filing instructions of the FinCEN SAR, monetary amounts).
- Narrative: FinCEN, Guidance on Preparing a Complete & Sufficient SAR Narrative (November 2003); FFIEC BSA/AML
  Examination Manual, Appendix L.
- A bank files from 5,000 dollars on, counted over the transactions together (31 CFR 1020.320(a)(2)); below, it may.
- Time to file: 30 calendar days from the initial detection of facts that may be a basis for filing, 60 where no
  suspect is identified (31 CFR 1020.320(b)(3)).
- Confidentiality: 31 U.S.C. 5318(g)(2); 31 CFR 1020.320(e).
"""


def page(case: Case, sections: Sequence[Section], gaps: Sequence[Gap]) -> str:
    """The whole page, with a line break at its end."""
    parts = (
        _head(case),
        _narrative(sections),
        _evidence(case),
        _disposition(case),
        _analyst(case),
        _suggested(case),
        _gaps(gaps),
    )
    return "\n".join(line for part in parts for line in part) + f"\n## Sources\n\n{_SOURCES}"


def _head(case: Case) -> Iterator[str]:
    alert = case.alert
    yield from ("# DRAFT of a suspicious activity report: not reviewed, not filed", "")
    yield from (f"> {CONFIDENTIAL}", "")
    if case.is_dismissed:
        yield from ("> **DISMISSED**: a person has dismissed this alert, see below; it is drafted all the same.", "")
    yield "A draft for a human, made from one alert by fixed rules. It decides nothing; nobody has filed it."
    yield from ("", "| | |", "|---|---|")
    yield f"| alert | `{alert['alert_id']}` |"
    yield f"| rule | {escaped(alert['rule_id'])}, version {escaped(alert['rule_version'])} |"
    yield f"| account | {escaped(alert['account_id'])} |"
    yield f"| customer | {escaped(alert['customer_id'])} |"
    yield f"| severity | {escaped(alert['severity'])} |"
    yield ""


def _narrative(sections: Sequence[Section]) -> Iterator[str]:
    yield from ("## Narrative", "")
    for section in sections:
        yield from (f"**{section.question}.** {escaped(section.text)}", "")


def _evidence(case: Case) -> Iterator[str]:
    yield from (
        "## Evidence",
        "",
        "| | time (UTC) | transaction | amount | country | event |",
        "|---|---|---|---|---|---|",
    )
    for number, t in enumerate(case.transactions, 1):
        what = f"{kind(t)} {way(t)} the account"
        cells = (f"E{number}", moment(t.time), what, money(t.amount, t.currency), t.country, t.event_id or "")
        yield f"| {' | '.join(map(escaped, cells))} |"
    if not case.transactions[0].event_id:
        yield from ("", f"Events of the alert: {escaped(', '.join(case.alert['evidence']))}.")
    yield ""


def _disposition(case: Case) -> Iterator[str]:
    yield from ("## Disposition", "")
    row = case.disposition
    if row is None:
        yield from ("No disposition is known.", "")
        return
    advised = "advises" if row["sar_recommended"] else "does not advise"
    guard, model = row["guard"] or "none", escaped(row["model"])
    yield f"**{row['decision']}**, priority {row['priority']}; it {advised} a SAR. The agent said"
    yield f"{row['agent_decision'] or 'nothing that counts'} ({row['agent_status']}, guard {guard}, model {model})."
    yield ""
    yield "What follows was written by a machine, stands in no part of the filing, and is no fact:"
    yield ""
    said = {"summary": case.summary, "rationale": row["rationale"], "next step": row["recommended_action"]}
    for name, text in said.items():
        yield f"- {name}: {escaped((text or 'none')[:_LONGEST])}"
    yield ""


def _analyst(case: Case) -> Iterator[str]:
    yield from ("## The analyst's decision", "")
    row = case.analyst
    if row is None:
        yield from ("No person's decision is known.", "")
        return
    yield f"**{row['decision']}**, decided by a person: {escaped(row['decided_by'])}, {moment(row['decided_at'])} UTC."
    yield from ("", f"Their reason, in their words: {escaped(row['reason'])}", "")


def _suggested(case: Case) -> Iterator[str]:
    yield from ("## Suggested codes", "", "| element | group | code | text |", "|---|---|---|---|")
    for element, codes in (
        ("SuspiciousActivityClassification", classifications(case)),
        ("Assets", instruments(case.transactions)),
    ):
        yield from (f"| {element} | {code.group} | {code.code} | {code.text} |" for code in codes)
    sum_, alert = amount_involved(case), case.alert
    exact = amount(alert["total_amount"], alert["currency"])
    yield from ("", f"Amount involved: {'unknown in dollars' if sum_ is None else f'{sum_:,} dollars'} ({exact}).", "")


def _gaps(gaps: Sequence[Gap]) -> Iterator[str]:
    yield from ("## What a human has to do", "")
    for state, ask in _ASKS.items():
        yield from (f"{ask}:", "")
        for part in dict.fromkeys(gap.part for gap in gaps if gap.state is state):
            fields = [gap.field for gap in gaps if gap.part == part and gap.state is state]
            yield f"- [ ] {part}: {'; '.join(fields)}"
        yield ""


_ASKS = {
    State.empty: "Fill",
    State.unknown: "Replace what is marked unknown, from the customer's record",
    State.check: "Check",
}


def escaped(text: object) -> str:
    """A text of someone else's as Markdown that shows it and does nothing."""
    return re.sub(r"([\\`*\[\]<>|~&#])", r"\\\1", plain(text))
