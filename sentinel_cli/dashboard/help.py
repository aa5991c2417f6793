"""The help screen."""

from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Static

from sentinel_cli.dashboard.keys import key_rows

_NOTES = """\
Age is the time since an alert was written. Alerts are read before the transaction that wrote them has ended, unless \
--committed was given; summaries and dispositions always when it has. Repeats of an alert are dropped.
"""


class Help(ModalScreen[None]):
    """The keys and what they do; any of Esc, q and ? closes it."""

    BINDINGS = [("escape,q,question_mark", "dismiss", "Close")]  # noqa: RUF012

    def compose(self) -> ComposeResult:
        """One scrolling text."""
        lines = [f"{key:<21} {meaning}" for key, meaning in key_rows()]
        with VerticalScroll(id="help"):
            yield Static("\n".join(lines) + "\n\n" + _NOTES, markup=False)
