"""Whatever an endpoint does: as many dispositions as alerts, no DISMISS but a model's own, nothing paid for twice."""

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from sentinel_cli.replay import Request, replay
from tests.sentinel_cli.llm import stand_in
from tests.sentinel_cli.llm.conftest import ALERTS, KEY, Configure
from tests.sentinel_cli.llm.stand_in import Fault, StandIn, always, first_try, status

Cases = list[dict[str, Any]]
LOOSE: dict[str, object] = {
    "ai.never_dismiss_severity": "CRITICAL",
    "ai.never_dismiss_total": "1000000.00",
    "ai.quality_control_percent": "0",
}
"""A guard that lets a sound dismissal of these alerts through: none that comes out can be the guard's merit."""
MODEL = "openai/stand-in"
FAULTS: dict[str, Fault] = {
    "429-with-retry-after": status(429, {"retry-after": "1"}),
    "429-with-retry-after-ms": status(429, {"retry-after-ms": "20"}),
    "500": status(500),
    "hang": stand_in.hang,
    "cut": stand_in.cut,
    "slow-drip": stand_in.slow_drip,
    "broken-body": stand_in.broken_body,
    "html": stand_in.html,
    "no-choices": stand_in.no_choices,
}
"""What passes: asked again, it is answered."""
DOWN: dict[str, Fault] = {**FAULTS, "400": status(400)}
"""What does not pass; an endpoint that refuses every request is of no more use than one that is away."""
ANSWERS: dict[str, tuple[Fault, str | None, str]] = {
    "refusal": (stand_in.refusal, None, "FAILED"),
    "garbage": (stand_in.garbage, "  ", "MALFORMED"),
    "truncated": (stand_in.truncated, "", "MALFORMED"),
    "content-filter": (stand_in.filtered, None, "FAILED"),
    "content-filter-on-request": (stand_in.filtered_request, None, "FAILED"),
}
"""What a model may say that is no answer: summary and agent_status of the row."""


def run(endpoint: StandIn, deposit_file: Path, configure: Configure, **values: object) -> Cases:
    settings = {"endpoint": endpoint.url, "model": "stand-in", "api_key": KEY, **values}
    configure(**settings)
    request = Request([str(deposit_file)], until="dispositions", rules=["structuring_rolling"], parameters=LOOSE)
    with replay(request) as outcome:
        cases = outcome.rows
    assert len({case["alert_id"] for case in cases}) == len(cases) == ALERTS
    assert KEY not in str(cases)
    return cases


def is_dismissed_rightly(case: dict[str, Any]) -> bool:
    """Only a whole answer of the model dismisses."""
    answer = json.loads(case["raw_response"])
    return (case["model"], case["agent_status"], answer["decision"]) == (MODEL, "OK", "DISMISS")


def check(endpoint: StandIn, cases: Cases) -> None:
    assert all(is_dismissed_rightly(case) for case in cases if case["decision"] == "DISMISS")
    assert set(endpoint.answered.values()) <= {1}


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_that_passes_is_got_over(name: str, deposit_file: Path, configure: Configure) -> None:
    with StandIn(first_try(FAULTS[name], 50)) as endpoint:
        # Only these end by a time-out; a busy machine must not make one of a whole answer, which is asked for again.
        cases = run(endpoint, deposit_file, configure, timeout=3 if name in ("hang", "slow-drip") else 60)
    check(endpoint, cases)
    assert Counter((case["model"], case["summary_model"]) for case in cases) == {(MODEL, MODEL): ALERTS}
    assert Counter(case["agent_status"] for case in cases) == {"OK": ALERTS}
    decisions = Counter(case["decision"] for case in cases)
    assert set(decisions) == {"ESCALATE", "REVIEW", "DISMISS"}
    assert min(decisions.values()) > ALERTS // 4
    assert len(endpoint.seen) > 2 * ALERTS == len(endpoint.answered)


@pytest.mark.parametrize("name", DOWN)
def test_an_endpoint_that_is_down_is_left_alone_and_rules_answer(
    name: str, deposit_file: Path, configure: Configure, capfd: pytest.CaptureFixture[str]
) -> None:
    with StandIn(always(DOWN[name])) as endpoint:
        cases = run(endpoint, deposit_file, configure, timeout=0.2, retries=1)
    check(endpoint, cases)
    assert endpoint.answered == {}
    assert len(endpoint.seen) <= 40
    by = Counter(case["summary_model"] for case in cases)
    assert set(by) == {MODEL, "sentinel_llm_local/circuit_open"}
    assert by[MODEL] <= 15
    failed = [case for case in cases if case["summary_model"] == MODEL]
    assert {(case["summary"], case["summary_status"]) for case in failed} == {(None, "MISSING")}
    assert {case["decision"] for case in cases if case["model"] == MODEL} <= {"REVIEW"}
    told = capfd.readouterr().err
    assert told.count("\n") == 1
    assert "openai/stand-in is down" in told


@pytest.mark.parametrize("name", ANSWERS)
def test_what_is_no_answer_is_reviewed(name: str, deposit_file: Path, configure: Configure) -> None:
    fault, summary, agent_status = ANSWERS[name]
    with StandIn(always(fault)) as endpoint:
        cases = run(endpoint, deposit_file, configure)
    check(endpoint, cases)
    assert {(case["summary"], case["summary_status"], case["summary_model"]) for case in cases} == {
        (summary, "MISSING", MODEL)
    }
    assert {(case["agent_status"], case["model"]) for case in cases} == {(agent_status, MODEL)}
    # An ESCALATE that can still be read in what is left of an answer stays one.
    escalates = {"ESCALATE"} if name == "content-filter" else set()
    assert {case["decision"] for case in cases} == {"REVIEW"} | escalates
    assert len(endpoint.seen) == 2 * ALERTS


def test_the_budget_of_calls_is_kept_and_rules_go_on(
    deposit_file: Path, configure: Configure, capfd: pytest.CaptureFixture[str]
) -> None:
    with StandIn(first_try(status(500), 10)) as endpoint:
        cases = run(endpoint, deposit_file, configure, budget_calls=1_500)
    check(endpoint, cases)
    assert len(endpoint.seen) == 1_500
    by = Counter(case["model"] for case in cases)
    assert set(by) == {MODEL, "sentinel_triage_agent_local/budget"}
    told = capfd.readouterr().err
    assert told == f"sentinel: The day's budget of {MODEL} is spent; rules explain and triage in its place.\n"
    with StandIn() as another:
        cases = run(another, deposit_file, configure, budget_calls=1_500)
    assert another.seen == []
    assert {case["model"] for case in cases} == {"sentinel_triage_agent_local/budget"}


@pytest.mark.parametrize("limit", [{"budget_tokens": 200_000}, {"budget_cost": "0.10"}])
def test_the_budget_of_tokens_and_of_dollars_is_kept(
    limit: dict[str, object], deposit_file: Path, configure: Configure
) -> None:
    with StandIn() as endpoint:
        cases = run(endpoint, deposit_file, configure, price_input="0.25", price_output="2.00", **limit)
    check(endpoint, cases)
    spent = [(len(seen.text) // 4, 60) for seen in endpoint.seen]
    tokens = sum(map(sum, spent))
    dollars = sum(0.25e-6 * i + 2e-6 * o for i, o in spent)
    used = tokens / 200_000 if "budget_tokens" in limit else dollars / 0.10
    assert 0.95 < used <= 1
    assert {case["model"] for case in cases} >= {"sentinel_triage_agent_local/budget"}


def test_a_wrong_key_costs_a_handful_of_requests(
    deposit_file: Path, configure: Configure, capfd: pytest.CaptureFixture[str]
) -> None:
    with StandIn(always(status(401))) as endpoint:
        cases = run(endpoint, deposit_file, configure)
    check(endpoint, cases)
    assert len(endpoint.seen) <= 10
    assert capfd.readouterr().err == (
        f"sentinel: {MODEL} refuses key, model or URL; rules explain and triage in its place.\n"
    )
