"""
A rule-based triager in place of an agent: the same prompt gives the same answer. docs/ai.md lists its rules.

It imports nothing of the project: Apache Flink's worker loads this file too.
"""

import json
import re

_PRIORITY = {"CRITICAL": 1, "HIGH": 2, "MEDIUM": 3, "LOW": 4}
_LEAST_REPORTED = 5_000.0
"""Dollars; 31 CFR 1020.320(a)(2). What is compared is a sum of cents below 10^15, which a float holds."""


def triage(prompt: str) -> tuple[str, str]:
    """Status and response for a triage prompt: severity decides, and it dismisses only what it can cite."""
    facts = prompt.partition("\nSummary: ")[0]
    severity, typology = _line(facts, "Severity"), _line(facts, "Typology")
    cited = re.findall(r"^(E[0-9]+) ", facts, re.MULTILINE)
    decision = "REVIEW"
    if severity == "CRITICAL" or (severity == "HIGH" and typology == "structuring"):
        decision = "ESCALATE"
    if severity == "LOW" and cited:
        decision = "DISMISS"
    reportable = typology == "structuring" and _dollars(_line(facts, "Total")) >= _LEAST_REPORTED
    answer = {
        "decision": decision,
        "priority": _PRIORITY.get(severity, 3),
        "sar_recommended": decision == "ESCALATE" and reportable,
        "recommended_action": "Compare with the account's usual activity and ask the customer where the money is from.",
        "rationale": f"Severity {severity or 'unknown'}, {typology or 'no typology'}; see {', '.join(cited[:3])}.",
    }
    return "SUCCESS", json.dumps(answer)


def _dollars(total: str) -> float:
    found = re.match(r"([0-9.]+) USD", total)
    return float(found[1]) if found else 0.0


def _line(facts: str, name: str) -> str:
    found = re.search(rf"^{name}: (.*)$", facts, re.MULTILINE)
    return found[1] if found else ""
