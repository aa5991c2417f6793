"""Looks at everything, and shows what it finds: a line each, and what to do."""

import sys
from dataclasses import asdict

import orjson
from rich.console import Console
from rich.table import Table
from rich.text import Text

from sentinel_cli.doctor.accounts import accounts
from sentinel_cli.doctor.contract import contract
from sentinel_cli.doctor.finding import Finding
from sentinel_cli.doctor.model import model
from sentinel_cli.doctor.pending import pending
from sentinel_cli.doctor.values import values
from sentinel_cli.kafka.connection import Account
from sentinel_cli.settings import load_settings
from sentinel_cli.status.watch import watch
from sql import load_pipeline
from sql.errors import SentinelError


def examine(stack: str | None, seconds: float, *, ask_model: bool) -> list[Finding]:
    """Every finding: values, model, accounts, topics, schemas, statements, alerts that wait. SettingsError as ever."""
    findings, pipeline = [*values(stack), *model(seconds, ask=ask_model)], load_pipeline()
    answers, connections = accounts(stack, pipeline)
    findings += answers
    if connections:
        findings += contract(connections, pipeline)
    if reader := connections.get(Account.analyst) or connections.get(Account.runner):
        findings.append(pending(reader, seconds))
    if load_settings([], stack).flink_api_key:
        findings += _statements(stack, seconds)
    return findings


def _statements(stack: str | None, seconds: float) -> list[Finding]:
    try:
        verdicts = watch(stack, 0, seconds, lambda _: None)
    except SentinelError as error:
        return [Finding("statements", str(error), "See `sentinel status`.")]
    return [Finding(f"statement {v.name}", v.phase, v.advice) for v in verdicts]


def show(findings: list[Finding], console: Console | None = None) -> None:
    """A table of the findings, and below it what to do."""
    console = console or Console(highlight=False)
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in ("", "what", "finding"):
        table.add_column(column, overflow="fold")
    for finding in findings:
        mark = Text("ok", "green") if finding.ok else Text("wrong", "bold red")
        table.add_row(mark, Text(finding.subject), Text(finding.says))
    console.print(table)
    wrong = [finding for finding in findings if not finding.ok]
    for finding in wrong:
        console.print(Text.assemble("\n", (f"{finding.subject}: ", "bold"), finding.advice))
    console.print(f"\n{len(wrong)} of {len(findings)} are wrong" if wrong else "\nall is well")


def show_json(findings: list[Finding]) -> None:
    """One JSON object a finding."""
    for finding in findings:
        sys.stdout.buffer.write(orjson.dumps({**asdict(finding), "ok": finding.ok}) + b"\n")
    sys.stdout.flush()
