"""The help screen."""

from rich.table import Table
from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Static

from sentinel_cli.dashboard.keys import key_rows

_NOTES = """
Age is the time since an alert was written. Alerts are read before the transaction that wrote them has ended, unless \
--committed was given; summaries and dispositions always when it has. Repeats of an alert are dropped.
"""


class Help(ModalScreen[None]):
    """The keys and what they do; any of Esc, q and ? closes it."""

    BINDINGS = [("escape,q,question_mark", "dismiss", "Close")]  # noqa: RUF012

    def compose(self) -> ComposeResult:
        """One scrolling text, in which the keys stand in a column."""
        keys = Table.grid(padding=(0, 2))
        for key, meaning in key_rows():
            keys.add_row(key, meaning)
        with VerticalScroll(id="help"):
            yield Static(keys)
            yield Static(_NOTES, markup=False)
