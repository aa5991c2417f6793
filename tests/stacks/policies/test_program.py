"""The program that is deployed keeps every policy, at preview and when all values are known."""

import pytest

from tests.stacks.policies.pack import Pack
from tests.stacks.policies.recorder import LLM, record


@pytest.mark.parametrize("preview", [True, False], ids=["preview", "up"])
@pytest.mark.parametrize("llm", LLM)
@pytest.mark.parametrize("stack", ["dev", "prod"])
def test_the_program_keeps_every_policy(pack: Pack, stack: str, llm: str, preview: bool) -> None:
    recording = record(stack, llm, preview=preview)
    assert len(recording.resources) > 100
    assert [str(each) for each in pack.judge(recording)] == []


@pytest.mark.parametrize("mode", ["single", "set"])
def test_so_does_one_whose_statements_have_starts_or_are_stopped(pack: Pack, mode: str) -> None:
    starts = {"structuring": "2026-03-01T00:00:00Z", "enrichment": "2026-03-01T00:00:00Z"}
    assert pack.judge(record("dev", "azureopenai", statements=mode, startsAt=starts, stopped=True)) == []
