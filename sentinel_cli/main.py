"""The `sentinel` command: registers the commands and turns errors into one sentence and an exit code."""

import os
import sys

import typer

from sentinel_cli.commands.demo import demo
from sentinel_cli.commands.generate import generate
from sentinel_cli.commands.replay import replay
from sql.errors import SentinelError, UsageError

app = typer.Typer(
    help="Anti-money-laundering detection and triage: Flink SQL on Confluent Cloud, and the same SQL on this machine.",
    epilog="Exit codes: 0 done, 1 failed, 2 wrong usage, 130 interrupted.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
for command in (generate, demo, replay):
    app.command()(command)


def main() -> None:
    """Run the command line; never shows a traceback for a user's mistake."""
    try:
        app(prog_name="sentinel")
    except SentinelError as error:
        print(f"sentinel: {error}", file=sys.stderr)
        sys.exit(2 if isinstance(error, UsageError) else 1)
    except KeyboardInterrupt:
        print("sentinel: interrupted", file=sys.stderr)
        sys.exit(130)
    except BrokenPipeError:
        # The reader has gone, as `| head` does: nothing to say, and nothing to flush at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)
