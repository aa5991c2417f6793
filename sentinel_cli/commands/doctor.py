"""`sentinel doctor`."""

from typing import Annotated

import typer

from sentinel_cli.options import Json, Stack, seconds


def doctor(
    stack: Stack = None,
    timeout: Annotated[float, seconds("How long one look may take.", least=1)] = 60,
    skip_model: Annotated[
        bool, typer.Option("--skip-model", help="Ask the model nothing: an answer costs what a few hundred tokens do.")
    ] = False,
    json: Json = False,
) -> None:
    """
    Say what is set, whether it answers, and whether it is what the commands expect; exit 1 if anything is wrong.

    For each value where it was found, secrets masked; where a model is configured, which one, and whether it answers;
    broker and registry for each account; topics and schemas against the repository's; the phase of each Flink statement
    where there is an account; and how many alerts older than 15 minutes have no disposition.
    """
    from sentinel_cli.doctor.screen import examine, show, show_json

    findings = examine(stack, timeout, ask_model=not skip_model)
    (show_json if json else show)(findings)
    if not all(finding.ok for finding in findings):
        raise typer.Exit(1)
