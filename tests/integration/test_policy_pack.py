"""The real engine runs the real pack over the real program, lets it pass, and refuses what breaks a policy."""

import shlex
import sys
from pathlib import Path
from typing import Any

import pytest

import sql
from tests.integration.stack.sentinel import BEDROCK, make
from tests.integration.stack_runner import ROOT, RunFailedError, StackRunner

PACK = ("--policy-pack", str(ROOT / "stacks" / "policies"))


def stack(folder: Path, name: str, settings: dict[str, object]) -> StackRunner:
    """A stack of this project, with the launcher by which an engine without a Python language host starts a pack."""
    runner = make(folder, name, **settings)
    launcher = folder / "bin" / "pulumi-analyzer-policy-python"
    launcher.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -u -m pulumi.policy "$@"\n', encoding="utf-8")
    launcher.chmod(0o755)
    return runner


def violations(events: list[Any]) -> list[tuple[str, str]]:
    """Policy and resource of each violation, and of each policy that could not be run."""
    found = [event.policy_event for event in events if event.policy_event]
    return [(each.policy_name, each.resource_urn.rpartition("::")[2]) for each in found]


@pytest.mark.usefixtures("pulumi_engine")
def test_an_update_of_dev_passes_from_nothing_to_the_end(tmp_path: Path) -> None:
    run = stack(tmp_path, "dev", {}).up(*PACK)
    assert violations(run.events) == []
    assert "detection-statement" in " ".join(run.names("create"))
    assert any(event.summary_event and event.summary_event.policy_packs for event in run.events)


@pytest.mark.usefixtures("pulumi_engine")
def test_a_preview_of_prod_that_forgot_what_it_is_is_refused_for_that_and_nothing_else(tmp_path: Path) -> None:
    runner = stack(tmp_path, "prod", {"llm": BEDROCK, "production": False, "protect": False})
    with pytest.raises(RunFailedError) as failed:
        runner.preview(*PACK)
    found = violations(failed.value.run.events)
    assert {policy for policy, _ in found} == {"production-is-protected"}
    topics = {f"pipeline-{table.folder.name}-topic" for table in sql.load_pipeline().tables}
    assert topics <= {name for _, name in found}
