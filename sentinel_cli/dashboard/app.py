"""The screen of the dashboard: reads the board a few times a second, whatever comes in meanwhile."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from textual.app import App, ComposeResult
from textual.containers import Container, Horizontal, VerticalScroll
from textual.widgets import Footer, Input, Label, Sparkline, Static

from sentinel_cli.dashboard.board import Board, Case, Snapshot
from sentinel_cli.dashboard.export import export
from sentinel_cli.dashboard.head import counters, rate, status
from sentinel_cli.dashboard.help import Help
from sentinel_cli.dashboard.keys import KEYS
from sentinel_cli.dashboard.pane import pane
from sentinel_cli.dashboard.table import AlertTable
from sentinel_cli.dashboard.view import View

_FRAME = 0.25
"""Seconds between two looks at the board."""


class Dashboard(App[None]):
    """
    Alerts as they come.

    Args:
        board: What to show.
        source: Where it is from, in words.
        begin: Starts what writes the board. Called when the screen is drawn, as the imports of a source would make it
            wait by their own time.
    """

    CSS_PATH = "dashboard.tcss"
    BINDINGS = [*KEYS]  # noqa: RUF012
    ENABLE_COMMAND_PALETTE = False
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (140, "-wide")]  # noqa: RUF012

    def __init__(self, board: Board, source: str, begin: Callable[[], None] = lambda: None) -> None:
        super().__init__()
        self.board, self.source, self.begin = board, source, begin
        self.view = View()
        self.latest: Snapshot = board.snapshot()
        self.frozen: Snapshot | None = None
        """What the view shows while it is paused."""

    def compose(self) -> ComposeResult:
        """Counters, rates, filters, the table beside or above the chosen alert, the state of the source, keys."""
        yield Static(id="counters", markup=False)
        with Horizontal(id="rates"):
            yield Label(id="events", markup=False)
            yield Sparkline(id="events-line")
            yield Label(id="alerts", markup=False)
            yield Sparkline(id="alerts-line")
        yield Static(id="view", markup=False)
        yield Input(id="account", placeholder="part of an account's name", classes="-hidden")
        with Container(id="body"):
            yield AlertTable()
            with VerticalScroll(id="pane"):
                yield Static(id="case", markup=False)
        yield Static(id="status", markup=False)
        yield Footer(compact=True)

    def on_mount(self) -> None:
        """Begin to look at the board."""
        self.query_one(AlertTable).focus()
        self.show_board()
        self.set_interval(_FRAME, self.show_board)

    def on_ready(self) -> None:
        """Let alerts come."""
        self.begin()

    def show_board(self) -> None:
        """Draw what the board holds now; end where its source has ended."""
        if self.board.failure is not None:
            self.exit()
            return
        # A frame may still come while the app ends, and its screen and widgets are taken away.
        if self.screen_stack and not isinstance(self.screen, Help) and self.query("#case"):
            self.latest = self.board.snapshot()
            self._draw()

    def _draw(self) -> None:
        latest = self.latest
        self.query_one("#counters", Static).update(counters(latest))
        for name, values in (("events", latest.events_per_minute), ("alerts", latest.alerts_per_minute)):
            self.query_one(f"#{name}", Label).update(
                rate(name, values, is_known=name != "events" or latest.events is not None)
            )
            self.query_one(f"#{name}-line", Sparkline).data = values
        self.query_one("#status", Static).update(status(latest, self.source))
        self._draw_view()

    def _draw_view(self) -> None:
        shown = self.frozen or self.latest
        waiting = self.latest.alerts - shown.alerts
        paused = f"PAUSED, {waiting} new; " if self.frozen else ""
        cases = self.shown()
        self.query_one("#view", Static).update(f"{paused}{len(cases)} shown: {self.view.described()}")
        table = self.query_one(AlertTable)
        table.show_cases(cases, shown.now)
        self._draw_case(table.chosen)

    def _draw_case(self, case: Case | None) -> None:
        self.query_one("#case", Static).update(pane(case))

    def shown(self) -> list[Case]:
        """The cases of the view, in its order."""
        return self.view.shown((self.frozen or self.latest).cases)

    def on_data_table_row_highlighted(self) -> None:
        """Show the alert that the user has moved to."""
        self._draw_case(self.query_one(AlertTable).chosen)
        self.query_one("#pane").scroll_home(animate=False)

    def on_input_changed(self, event: Input.Changed) -> None:
        """Filter while the user types."""
        self._look(replace(self.view, account=event.value))

    def on_input_submitted(self) -> None:
        """Go back to the table."""
        self._close_input()

    def action_help(self) -> None:
        """Show the keys."""
        self.push_screen(Help())

    def action_account(self) -> None:
        """Ask for a part of an account's name."""
        field = self.query_one("#account", Input)
        field.remove_class("-hidden")
        field.focus()

    def action_severity(self) -> None:
        """Filter by the next severity."""
        self._look(self.view.next_severity())

    def action_rule(self) -> None:
        """Filter by the next rule."""
        self._look(self.view.next_rule((self.frozen or self.latest).cases))

    def action_decision(self) -> None:
        """Filter by the next decision."""
        self._look(self.view.next_decision())

    def action_all(self) -> None:
        """Take every filter away."""
        self.query_one("#account", Input).value = ""
        self._close_input()
        self._look(replace(self.view, severity=None, rule=None, decision=None, account=""))

    def action_sort(self) -> None:
        """Sort by the next column."""
        self._look(self.view.next_sort())

    def action_backwards(self) -> None:
        """Turn the order round."""
        self._look(replace(self.view, backwards=not self.view.backwards))

    def action_pause(self) -> None:
        """Let the view stand still, or go on."""
        self.frozen = None if self.frozen else self.latest
        self._draw_view()

    def action_export(self, kind: str) -> None:
        """Write what is shown to a file."""
        try:
            path = export(self.shown(), kind, Path.cwd(), self.board.clock())
        except OSError as error:
            self.notify(f"Nothing was written: {error.strerror}.", severity="error", markup=False)
        else:
            self.notify(f"Written to {path}", markup=False)

    def _look(self, view: View) -> None:
        self.view = view
        self._draw_view()

    def _close_input(self) -> None:
        self.query_one("#account", Input).add_class("-hidden")
        self.query_one(AlertTable).focus()
