"""What each phase means for a job and for a declaration."""

import pytest

from sentinel_cli.status.flink_api import GONE, Reading
from sentinel_cli.status.verdict import Verdict, judge

PHASES = (
    "PENDING", "RUNNING", "COMPLETED", "DEGRADED", "FAILING", "FAILED", "STOPPING", "STOPPED", "DELETING", GONE, "NEW",
)  # fmt: skip


def verdict(kind: str, phase: str, *, stopped: bool = False) -> Verdict:
    return judge({"x": kind}, {"x": Reading(phase, "")}, stopped=stopped)[0]


@pytest.mark.parametrize("phase", PHASES)
def test_a_job_is_well_only_as_the_stack_wants_it(phase: str) -> None:
    assert verdict("insert", phase).ok == (phase == "RUNNING")
    assert verdict("insert", phase, stopped=True).ok == (phase == "STOPPED")


@pytest.mark.parametrize("phase", PHASES)
@pytest.mark.parametrize("kind", ["watermark", "options", "model", "agent"])
def test_a_declaration_is_well_when_done_and_when_purged_afterwards(kind: str, phase: str) -> None:
    assert verdict(kind, phase).ok == verdict(kind, phase, stopped=True).ok == (phase in ("COMPLETED", GONE))


@pytest.mark.parametrize("phase", PHASES)
@pytest.mark.parametrize("kind", ["insert", "model"])
def test_what_to_do_is_one_sentence_and_there_is_one_for_whatever_is_wrong(kind: str, phase: str) -> None:
    for stopped in (False, True):
        found = verdict(kind, phase, stopped=stopped)
        assert found.ok or found.advice.endswith(".")
        assert ". " not in found.advice


def test_waiting_does_not_help_what_has_ended() -> None:
    lasting = {phase for phase in PHASES if verdict("insert", phase).lasting}
    assert lasting == {"FAILED", "COMPLETED", GONE}
