"""What the demo shows: alerts as they fire, then planted against found."""

from typing import Any

from rich.console import Console
from rich.table import Table

from sentinel_cli.case_view import DECISION_STYLES, case_table
from sentinel_cli.demo import Demo, Progress
from sentinel_cli.scoring import matches
from sql.topics import ALERTS, DISPOSITIONS, ENRICHED


def show(demo: Demo, console: Console | None = None) -> None:
    """Print each alert as it fires, then what was planted and found."""
    console = console or Console(highlight=False)
    console.print(
        f"[bold]{demo.events} transactions[/] enter sentinel.transactions_raw; "
        "Flink SQL judges them on this machine, and every alert gets a summary and a disposition.\n"
    )
    cases: list[dict[str, Any]] = []
    first = None
    with console.status("reading transactions") as status:
        for progress in demo.run():
            status.update(_position(progress, demo.events, len(cases) + len(progress.cases)))
            for case in progress.cases:
                first = first or progress.seconds
                console.print(case_table(case))
            cases += progress.cases
    console.print(_steps(demo, cases))
    console.print(_found(demo, cases))
    took = "no alert" if first is None else f"first alert after {first:.2f} s"
    console.print(f"{took}, all {demo.events} transactions after {demo.elapsed():.2f} s")


def _position(progress: Progress, events: int, alerts: int) -> str:
    at = f"{progress.watermark:%Y-%m-%d %H:%M:%S}" if progress.watermark else "-"
    return f"{progress.transactions} of {events} transactions, watermark {at}, {alerts} alerts"


def _steps(demo: Demo, cases: list[dict[str, Any]]) -> Table:
    """The six steps of the pipeline, with what passed through each."""
    table = Table(title="The stream, step by step", title_justify="left", box=None, padding=(0, 2))
    for heading in ("step", "what", "result"):
        table.add_column(heading, overflow="fold")
    by = {
        typology: sum(c["typology"] == typology for c in cases)
        for typology in ("structuring", "velocity", "geographic anomaly")
    }
    aside = f"{demo.counts['sentinel.transactions_late']} late, {demo.counts['sentinel.dead_letters']} rejected"
    decisions = ", ".join(f"{sum(c['decision'] == d for c in cases)} {d}" for d in DECISION_STYLES)
    table.add_row(
        "0",
        "source, 10 s watermark",
        f"{demo.events} transactions, {aside}",
    )
    for step, typology in enumerate(by, 1):
        table.add_row(str(step), typology, f"{by[typology]} alerts")
    table.add_row("4", ALERTS, f"{demo.counts[ALERTS]} alerts")
    table.add_row("5", f"ML_PREDICT -> {ENRICHED}", f"{demo.counts[ENRICHED]} summaries")
    table.add_row("6", f"AI_RUN_AGENT -> {DISPOSITIONS}", decisions)
    return table


def _found(demo: Demo, cases: list[dict[str, Any]]) -> Table:
    table = Table(title="\nPlanted against found", title_justify="left", box=None, padding=(0, 2))
    for heading in ("typology", "planted", "found", "false alerts"):
        table.add_column(heading, justify="left" if heading == "typology" else "right")
    for typology in sorted({label.typology for label in demo.labels} | {case["typology"] for case in cases}):
        labels = [label for label in demo.labels if label.typology == typology]
        alerts = [case for case in cases if case["typology"] == typology]
        pairs = matches(labels, alerts)
        right = {id(alert) for _, hits in pairs for alert in hits}
        found = sum(bool(hits) for _, hits in pairs)
        table.add_row(typology, str(len(labels)), str(found), str(len(alerts) - len(right)))
    return table
