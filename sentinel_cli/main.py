"""The `sentinel` command: registers the commands and turns errors into one sentence and an exit code."""

import sys
from importlib.metadata import version
from typing import Annotated

import typer

from sentinel_cli.commands.demo import demo
from sentinel_cli.commands.generate import generate
from sentinel_cli.commands.replay import replay
from sentinel_cli.pipes import closed_pipe_ends_quietly
from sql.errors import ParameterError, SentinelError, UsageError

INTERRUPTED = 130
app = typer.Typer(
    help="Anti-money-laundering detection and triage: Flink SQL on Confluent Cloud, and the same SQL on this machine.",
    epilog="Exit codes: 0 done, 1 failed, 2 wrong usage, 130 interrupted, 141 the reader of stdout has gone.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
for command in (generate, demo, replay):
    app.command()(closed_pipe_ends_quietly()(command))


def _show_version(wanted: bool) -> None:
    if wanted:
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
    """Run the command line; never shows a traceback for a user's mistake."""
    try:
        app(prog_name="sentinel")
    except SentinelError as error:
        print(f"sentinel: {error}", file=sys.stderr)
        sys.exit(2 if isinstance(error, UsageError | ParameterError) else 1)
    except KeyboardInterrupt:
        _interrupted()
    except RuntimeError as error:
        # DuckDB's form of Ctrl-C while a query runs
        if "interrupted" not in str(error).lower():
            raise
        _interrupted()


def _interrupted() -> None:
    print("sentinel: interrupted", file=sys.stderr)
    sys.exit(INTERRUPTED)
