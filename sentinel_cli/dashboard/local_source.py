"""A synthetic stream through the embedded engine, lap after lap, as a source of the dashboard."""

from contextlib import suppress
from itertools import count
from threading import Event
from typing import TYPE_CHECKING

from sentinel_cli.dashboard.board import Board
from sentinel_cli.generator import Mode

if TYPE_CHECKING:
    from sentinel_cli.llm.functions import Answering

_EVENTS = 200
"""Transactions of a lap; at a step of 13 every half second it takes eight seconds."""
_PAUSE = 0.5


class LocalSource:
    """Transactions of a generator, judged, summarised and decided on this machine; event time is simulated."""

    def __init__(self, board: Board, customers: int, seed: int) -> None:
        self.board, self.customers, self.seed = board, customers, seed

    def run(self, stop: Event) -> None:
        """Feed the board until `stop` is set."""
        # In this thread, so that the screen opens meanwhile: the engine takes a second to import.
        from sentinel_cli.llm.functions import find_answering
        from sentinel_cli.llm.status import StoppedError
        from sql import load_pipeline

        answering = find_answering(load_pipeline(), say=self.board.trouble)
        with suppress(StoppedError):
            self._feed(stop, answering)

    def _feed(self, stop: Event, answering: "Answering") -> None:
        from sentinel_cli.demo import Demo

        for lap in count():
            taken = 0
            for progress in Demo(_EVENTS, self.customers, Mode.mixed, self.seed, lap).run(answering, stop.is_set):
                self.board.events(progress.transactions - taken)
                taken = progress.transactions
                for case in progress.cases:
                    self.board.alert(case, self.board.clock())
                    self.board.found(case["alert_id"], case)
                self.board.heard()
                if stop.wait(_PAUSE):
                    return
