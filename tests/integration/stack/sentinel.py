"""This project's own stack on the real engine: made, changed, and reviewed by its previews."""

import json
import os
import runpy
import shutil
from pathlib import Path
from typing import Any

import pytest

import sql
from sentinel_cli.preview.changes import read_changes
from sentinel_cli.preview.digest import read_digest
from sentinel_cli.preview.markdown import report
from sentinel_cli.preview.statements import read_statements
from tests.integration.stack_runner import ROOT, StackRunner
from tests.stacks.stack_configs import BEDROCK
from tests.stacks.stack_configs import SECRETS as PROVIDER_SECRETS

PREVIEWS = ROOT / "tests" / "sentinel_cli" / "preview"
WRITE = "WRITE_PREVIEWS"
"""With this environment variable the saved previews and their reports are written anew, for a person to read."""
SECRETS = {**PROVIDER_SECRETS["azureopenai"], **PROVIDER_SECRETS["bedrock"]}
AZURE = {
    "provider": "azureopenai",
    "endpoint": "https://sentinel-other.openai.azure.com",
    "deployment": "gpt-5-mini",
    "apiVersion": "2024-08-01-preview",
}
_KEPT = ("type", "urn", "inputs", "parent", "protect", "delete", "replacementTrigger", "replaceOnChanges", "provider")
_LONG = {"schema", "statement"}
_UNREAD = (":RoleBinding", ":ApiKey", ":ServiceAccount", ":Schema", ":SubjectConfig")
PLUGIN = "pulumi-resource-confluentcloud"
"""The engine says from which folder it takes the stand-in."""


def make(folder: Path, stack: str, **settings: Any) -> StackRunner:
    """A stack of the repository's own files, not yet deployed."""
    runner = StackRunner(folder, stack=stack, project=ROOT)
    runner.program = runpy.run_path(str(ROOT / "__main__.py"), run_name="program")["main"]
    runner.configure(settings, SECRETS)
    return runner


def use_sql(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of `sql/` that the program deploys from here on, to be changed."""
    copy = shutil.copytree(ROOT / "sql", folder / "sql", ignore=shutil.ignore_patterns("*.py", "cases", "__pycache__"))
    monkeypatch.setattr(sql.load_pipeline, "__kwdefaults__", {**(sql.load_pipeline.__kwdefaults__ or {}), "root": copy})
    return copy


def reviewed(runner: StackRunner, name: str) -> None:
    """Check that a preview of what is configured by now gives the saved report of that name."""
    saved, live = PREVIEWS / f"{name}.json", runner.folder / "preview.json"
    text = json.dumps(tidy(json.loads(runner.preview_json())), indent=1) + "\n"
    live.write_text(text, encoding="utf-8")
    changes = read_changes(read_digest(str(live)))
    found = report(changes, read_statements(changes))
    if os.environ.get(WRITE):
        saved.write_text(text, encoding="utf-8")
        saved.with_suffix(".md").write_text(found, encoding="utf-8")
    assert found == saved.with_suffix(".md").read_text(encoding="utf-8")


def tidy(digest: dict[str, Any]) -> dict[str, Any]:
    """A preview without what differs from run to run, and without what stays as it is and no report reads."""
    digest.pop("duration", None)
    digest["diagnostics"] = [each for each in digest.get("diagnostics", []) if PLUGIN not in each["message"]]
    digest["steps"] = sorted(filter(_is_read, digest["steps"]), key=lambda step: (step["urn"], step["op"]))
    for step in digest["steps"]:
        for side in ("oldState", "newState"):
            if state := step.get(side):
                step[side] = _tidy_state(state, step["op"])
    return digest


def _is_read(step: dict[str, Any]) -> bool:
    return step["op"] != "same" or not step["urn"].split("::")[2].endswith(_UNREAD)


def _tidy_state(state: dict[str, Any], op: str) -> dict[str, Any]:
    kept = {key: state[key] for key in _KEPT if key in state}
    if op == "same":
        kept["inputs"] = {key: value for key, value in state.get("inputs", {}).items() if key not in _LONG}
    if state["type"] == "pulumi:pulumi:Stack":
        kept["outputs"] = state.get("outputs", {})
    return kept


def in_clear(runner: StackRunner, text: str) -> set[str]:
    """Every secret, put in or made, that a text shows."""
    return {secret for secret in runner.known_secrets() if secret in text}


def statement_changes(changes: dict[str, str]) -> dict[str, str]:
    """What happened to Flink statements, by their names."""
    ending = "-statement"
    return {
        name.removeprefix("pipeline-").removesuffix(ending): what
        for name, what in changes.items()
        if name.endswith(ending)
    }


__all__ = [
    "AZURE",
    "BEDROCK",
    "SECRETS",
    "in_clear",
    "make",
    "reviewed",
    "statement_changes",
    "use_sql",
]
