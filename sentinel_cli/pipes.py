"""What happens when the reader of stdout has gone, or whoever started the process has closed a stream."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

CLOSED_PIPE = 141
"""What a shell reports for a program that SIGPIPE ended, as it would this one, were Python not to ignore it."""


def need_streams() -> None:
    """
    End the process with status 1 and one line where stdout is closed; of stdin and stderr nothing stands in the place.

    What is opened next would get a closed one's number, and with it what a library writes there.
    """
    if sys.stdin is None:
        sys.stdin = Path(os.devnull).open()  # noqa: SIM115
    if sys.stderr is None:
        sys.stderr = Path(os.devnull).open("w")  # noqa: SIM115
    if sys.stdout is None:
        print("sentinel: stdout is closed: nothing can be written", file=sys.stderr)
        raise SystemExit(1)


@contextmanager
def closed_pipe_ends_quietly() -> Iterator[None]:
    """End the process with status 141 and without a traceback when the reader of stdout (head, less) has gone."""
    try:
        try:
            yield
        finally:
            sys.stdout.flush()
    except (BrokenPipeError, SystemExit) as end:
        # Rich and Typer catch a closed pipe themselves, and leave with status 1.
        if not isinstance(end, BrokenPipeError) and not isinstance(end.__context__, BrokenPipeError):
            raise
        # What is still buffered has nowhere to go; Python would try, and complain, when it ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise SystemExit(CLOSED_PIPE) from None
