"""Where a reader begins."""

from collections.abc import Sequence

from sentinel_cli.scoring import epoch_ms
from sql.errors import UsageError

BEGINNING, LATEST = "beginning", "latest"


def parse_start(text: str | None, words: Sequence[str] = (BEGINNING, LATEST)) -> str | int | None:
    """
    What --from says: None is where the group stopped, a number epoch milliseconds; `words` are those a command takes.

    Raises:
        UsageError: it is neither a known word nor a time.
    """
    if text is None:
        return None
    if text in words:
        return text
    try:
        # No record is older, and what is below 0 has a meaning of its own to the broker: -1 is the end.
        return max(0, epoch_ms(text))
    except ValueError:
        raise UsageError(f"--from {text}: give {', '.join(words)}, or a time such as 2026-01-31T12:00:00Z.") from None
