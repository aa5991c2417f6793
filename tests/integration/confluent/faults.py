"""
Faults that a test tells the cloud to have, as entries of `faults` in its file.

An entry names the `call` (create, wait, read, update, delete, invoke), optionally the `type` (such as FlinkStatement)
and the `name` (in the cloud, or in the program), and what happens: a `status` with `text`, a `phase` of a new statement
with `detail`, or `hangs`. It happens `times` times (always, where that is missing).
`wait` is the time after the provider has stored an id: a failure there leaves the resource in Pulumi's state.
"""

from typing import Any

from tests.integration.confluent.cloud import ApiError, State

_RETRIED = {429, 500, 502, 503, 504}


def meet(state: State, call: str, kind: str, names: set[str], retries: int) -> None:
    """Fail as told; what the provider retries is retried at once, `retries` times."""
    for attempt in range(retries + 1):
        fault = next((f for f in state["faults"] if "status" in f and _fits(f, call, kind, names)), None)
        if fault is None:
            return
        _count(state, fault)
        if fault["status"] not in _RETRIED or attempt == retries:
            given_up = f" (giving up after {attempt + 1} attempt(s))" if attempt else ""
            raise ApiError(fault["status"], fault.get("text", "told to fail") + given_up)


def told(state: State, what: str, call: str, kind: str, names: set[str]) -> dict[str, Any] | None:
    """The fault of another kind (`phase`, `hangs`) that a call meets, or None."""
    fault = next((f for f in state["faults"] if what in f and _fits(f, call, kind, names)), None)
    if fault is not None:
        _count(state, fault)
    return fault


def _fits(fault: dict[str, Any], call: str, kind: str, names: set[str]) -> bool:
    return fault["call"] == call and fault.get("type", kind) == kind and ("name" not in fault or fault["name"] in names)


def _count(state: State, fault: dict[str, Any]) -> None:
    if "times" in fault:
        fault["times"] -= 1
        if fault["times"] <= 0:
            state["faults"].remove(fault)
