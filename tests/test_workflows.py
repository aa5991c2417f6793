"""The workflows: what they run exists, forks get no secrets, permissions are the least, and no two ups run at once."""

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic import BaseModel, ConfigDict, Field

from sentinel_cli.preview.gate import Gate
from tests.commands import commands, mistakes

ROOT = Path(__file__).parents[1]
FILES = sorted((ROOT / ".github/workflows").glob("*.yml"))
NOT_A_FORK = "github.event.pull_request.head.repo.full_name == github.repository"
WRITES = {("preview.yml", "preview", "pull-requests")}
"""The one permission beyond reading: the comment on the pull request."""


class Step(BaseModel):
    model_config = ConfigDict(extra="forbid")
    name: str = ""
    uses: str = ""
    run: str = ""
    condition: str = Field("", alias="if")
    env: dict[str, str] = {}
    inputs: dict[str, Any] = Field({}, alias="with")


class Job(BaseModel):
    model_config = ConfigDict(extra="allow")
    steps: list[Step] = []
    uses: str = ""
    condition: str = Field("", alias="if")
    env: dict[str, str] = {}
    secrets: dict[str, str] = {}
    permissions: dict[str, str] | None = None
    concurrency: dict[str, Any] = {}


class Workflow(BaseModel):
    model_config = ConfigDict(extra="forbid")
    name: str
    # YAML 1.1 reads the key `on` as a truth value.
    triggers: dict[str, Any]
    permissions: dict[str, str]
    concurrency: dict[str, Any] = {}
    jobs: dict[str, Job]


def read(path: Path) -> Workflow:
    loaded = yaml.safe_load(path.read_text("utf-8"))
    triggers = loaded.pop(True)
    return Workflow.model_validate(loaded | {"triggers": triggers})


def jobs() -> Iterator[tuple[str, str, Job]]:
    for path in FILES:
        yield from ((path.name, name, job) for name, job in read(path).jobs.items())


def scripts() -> list[str]:
    return [step.run for _, _, job in jobs() for step in job.steps if step.run]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_it_reads_unless_a_job_says_what_it_writes(path: Path) -> None:
    workflow = read(path)
    assert workflow.permissions == {"contents": "read"}
    written = {
        (path.name, name, scope)
        for name, job in workflow.jobs.items()
        for scope, level in (job.permissions or {}).items()
        if level != "read"
    }
    assert written <= WRITES


def test_no_fork_is_run_with_secrets() -> None:
    for file, name, job in jobs():
        triggers = read(ROOT / ".github/workflows" / file).triggers
        assert "pull_request_target" not in triggers
        if "secrets." in job.model_dump_json() and "pull_request" in triggers:
            assert job.condition == NOT_A_FORK, name


def test_secrets_are_named_and_reach_no_script() -> None:
    for path in FILES:
        names = re.findall(r"secrets\.(\w+)", path.read_text("utf-8"))
        assert set(names) <= {"PULUMI_ACCESS_TOKEN"}
    assert [script for script in scripts() if "${{" in script] == []


def test_actions_are_pinned_by_their_major_version() -> None:
    used = {step.uses for _, _, job in jobs() for step in job.steps if step.uses}
    assert [action for action in used if not re.fullmatch(r"[\w.-]+/[\w.-]+@v\d+", action)] == []
    called = {job.uses for _, _, job in jobs() if job.uses}
    assert [path for path in called if not (ROOT / path).is_file()] == []


def test_what_they_run_exists() -> None:
    assert [mistake for script in scripts() for mistake in mistakes(script)] == []
    own = {words[0] for script in scripts() for words in commands(script) if "/" in words[0]}
    assert own == {".ci/run"}
    assert [name for name in own if not (ROOT / name).stat().st_mode & 0o100] == []


@pytest.mark.parametrize("script", scripts())
def test_a_script_is_shell(script: str) -> None:
    done = subprocess.run(["bash", "-n"], input=script, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_the_gates_exist_and_those_of_prod_keep_jobs_and_topics() -> None:
    job = read(ROOT / ".github/workflows/preview.yml").jobs["preview"].model_dump()
    gates = {
        row["stack"]: set(row["gates"].replace("--fail-on", "").split()) for row in job["strategy"]["matrix"]["include"]
    }
    assert set(gates) == {"dev", "prod"}
    assert gates["dev"] | gates["prod"] <= {gate.value for gate in Gate}
    assert gates["prod"] >= {"cluster-replaced", "topic-replaced", "job-without-starts-at"}


def test_the_preview_does_not_refresh() -> None:
    lines = "\n".join(scripts())
    assert all("--refresh=false" in line for line in lines.splitlines() if "pulumi preview" in line)
    project = (ROOT / "Pulumi.yaml").read_text("utf-8")
    assert "s/refresh: always//" in lines
    assert "refresh" not in (yaml.safe_load(project.replace("refresh: always", "")).get("options") or {})


def test_no_two_ups_run_at_once_and_none_is_cut_off() -> None:
    for _, _, job in jobs():
        if any("pulumi up" in step.run for step in job.steps):
            assert job.concurrency == {"group": "up-${{ inputs.stack }}", "cancel-in-progress": False}
            assert job.model_dump()["environment"] == "${{ inputs.stack }}"
            assert any("sentinel status" in step.run for step in job.steps)
    deploy = read(ROOT / ".github/workflows/deploy.yml").jobs
    assert deploy["prod"].model_dump()["needs"] == "dev"
