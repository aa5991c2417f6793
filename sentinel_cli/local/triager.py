"""
A rule-based triager in place of an agent: the same prompt gives the same answer.

It imports nothing of the project: Apache Flink's worker loads this file too.
"""

import json
import re

_PRIORITY = {"CRITICAL": 1, "HIGH": 2, "MEDIUM": 3, "LOW": 4}


def triage(prompt: str) -> tuple[str, str]:
    """Status and response for a triage prompt: severity decides, and it dismisses only what it can cite."""
    severity = _line(prompt, "Severity")
    typology = _line(prompt, "Typology")
    cited = re.findall(r"^(E\d+) ", prompt, re.MULTILINE)
    decision = "ESCALATE" if severity in {"CRITICAL", "HIGH"} and typology == "structuring" else "REVIEW"
    if severity == "CRITICAL":
        decision = "ESCALATE"
    if severity == "LOW" and cited:
        decision = "DISMISS"
    answer = {
        "decision": decision,
        "priority": _PRIORITY.get(severity, 3),
        "sar_recommended": decision == "ESCALATE" and typology == "structuring",
        "recommended_action": "Compare with the account's usual activity and ask the customer where the money is from.",
        "rationale": f"Severity {severity or 'unknown'}, {typology or 'no typology'}; see {', '.join(cited[:3])}.",
    }
    return "SUCCESS", json.dumps(answer)


def _line(prompt: str, name: str) -> str:
    found = re.search(rf"^{name}: (.*)$", prompt, re.MULTILINE)
    return found[1] if found else ""
