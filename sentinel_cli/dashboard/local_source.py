"""A synthetic stream through the embedded engine, lap after lap, as a source of the dashboard."""

from contextlib import suppress
from itertools import count
from threading import Event
from typing import TYPE_CHECKING

from sentinel_cli.dashboard.board import Board
from sentinel_cli.generator import Mode

if TYPE_CHECKING:
    from sentinel_cli.ledger.recorder import Recorder
    from sentinel_cli.llm.functions import Answering

_EVENTS = 200
"""Transactions of a lap; at a step of 13 every half second it takes eight seconds."""
_PAUSE = 0.5


class LocalSource:
    """Transactions of a generator, judged, summarised and decided on this machine; event time is simulated."""

    def __init__(self, board: Board, customers: int, seed: int) -> None:
        self.board, self.customers, self.seed = board, customers, seed

    def run(self, stop: Event) -> None:
        """Feed the board until `stop` is set; LedgerError where what a model decides cannot be recorded."""
        # In this thread, so that the screen opens meanwhile: the engine takes a second to import.
        from sentinel_cli.ledger.recorder import find_recorder
        from sentinel_cli.llm.functions import find_answering
        from sentinel_cli.llm.status import StoppedError
        from sql import load_pipeline

        recorder, pipeline, say = find_recorder(None), load_pipeline(), self.board.trouble
        answering = recorder.answering(pipeline, say) if recorder else find_answering(pipeline, say=say)
        with suppress(StoppedError):
            self._feed(stop, answering, recorder)

    def _feed(self, stop: Event, answering: "Answering", recorder: "Recorder | None") -> None:
        from sentinel_cli.demo import Demo

        for lap in count():
            taken = 0
            demo = Demo(_EVENTS, self.customers, Mode.mixed, self.seed, lap)
            demo.recorder = recorder
            for progress in demo.run(answering, stop.is_set):
                self.board.events(progress.transactions - taken)
                taken = progress.transactions
                for case in progress.cases:
                    self.board.alert(case, self.board.clock())
                    self.board.found(case["alert_id"], case)
                self.board.heard()
                if stop.wait(_PAUSE):
                    return
