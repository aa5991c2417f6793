"""`sentinel evaluate`."""

from pathlib import Path
from typing import Annotated

import typer

from sentinel_cli.options import ParametersFile, Set


def evaluate(
    alerts: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Labelled alerts; those of the program without it.")
    ] = None,
    runs: Annotated[int, typer.Option(min=1, metavar="N", help="How often each alert is asked about.")] = 3,
    against: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Compare with the answers of an earlier run, which --out wrote.")
    ] = None,
    out: Annotated[Path | None, typer.Option(metavar="FILE", help="Write all answers, as JSON.")] = None,
    report: Annotated[
        Path | None, typer.Option(metavar="FOLDER", help="Write the tables as Markdown, and a chart as SVG.")
    ] = None,
    set_: Set = None,
    parameters: ParametersFile = None,
) -> None:
    """
    Triage labelled alerts and say how good the decisions are; exit 1 if a suspicious alert was dismissed.

    The alerts come with the program; their labels are the ground truth of whoever made the transactions, and no
    analyst's. Prints decisions by label, precision and recall of escalation with 95 % intervals, dismissals of
    suspicious alerts, the form of the answers, whether cited evidence exists, stability over the runs, tokens and cost;
    with --against both side by side, and McNemar's exact test. With --set another guard is tried before it is deployed.
    """
    from sentinel_cli.evaluation.screen import Request, run
    from sentinel_cli.parameters import gather_parameters

    if not run(Request(alerts, runs, against, out, report, gather_parameters(parameters, set_ or []))):
        raise typer.Exit(1)
