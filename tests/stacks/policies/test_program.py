"""The program that is deployed keeps every policy, at preview and when all values are known."""

from typing import Any

import pytest

from tests.stacks.policies.pack import Pack
from tests.stacks.policies.shown import shown
from tests.stacks.recorder import record
from tests.stacks.stack_configs import BEDROCK, SECRETS, config_of

LLM: dict[str, dict[str, Any]] = {"azureopenai": {}, "bedrock": {"llm": BEDROCK}}


@pytest.mark.parametrize("dry_run", [True, False], ids=["preview", "up"])
@pytest.mark.parametrize("llm", LLM)
@pytest.mark.parametrize("stack", ["dev", "prod"])
def test_the_program_keeps_every_policy(pack: Pack, stack: str, llm: str, dry_run: bool) -> None:
    recording = record(config_of(stack, **LLM[llm]), SECRETS[llm], stack=stack, dry_run=dry_run)
    assert recording.error == ""
    assert [str(each) for each in pack.judge(shown(recording, stack))] == []


@pytest.mark.parametrize("mode", ["single", "set"])
def test_so_does_one_whose_jobs_have_starts_and_are_stopped(pack: Pack, mode: str) -> None:
    starts = {"structuring": "2026-03-01T00:00:00Z", "enrichment": "2026-03-01T00:00:00Z"}
    config = config_of("dev", statements=mode, startsAt=starts, stopped=True)
    recording = record(config, SECRETS["azureopenai"])
    assert recording.error == ""
    assert [str(each) for each in pack.judge(shown(recording, "dev"))] == []
