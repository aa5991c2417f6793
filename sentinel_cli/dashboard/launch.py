"""Starts the source and the screen, and ends both."""

import sys
from threading import Event, Thread
from typing import Protocol

from sentinel_cli.case_view import plain
from sentinel_cli.dashboard.app import Dashboard
from sentinel_cli.dashboard.board import Board
from sql.errors import UsageError


class Source(Protocol):
    """What writes the board."""

    def run(self, stop: Event) -> None:
        """Feed the board until `stop` is set."""


def need_terminal() -> None:
    """Refuse to draw into a pipe or a file, by a UsageError; Textual draws on stderr."""
    if not all(stream.isatty() for stream in (sys.stdin, sys.stdout, sys.stderr)):
        raise UsageError("The dashboard needs a terminal; `sentinel consume` writes alerts to a pipe or a file.")


def launch_kafka(most: int, stack: str | None, *, committed: bool) -> None:
    """Show a broker's alerts; ServiceError where it does not answer, or refuses, before the screen opens."""
    from sentinel_cli.dashboard.kafka_source import KafkaSource
    from sentinel_cli.kafka.connection import Account, connect
    from sentinel_cli.kafka.preflight import check_broker

    connection = connect(Account.analyst, stack)
    check_broker(connection)
    board = Board(most)
    _launch(board, KafkaSource(connection, board, committed=committed), plain(connection.bootstrap))


def launch_local(most: int, customers: int, seed: int) -> None:
    """Show a synthetic stream on this machine."""
    from sentinel_cli.dashboard.local_source import LocalSource

    board = Board(most)
    _launch(board, LocalSource(board, customers, seed), "a simulated stream on this machine")


def _launch(board: Board, source: Source, name: str) -> None:
    stop = Event()
    thread = Thread(target=_feed, args=(source, board, stop), daemon=True)
    try:
        Dashboard(board, name, thread.start).run()
    finally:
        stop.set()
        if thread.is_alive():
            thread.join(timeout=10)
    if board.failure is not None:
        raise board.failure


def _feed(source: Source, board: Board, stop: Event) -> None:
    try:
        source.run(stop)
    except BaseException as failure:  # the screen's thread raises it, when the terminal is itself again
        board.failure = failure
