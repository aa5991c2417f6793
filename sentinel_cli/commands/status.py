"""`sentinel status`."""

from typing import Annotated

import typer

from sentinel_cli.options import Json, Stack, seconds


def status(
    stack: Stack = None,
    wait: Annotated[float, seconds("Look again until all is well, for so long.")] = 0,
    timeout: Annotated[float, seconds("How long one answer may take.", least=0.1)] = 10,
    json: Json = False,
) -> None:
    """
    Show the phase of every Flink statement of the stack; exit 1 unless each job runs, or is stopped if so configured.

    Neither Pulumi's state nor a refresh shows a job that has FAILED. Where to connect is looked for in the stack's
    outputs, then in credentials.env, then in the process environment.
    """
    import sys

    from sentinel_cli.status.screen import show, show_json
    from sentinel_cli.status.watch import watch

    verdicts = watch(stack, wait, timeout, lambda what: print(f"waiting: {what}", file=sys.stderr, flush=True))
    (show_json if json else show)(verdicts)
    if not all(verdict.ok for verdict in verdicts):
        raise typer.Exit(1)
