"""The options of all commands, each once, so that a name means the same everywhere."""

import re
from pathlib import Path
from typing import Annotated, Any

import typer

from sentinel_cli.generator.mode import Mode
from sentinel_cli.preview.gate import Gate
from sentinel_cli.producer.clock import Clock

# 200 characters leave room in the name of a file for what is added.
_GROUP = re.compile(r"(?!\.{1,2}$)[A-Za-z0-9._-]{1,200}")
_WEEK = 604_800


def group_name(help_: str) -> Any:
    """An option that names consumer groups, and with them folders."""
    return typer.Option(metavar="NAME", callback=_checked_group, help=help_)


def _checked_group(name: str) -> str:
    if not _GROUP.fullmatch(name):
        raise typer.BadParameter(f"{name!r} is no name of 1 to 200 letters, digits, dots, hyphens and underscores.")
    return name


def seconds(help_: str, least: float = 0, most: float = _WEEK) -> Any:
    """An option of so many seconds."""
    return typer.Option(min=least, max=most, metavar="SECONDS", help=help_)


Events = Annotated[int, typer.Option(min=0, help="Number of transactions.", show_default=True)]
Customers = Annotated[int, typer.Option(min=1, help="Number of distinct accounts.")]
ModeOption = Annotated[Mode, typer.Option(help="Which typologies are planted.", case_sensitive=False)]
Seed = Annotated[int, typer.Option(min=0, help="The same seed gives the same stream, byte for byte.")]
Labels = Annotated[
    Path | None, typer.Option(metavar="FILE", help="Write what was planted to this file, as JSON lines.")
]
Json = Annotated[bool, typer.Option("--json", help="JSON lines on stdout instead of tables.")]
Inputs = Annotated[
    list[str], typer.Argument(metavar="INPUT...", help="JSON Lines, CSV or Parquet, also gzipped; - for stdin.")
]
MappingFile = Annotated[
    Path | None,
    typer.Option("--mapping", metavar="FILE.toml", help="Contract columns as SQL expressions over the file's columns."),
]
Rules = Annotated[str | None, typer.Option(metavar="A,B", help="Only these rules; all by default.")]
Set = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="RULE.PARAMETER=VALUE", help="Replace a parameter's default; repeatable."),
]
ParametersFile = Annotated[
    Path | None,
    typer.Option("--parameters", metavar="FILE.toml", help="Parameters by rule: [structuring] min_total = ..."),
]
Threads = Annotated[int | None, typer.Option(min=1, help="Threads of the embedded engine; all cores by default.")]
Sort = Annotated[
    bool, typer.Option("--sort", help="Sort by event time first; else the input's order is arrival order.")
]
Out = Annotated[
    Path | None, typer.Option("--out", metavar="FILE", help="Write rows here instead of stdout; Parquet by suffix.")
]
LabelsIn = Annotated[
    Path | None,
    typer.Option("--labels", metavar="FILE", help="account_id, typology[, start, end]: adds precision and recall."),
]
Stack = Annotated[
    str | None,
    typer.Option(metavar="NAME", help="Pulumi stack; else SENTINEL_STACK, else the selected one; '' for none."),
]
PreviewFile = Annotated[
    str, typer.Argument(metavar="FILE", help="JSON of `pulumi preview --json --show-sames`; - for stdin.")
]
FailOn = Annotated[
    list[Gate] | None, typer.Option(help="Exit 1 where the preview holds this; repeatable.", show_default=False)
]
BrokerFolder = Annotated[
    Path | None,
    typer.Option("--folder", metavar="FOLDER", help="Where the broker keeps its data; in the user's state without it."),
]
Partitions = Annotated[
    int | None, typer.Option(min=1, help="Partitions of each topic; as table.toml has it without it.")
]
ClockOption = Annotated[
    Clock, typer.Option(help="Whose time the events have: simulated, or the real clock's.", case_sensitive=False)
]
InputFileOption = Annotated[
    str | None,
    typer.Option("--input", metavar="FILE", help="Send these: JSON Lines, CSV or Parquet, also gzipped; - for stdin."),
]
Delay = Annotated[
    float | None,
    typer.Option(min=0, max=_WEEK * 1000, metavar="MS", help="Milliseconds between events; 100, or 0 with --input."),
]
Rate = Annotated[
    float | None,
    typer.Option(min=0.001, max=1_000_000, metavar="N", help="Events a second, in place of --delay."),
]
DeliveryTimeout = Annotated[float, seconds("How long the broker may take to confirm an event.", least=1)]
Committed = Annotated[
    bool,
    typer.Option("--committed", help="Read an alert when its transaction has ended; later, and never an aborted one."),
]
LedgerFile = Annotated[
    Path | None,
    typer.Option("--ledger", metavar="FILE", help="The ledger; else SENTINEL_LEDGER, else in the user's data."),
]
ModelsLedgerFile = Annotated[
    Path | None,
    typer.Option(
        "--ledger",
        metavar="FILE",
        help="Record every decision there; without it a model's alone, in SENTINEL_LEDGER, else in the user's data.",
    ),
]
