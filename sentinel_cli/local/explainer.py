"""
A rule-based explainer in place of a model: the same prompt gives the same paragraph.

It imports nothing of the project: Apache Flink's worker loads this file too.
"""

import json
import re

_FACTS = re.compile(
    r"Typology: (?P<typology>[^.]*)\. Severity: (?P<severity>\w+)\. "
    r"From (?P<start>[\d :.-]{23}) to (?P<end>[\d :.-]{23})\. "
    r"Transactions: (?P<count>\d+)\. Total: (?P<total>[^:]*)\. Figures and evidence: (?P<detail>\{.*\})\Z",
    re.DOTALL,
)
_NEXT = {
    "structuring": "It may be a cash business that banks its takings; compare with its usual deposits.",
    "velocity": "It may be a payroll run or a sale; look at who received the funds.",
    "geographic anomaly": "It may be online purchases; check which transactions needed the card itself.",
}


def explain(prompt: str) -> str:
    """A paragraph on the alert that the enrichment prompt describes; an empty text if it describes none."""
    found = _FACTS.search(prompt)
    if not found:
        return ""
    detail = json.loads(found["detail"])
    evidence = str(detail.pop("evidence", "")).split("; ")
    figures = ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in detail.items())
    places = sorted({fact.rpartition(" ")[2] for fact in evidence if fact})
    return (
        f"Between {found['start'][:16]} and {found['end'][:16]} UTC the account had {found['count']} transactions "
        f"of together {found['total']} that match {found['typology']} ({figures}), in {', '.join(places)}. "
        f"Severity {found['severity']}. {_NEXT.get(found['typology'], '')}"
    ).strip()
