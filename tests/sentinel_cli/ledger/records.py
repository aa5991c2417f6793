"""Records as the tests append them."""

from typing import Any

from sentinel_cli.ledger.record import Record
from tests.alerts import alert_id


def record(number: int, **changes: Any) -> Record:
    """A decision on an alert; the same number gives the same one."""
    given: dict[str, Any] = {
        "alert_id": alert_id(number),
        "stage": "triage",
        "prompt_version": "00000002",
        "prompt": f"Typology: structuring\nTotal: {number}",
        "provider": "local",
        "model": "an_agent",
        "parameters": {},
        "answer": f'{{"decision": "REVIEW", "rationale": "E{number}, \\u2028 \ud800 ✓"}}',
        "status": "SUCCESS",
        "result": {"decision": "REVIEW", "priority": 3},
        "guard": None,
        "latency_ms": 1,
        "input_tokens": None,
        "output_tokens": None,
        "cost": "0.0001",
        "time": 1_800_000_000_000 + number,
        "alert": None,
    }
    return Record(**given | changes)
