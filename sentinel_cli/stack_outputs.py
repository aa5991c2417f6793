"""The outputs of a Pulumi stack, secrets included, as `pulumi stack output` gives them."""

import json
import os
import subprocess
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from shutil import which
from typing import Any

import sql.errors
from sql.errors import SettingsError

_SECONDS = 120
"""How long Pulumi may take: a backend far away and a first start together took 20 s."""


@dataclass(frozen=True)
class StackOutputs:
    """Values by output name, and in words where they were looked for."""

    values: dict[str, Any] = field(repr=False)
    source: str


def read_stack_outputs(stack: str | None) -> StackOutputs:
    """The outputs of `stack`, else of SENTINEL_STACK, else of the selected stack; empty where none is selected.

    An empty name asks none: a broker on this machine must not be mixed with whatever stack is selected.
    Raises SettingsError where a stack was named and its outputs cannot be read.
    """
    if stack == "":
        return StackOutputs({}, "no stack")
    return _outputs(stack or os.environ.get("SENTINEL_STACK"))


@cache
def _outputs(name: str | None) -> StackOutputs:
    """Asked for once in a process: Pulumi takes seconds, and a command looks at its settings more than once."""
    try:
        values = _ask_pulumi(name)
    except SettingsError as error:
        if name:
            raise SettingsError(f"The outputs of stack {name} cannot be read: {error}") from None
        return StackOutputs({}, f"the outputs of the selected stack ({str(error).rstrip('.')})")
    return StackOutputs(values, f"the outputs of {f'stack {name}' if name else 'the selected stack'}")


def _ask_pulumi(name: str | None) -> dict[str, Any]:
    program = which("pulumi")
    if program is None:
        raise SettingsError("pulumi is not on PATH.")
    command = [program, "stack", "output", "--json", "--show-secrets", "--non-interactive"]
    command += ["--stack", name] if name else []
    environment = os.environ | {"PULUMI_SKIP_UPDATE_CHECK": "true"}
    try:
        done = subprocess.run(
            command, cwd=_project(), env=environment, stdin=subprocess.DEVNULL,
            capture_output=True, text=True, check=False, timeout=_SECONDS,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        raise SettingsError(f"pulumi did not answer within {_SECONDS} s.") from None
    except OSError as error:
        raise SettingsError(f"pulumi does not start: {error.strerror}.") from None
    if done.returncode:
        raise SettingsError(_reason(done.stderr))
    return _parsed(done.stdout)


def _project() -> Path:
    """The folder of this project's Pulumi.yaml; the working directory where the program is installed without it."""
    checkout = Path(sql.errors.__file__).parents[1]
    return checkout if (checkout / "Pulumi.yaml").is_file() else Path.cwd()


def _reason(stderr: str) -> str:
    lines = [line.strip() for line in stderr.splitlines() if line.strip()]
    said = next((line for line in lines if line.startswith("error:")), lines[-1] if lines else "it says nothing")
    return f"pulumi: {said.removeprefix('error:').strip().rstrip('.')}."


def _parsed(text: str) -> dict[str, Any]:
    try:
        values = json.loads(text)
    except ValueError:
        values = None
    if not isinstance(values, dict):
        raise SettingsError("pulumi stack output gave no JSON object.")
    return values
