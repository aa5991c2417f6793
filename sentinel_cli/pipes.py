"""What happens when the reader of stdout has gone."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

CLOSED_PIPE = 141
"""What a shell reports for a program that SIGPIPE ended, as it would this one, were Python not to ignore it."""


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
