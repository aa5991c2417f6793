"""Alerts, summaries and dispositions as records: what the tests write into topics and onto the board."""

from hashlib import sha256
from typing import Any

DETECTED = 1_736_154_730_831
"""2025-01-06 09:12:10.831 UTC"""


def alert_id(number: int) -> str:
    return sha256(str(number).encode()).hexdigest()


def alert(number: int, **changes: Any) -> dict[str, Any]:
    """A record of sentinel.aml_alerts; the same number gives the same one."""
    fact = "2025-01-06 08:34:54.296 CASH_DEPOSIT IN 7890.00 USD US"
    return {
        "alert_id": alert_id(number),
        "rule_id": "structuring_rolling",
        "rule_version": "e12eaadf",
        "typology": "structuring",
        "account_id": f"ACC-{number:06}",
        "customer_id": f"CUS-{number:06}",
        "window_start": DETECTED - 3_600_000,
        "window_end": DETECTED,
        "detected_at": DETECTED,
        "transaction_count": 5,
        "total_amount": 42_780.5,
        "currency": "USD",
        "severity": "HIGH",
        "evidence": [f"EVT-{number}-{n}" for n in range(5)],
        "detail": f'{{"below_count":5,"evidence":"{fact}; {fact}","reporting_threshold":"10000.00"}}',
        **changes,
    }


def enriched(number: int, **changes: Any) -> dict[str, Any]:
    """A record of sentinel.aml_alerts_enriched."""
    said = {"summary": f"Summary {number}.", "model": "a_model", "prompt_version": "00000001", "status": "OK"}
    return alert(number) | said | changes


def disposition(number: int, **changes: Any) -> dict[str, Any]:
    """A record of sentinel.alert_dispositions."""
    return {
        "alert_id": alert_id(number),
        "account_id": f"ACC-{number:06}",
        "decision": "ESCALATE",
        "agent_decision": "ESCALATE",
        "priority": 2,
        "sar_recommended": True,
        "recommended_action": "Ask where the money is from.",
        "rationale": f"Rationale {number}, see E1.",
        "model": "an_agent",
        "prompt_version": "00000002",
        "agent_status": "OK",
        "raw_response": "{}",
        **changes,
    }


def analyst_decision(number: int, **changes: Any) -> dict[str, Any]:
    """A record of sentinel.analyst_decisions."""
    return {
        "alert_id": alert_id(number),
        "account_id": f"ACC-{number:06}",
        "decision": "ESCALATE",
        "reason": f"Reason {number}.",
        "decided_by": "A. Analyst",
        "decided_at": DETECTED + 60_000,
        **changes,
    }
