"""The `sentinel` command: registers the commands and turns errors into one sentence and an exit code."""

import gc
import sys
from collections.abc import Callable
from inspect import cleandoc
from typing import Annotated

import typer

from sentinel_cli.commands import broker, ledger, sar, topics
from sentinel_cli.commands.consume import consume
from sentinel_cli.commands.dashboard import dashboard
from sentinel_cli.commands.decide import decide
from sentinel_cli.commands.demo import demo
from sentinel_cli.commands.doctor import doctor
from sentinel_cli.commands.evaluate import evaluate
from sentinel_cli.commands.generate import generate
from sentinel_cli.commands.preview_report import preview_report
from sentinel_cli.commands.produce import produce
from sentinel_cli.commands.replay import replay
from sentinel_cli.commands.run import run
from sentinel_cli.commands.status import status
from sentinel_cli.interrupts import interrupt_ends_quietly
from sentinel_cli.pipes import closed_pipe_ends_quietly, need_streams
from sql.errors import ParameterError, SentinelError, UsageError

FAILED, WRONG_USAGE = 1, 2
# What start-up makes lives to the end: to look through it again and again takes a tenth of the time to the first alert.
gc.set_threshold(100_000)
app = typer.Typer(
    help="Anti-money-laundering detection and triage: Flink SQL on Confluent Cloud, and the same SQL on this machine.",
    epilog="Exit codes: 0 done, 1 failed, 2 wrong usage, 130 interrupted, 141 the reader of stdout has gone.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _name(command: Callable[..., None]) -> str:
    """By its function; one that would hide a name of Python's ends with `_`."""
    return command.__name__.rstrip("_").replace("_", "-")


def _add(group: typer.Typer, *commands: Callable[..., None]) -> None:
    for command in commands:
        # Typer keeps a docstring's line breaks below its first paragraph, at whatever width the terminal has.
        paragraphs = cleandoc(command.__doc__ or "").split("\n\n")
        group.command(_name(command), help="\n\n".join(" ".join(text.split()) for text in paragraphs))(command)


def _group(name: str, text: str, *commands: Callable[..., None]) -> None:
    group = typer.Typer(no_args_is_help=True, help=text)
    _add(group, *commands)
    app.add_typer(group, name=name)


_add(app, generate, produce, consume, dashboard, decide, demo, replay, run, preview_report, status, doctor, evaluate)
_group("broker", "Apache Kafka and a schema registry on this machine.", broker.up, broker.down)
_group(
    "ledger",
    "What was decided on this machine, and whether it still says so.",
    ledger.list_,
    ledger.show,
    ledger.head,
    ledger.verify,
    ledger.replay,
    ledger.import_,
)
_group("sar", "Suspicious activity reports.", sar.draft)
_group("topics", "Topics and schemas of the pipeline.", topics.create)


def _show_version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        print(version("sentinel-aml"))
        raise typer.Exit


@app.callback()
def options(
    show: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    """Anti-money-laundering detection and triage: Flink SQL on Confluent Cloud, and the same SQL on this machine."""


def main() -> None:
    """Run the command line; neither a user's mistake nor a full disk, a closed pipe or Ctrl-C shows a traceback."""
    need_streams()
    with interrupt_ends_quietly(), closed_pipe_ends_quietly():
        try:
            app(prog_name="sentinel")
        except SentinelError as error:
            print(f"sentinel: {error}", file=sys.stderr)
            sys.exit(WRONG_USAGE if isinstance(error, UsageError | ParameterError) else FAILED)
        except OSError as error:
            print(f"sentinel: {error.filename or 'output'}: {error.strerror or error}", file=sys.stderr)
            sys.exit(FAILED)
