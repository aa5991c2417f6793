"""The keys of the dashboard; the footer, the help screen and docs/dashboard.md show them from here."""

from textual.binding import Binding


def _key(key: str, action: str, short: str, meaning: str, shown: str | None = None) -> Binding:
    """A key; without a short name it has no place in the footer, which fits into 80 columns."""
    return Binding(key, action, short, tooltip=meaning, key_display=shown or key, show=bool(short))


KEYS = (
    _key("q,ctrl+c", "quit", "Quit", "Leave the dashboard.", "q"),
    _key("question_mark", "help", "Help", "Show or hide the keys.", "?"),
    _key("slash", "account", "Find", "Show only accounts whose name holds a text; Enter goes back to the table.", "/"),
    _key("s", "severity", "Severity", "Show only the next severity, after the last one all."),
    _key("r", "rule", "Rule", "Show only the next rule, after the last one all."),
    _key("d", "decision", "Decision", "Show only the next decision, then the undecided, then all."),
    _key("escape", "all", "", "Take every filter away.", "Esc"),
    _key("o", "sort", "Order", "Sort by the next column, after the last one by arrival."),
    _key("b", "backwards", "", "Turn the order round."),
    _key("p", "pause", "Pause", "Let the view stand still, or go on; the stream is read all the time."),
    _key("e", "export('json')", "JSON", "Write what is shown to a JSON file in the working directory."),
    _key("c", "export('csv')", "CSV", "Write what is shown to a CSV file in the working directory."),
)
OTHERS = (
    ("Up, Down", "Choose an alert, or move in the chosen one."),
    ("Home", "Back to the newest, which stays chosen as others come."),
    ("Tab", "From the table to the chosen alert, and back."),
)
"""Keys of Textual's own widgets."""


def key_rows() -> list[tuple[str, str]]:
    """Every key and its meaning."""
    return [*((binding.key_display or binding.key, binding.tooltip) for binding in KEYS), *OTHERS]
