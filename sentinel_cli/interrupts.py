"""What happens on Ctrl-C."""

import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

INTERRUPTED = 130
"""What a shell reports for a program that SIGINT ended."""


class Stop:
    """Whether Ctrl-C or SIGTERM has asked a command to end in its own time; a second one ends it at once."""

    def __init__(self) -> None:
        self.requested = False
        self.status = 0
        """What a shell reports for a program that the signal ended."""

    def _note(self, number: int, frame: FrameType | None) -> None:
        del frame
        self.requested, self.status = True, 128 + number
        signal.signal(number, signal.SIG_DFL)


@contextmanager
def stop_on_signals(stop: Stop) -> Iterator[None]:
    """Note SIGINT and SIGTERM instead of being ended by them; what was ignored stays so."""
    numbers = [n for n in (signal.SIGINT, signal.SIGTERM) if signal.getsignal(n) is not signal.SIG_IGN]
    before = {number: signal.signal(number, stop._note) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def interrupt_ends_quietly() -> Iterator[None]:
    """
    End the process with status 130 and one line on stderr when Ctrl-C came; a second Ctrl-C ends it at once.

    The signal itself is noted, since the exception does not always arrive: DuckDB turns it into a failed query, or,
    where it came during an import of DuckDB's own, into a module that is not installed.
    """
    received = []

    def note(number: int, frame: FrameType | None) -> None:
        received.append(number)
        signal.signal(number, signal.SIG_DFL)
        signal.default_int_handler(number, frame)

    # A shell starts a background job with SIGINT ignored, which stays so.
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, note)
    try:
        yield
    except BaseException:
        if not received:
            raise
    if received:
        print("sentinel: interrupted", file=sys.stderr)
        raise SystemExit(INTERRUPTED)


@contextmanager
def interrupt_waits() -> Iterator[Callable[[], bool]]:
    """
    Hold Ctrl-C back until the block is through, in the main thread; a second one ends the process at once.

    What it gives says whether one came; in other threads none does.
    """
    handler = signal.getsignal(signal.SIGINT) if threading.current_thread() is threading.main_thread() else None
    received: list[tuple[int, FrameType | None]] = []

    def hold(number: int, frame: FrameType | None) -> None:
        received.append((number, frame))
        signal.signal(number, signal.SIG_DFL)

    if callable(handler):
        signal.signal(signal.SIGINT, hold)
    try:
        yield lambda: bool(received)
    finally:
        if callable(handler):
            signal.signal(signal.SIGINT, handler)
            for number, frame in received:
                handler(number, frame)
