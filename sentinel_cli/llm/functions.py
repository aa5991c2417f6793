"""ML_PREDICT and AI_RUN_AGENT on this machine: by a model where an endpoint is configured, else by rules."""

import os
import sys
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from sentinel_cli.llm.call import OnCall, no_record
from sentinel_cli.llm.rules import Rules
from sentinel_cli.local._run import Managed
from sql import Pipeline

if TYPE_CHECKING:
    from sentinel_cli.llm.endpoint import Endpoint
    from sentinel_cli.llm.kept import Kept


class Answering(Protocol):
    """Who explains and triages."""

    batch: int | None
    longest: float

    def functions(
        self, stopping: Callable[[], bool] = ..., kept: "Kept | None" = ...
    ) -> AbstractContextManager[Mapping[str, Managed]]:
        """The managed functions, for an Engine."""


def say_on_stderr(text: str) -> None:
    """Commentary of a command."""
    print(f"sentinel: {text}", file=sys.stderr, flush=True)


def find_answering(
    pipeline: Pipeline,
    on_call: OnCall = no_record,
    say: Callable[[str], None] = say_on_stderr,
) -> Answering:
    """
    The model of the configured endpoint, else the rules.

    Args:
        pipeline: Whose agent's prompt and longest answer count.
        on_call: Is told of each call and of each answer by rules, as soon as it has come.
        say: Takes what an operator should know: a spent budget, an endpoint that is down.

    Raises:
        SettingsError: the endpoint's values are wrong, or a budget cannot be kept.
    """
    rules = Rules(pipeline.agent_prompt, on_call)
    endpoint = configured_endpoint()
    if endpoint is None:
        return rules
    from sentinel_cli.llm.model import Model

    return Model(endpoint, rules, pipeline.max_completion_tokens, say)


def configured_endpoint() -> "Endpoint | None":
    """The endpoint as `find_endpoint` gives it, where it is worth while to look: the names are those of settings.py."""
    # Settings take a tenth of a second to import, and `openai` a whole one: most demonstrations need neither.
    if not (any(name.startswith("SENTINEL_LLM_") for name in os.environ) or Path("credentials.env").is_file()):
        return None
    from sentinel_cli.llm.endpoint import find_endpoint

    return find_endpoint()
