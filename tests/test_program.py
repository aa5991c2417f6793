"""The Pulumi program renders the pipeline of the stack's provider, and says what a deployment will create."""

import runpy
from pathlib import Path
from typing import Any

import pulumi
import pytest

import sql

PROGRAM = Path(__file__).parents[1] / "__main__.py"


class Nothing(pulumi.runtime.Mocks):
    """A cloud in which the program must create nothing."""

    def new_resource(self, args: pulumi.runtime.MockResourceArgs) -> tuple[str, dict[str, Any]]:
        raise AssertionError(f"{args.typ} was declared")

    def call(self, args: pulumi.runtime.MockCallArgs) -> tuple[dict[str, Any], None]:
        raise AssertionError(f"{args.token} was called")


def outputs(provider: str, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    found: dict[str, Any] = {}
    pulumi.runtime.set_mocks(Nothing(), project="sentinel-aml", stack="dev")
    pulumi.runtime.set_config("sentinel-aml:llmProvider", provider)
    monkeypatch.setattr(pulumi, "export", found.__setitem__)
    runpy.run_path(str(PROGRAM))
    return found


@pytest.mark.parametrize("provider", ["azureopenai", "bedrock"])
def test_it_exports_every_table_and_statement(provider: sql.Provider, monkeypatch: pytest.MonkeyPatch) -> None:
    pipeline = sql.load_pipeline(provider=provider)
    found = outputs(provider, monkeypatch)
    assert found["tables"] == [table.name for table in pipeline.tables]
    assert found["statements"] == [statement.name for statement in pipeline.statements]
    assert found["statements"].index("model") < found["statements"].index("agent") < found["statements"].index("triage")


def test_an_unknown_provider_is_refused_in_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(pulumi.RunError, match="none of azureopenai, bedrock"):
        outputs("vertexai", monkeypatch)
