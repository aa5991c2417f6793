"""Reads the phases once, or again and again until all is well."""

import time
from collections.abc import Callable

from sentinel_cli.settings import load_settings
from sentinel_cli.status.flink_api import connect
from sentinel_cli.status.verdict import Verdict, judge
from sql.errors import SettingsError
from sql.outputs import Output

NEEDED = (
    Output.flink_rest_endpoint, Output.organization_id, Output.environment_id,
    Output.flink_api_key, Output.flink_api_secret, Output.statements,
)  # fmt: skip
_PAUSE = 5.0
"""Seconds between two looks; the provider itself looks every 10 s."""


def watch(stack: str | None, seconds: float, timeout: float, waiting: Callable[[str], None]) -> list[Verdict]:
    """The verdicts on all statements; looks for up to `seconds` until all is well or waiting cannot help.

    `waiting` is told, before each pause, what is being waited for. `timeout` is the seconds one answer may take.
    Raises SettingsError and ServiceError.
    """
    settings = load_settings([output.name for output in NEEDED], stack)
    if not settings.statements:
        raise SettingsError(f"Output {Output.statements} names no statement, so there is nothing to say of any.")
    end = time.monotonic() + seconds
    with connect(settings, timeout) as api:
        while True:
            verdicts = judge(settings.statements, api.read(settings.statements), stopped=settings.stopped)
            wrong = [verdict for verdict in verdicts if not verdict.ok]
            left = end - time.monotonic()
            if not wrong or left <= 0 or any(verdict.lasting for verdict in wrong):
                return verdicts
            waiting(", ".join(f"{verdict.name} is {verdict.phase}" for verdict in wrong))
            time.sleep(min(_PAUSE, left))
