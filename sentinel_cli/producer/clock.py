"""Whose time synthetic events have."""

from enum import StrEnum


class Clock(StrEnum):
    """The simulated clock or the real one."""

    simulated = "simulated"
    """It goes on behind the newest event of the topic, as fast as events are sent, up to the present."""
    now = "now"
    """The wall clock's at the moment of sending."""
