"""Where a reader begins."""

from sentinel_cli.scoring import epoch_ms
from sql.errors import UsageError

BEGINNING, LATEST = "beginning", "latest"


def parse_start(text: str | None) -> str | int | None:
    """
    What --from says: None is where the group stopped, a number epoch milliseconds.

    Raises:
        UsageError: it is neither a known word nor a time.
    """
    if text is None:
        return None
    if text in {BEGINNING, LATEST}:
        return text
    try:
        return epoch_ms(text)
    except ValueError:
        raise UsageError(f"--from {text}: give beginning, latest, or a time such as 2026-01-31T12:00:00Z.") from None
