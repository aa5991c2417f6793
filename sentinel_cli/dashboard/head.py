"""The lines around the table: what has come, how fast, and whether anything still comes."""

from collections.abc import Sequence

from rich.text import Text

from sentinel_cli.case_view import DECISION_STYLES, plain
from sentinel_cli.dashboard.board import Snapshot
from sentinel_cli.dashboard.columns import DECISIONS, age

_SILENCE = 5
"""Seconds without an answer after which the source counts as away."""


def counters(board: Snapshot) -> Text:
    """What has come since the start."""
    parts = [Text("Sentinel AML", "bold"), Text(f"  {board.alerts:,} alerts")]
    for decision in DECISIONS:
        parts.append(Text.assemble(f"  {board.decisions.get(decision, 0):,} ", (decision, DECISION_STYLES[decision])))
    same, both = board.agreement
    if both:
        parts.append(Text(f"  agree {same / both:.0%} of {both:,}"))
    return Text.assemble(*parts)


def rate(name: str, per_minute: Sequence[int], *, is_known: bool) -> str:
    """How many of something came in the minute that is not over yet, and in the one before."""
    return f"{name}/min {per_minute[-1]:,} (before {per_minute[-2]:,}) " if is_known else f"{name}/min unknown "


def status(board: Snapshot, source: str) -> Text:
    """Whether anything still comes from the source, and what was left out."""
    if board.contact is None:
        state = Text(f"connecting to {source}", "yellow")
    elif board.contact > _SILENCE:
        state = Text(f"{source} is away: last contact {age(board.contact)} ago, trying again", "bold red")
    else:
        state = Text(f"connected to {source}", "green")
    notes = [plain(board.trouble)] if board.trouble else []
    notes += [f"{board.repeats:,} repeats dropped"] if board.repeats else []
    notes += [f"{board.unreadable:,} records could not be read"] if board.unreadable else []
    return Text("; ").join([state, *map(Text, notes)])
