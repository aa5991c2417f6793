"""`sentinel ledger`."""

from typing import Annotated

import typer

from sentinel_cli.options import Json, LedgerFile, ParametersFile, Set, Stack

Head = Annotated[
    str | None,
    typer.Option("--head", metavar="HEAD", help="What `ledger head` printed once: shows that a tail was cut since."),
]


def list_(
    stage: Annotated[str | None, typer.Option(metavar="STAGE", help="enrichment, triage or analyst.")] = None,
    decision: Annotated[str | None, typer.Option(metavar="DECISION", help="ESCALATE, REVIEW or DISMISS.")] = None,
    provider: Annotated[str | None, typer.Option(metavar="NAME", help="Who was asked, such as local.")] = None,
    guarded: Annotated[bool, typer.Option("--guarded", help="Only where the guard overruled the agent.")] = False,
    since: Annotated[str | None, typer.Option(metavar="TIME", help="Decided at it or later, ISO 8601.")] = None,
    ledger: LedgerFile = None,
    json: Json = False,
) -> None:
    """List the decisions in the ledger, oldest first; with --json each in full."""
    from rich.console import Console

    from sentinel_cli.ledger.choice import Choice
    from sentinel_cli.ledger.place import find_ledger
    from sentinel_cli.ledger.screen import as_json, show_list, write_json

    chosen = Choice.of(stage, decision, provider, since, is_guarded=guarded).chosen(find_ledger(ledger).records())
    if json:
        write_json(as_json(chosen))
    else:
        show_list(chosen, Console(highlight=False))


def show(
    alert_id: Annotated[str, typer.Argument(metavar="ALERT_ID", help="An alert's id, or how it begins.")],
    ledger: LedgerFile = None,
    json: Json = False,
) -> None:
    """Show every decision on an alert in full: prompt, answer, what was read in it, and what the analyst decided."""
    from rich.console import Console

    from sentinel_cli.ledger.choice import of_alert
    from sentinel_cli.ledger.place import find_ledger
    from sentinel_cli.ledger.screen import as_json, show_records, write_json

    found = of_alert(find_ledger(ledger), alert_id)
    if json:
        write_json(as_json(found))
    else:
        show_records(found, Console(highlight=False))


def head(ledger: LedgerFile = None) -> None:
    """
    Print how many records there are, and the hash of the last.

    Kept where the ledger's owner cannot change it, it shows whether anything up to it was changed or cut since.
    """
    from sentinel_cli.ledger.place import find_ledger

    print(find_ledger(ledger).head())


def verify(kept: Head = None, ledger: LedgerFile = None) -> None:
    """
    Find any record that was changed, taken out, put in or moved, and say which.

    Exit code 1 where there is one. Without --head a tail that was cut, or written anew as a whole, leaves no trace.
    """
    from sentinel_cli.ledger.place import find_ledger
    from sentinel_cli.ledger.verify import parse_head
    from sentinel_cli.ledger.verify import verify as judge
    from sql.errors import LedgerError

    verdict = judge(find_ledger(ledger), None if kept is None else parse_head(kept))
    for finding in verdict.findings:
        print(finding)
    if verdict.findings:
        raise LedgerError(f"The ledger is not whole: {len(verdict.findings)} findings.")
    print(f"whole: {verdict.head.number} records; head {verdict.head}")


def replay(
    ask: Annotated[bool, typer.Option("--ask", help="Ask today's model anew, in place of the stored answer.")] = False,
    set_: Set = None,
    parameters: ParametersFile = None,
    ledger: LedgerFile = None,
    json: Json = False,
) -> None:
    """
    Judge the stored answers by today's parser and guard, and show what would be decided otherwise.

    The SQL judges, on the alert as it was. With --ask today's model answers, and the texts of its answers are not
    compared. Nothing is recorded. A ledger that is not whole is not judged.
    """
    import sys
    from contextlib import nullcontext

    from rich.console import Console

    from sentinel_cli.ledger.place import find_ledger
    from sentinel_cli.ledger.replay import replay as judge
    from sentinel_cli.ledger.screen import judgement_json, show_judgements, write_json
    from sentinel_cli.ledger.verify import verify as verified
    from sentinel_cli.llm.functions import find_answering
    from sentinel_cli.parameters import gather_parameters
    from sql import load_pipeline
    from sql.errors import LedgerError

    pipeline, found = load_pipeline(gather_parameters(parameters, set_ or [])), find_ledger(ledger)
    if verified(found).findings:
        raise LedgerError("The ledger is not whole, so that nothing in it is judged: see `sentinel ledger verify`.")
    records = [each for each in found.records() if each[1].stage == "triage"]
    with find_answering(pipeline).functions() if ask else nullcontext({}) as managed:
        judged = list(judge(records, pipeline, managed.get("AI_RUN_AGENT")))
    changed = [judgement for judgement in judged if judgement.differs]
    if json:
        write_json(map(judgement_json, changed))
    else:
        show_judgements(changed, Console(highlight=False))
    unknown = len(records) - len(judged)
    left_out = f"; {unknown} left out, whose alert is not known" if unknown else ""
    print(f"sentinel: {len(changed)} of {len(judged)} decisions would be others{left_out}", file=sys.stderr)


def import_(
    from_: Annotated[
        str,
        typer.Option("--from", metavar="beginning|TIME", help="Where to begin; TIME is when it was written, ISO 8601."),
    ] = "beginning",
    ledger: LedgerFile = None,
    stack: Stack = None,
) -> None:
    """
    Take the dispositions of the platform, and what analysts decided elsewhere, into the ledger.

    From the topics, up to their ends. A second import adds what is new alone; what was decided on this machine is there
    already, and is not added again. A disposition of the platform has agent, prompt version and raw answer, but no
    cost; where that version is today's, the prompt is rendered here, and the record's parameters say so. Uses the
    analyst's key.
    """
    import sys

    from sentinel_cli.consumer.start import BEGINNING, parse_start
    from sentinel_cli.ledger.place import find_ledger
    from sentinel_cli.ledger.platform import import_decisions

    start = parse_start(from_, [BEGINNING])
    came = import_decisions(find_ledger(ledger), stack, start if isinstance(start, int) else 0)
    parts = [f"{came.read} decisions read, {came.added} added"]
    parts += [f"{came.without_alert} without their alert"] if came.without_alert else []
    parts += [f"{came.unreadable} records could not be read"] if came.unreadable else []
    print(f"sentinel: {', '.join(parts)}", file=sys.stderr)
