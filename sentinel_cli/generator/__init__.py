"""Synthetic transactions with planted laundering, reproducible bit for bit from a seed.

A stream holds a population of customers with their habits, and in it scenarios played by single accounts: episodes,
each with a label and the rules that must find it, and near misses, which no rule may name. The labels never travel on
the stream. Nothing unlabelled fires a rule with its default parameters, so that a score says something about the rules
and not about luck; real traffic has noise beside that, which this one does not claim to model.

How much is planted: time is cut into seasons of 14 days, and in each one account in 20 plays a part, or as many as one
whole set of the mode needs where customers are few. A set of `mixed` is 7 episodes and 8 near misses, 110 transactions
or so, 70 of them the regular traffic around velocity. So 200 transactions over 20 customers are half planted, and of
1,000,000 over 5,000 customers less than one in 100 is. Every customer comes first, with one transaction at least; what
does not fit beside that is left out, in the order of `scenarios.SETS`: episodes before near misses.
"""

from typing import TYPE_CHECKING

from sentinel_cli.generator.mode import Mode

if TYPE_CHECKING:
    from sentinel_cli.generator.stream import Stream

__all__ = ["Mode", "generate"]


def generate(  # noqa: PLR0913
    events: int, customers: int, mode: Mode, seed: int, lap: int = 0, *, start: int | None = None
) -> "Stream":
    """Plan a stream of exactly `events` transactions over exactly `customers` accounts (as many as events allow).

    `lap` numbers the parts of an endless run: the same customers, later times, other events and ids. `start` is the
    midnight (epoch ms) at which the stream begins; without it each lap begins well behind the one before.
    Raises UsageError for a negative number of events, no customers, or a seed beyond 64 bits.
    """
    # NumPy takes 0.3 s to import, which a command that only needs the modes should not pay
    from sentinel_cli.generator.stream import open_stream

    return open_stream(events, customers, mode, seed, lap, start=start)
