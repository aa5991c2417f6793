"""Which behaviour a synthetic stream holds beside the ordinary one."""

from enum import StrEnum


class Mode(StrEnum):
    """What is planted: one typology, all of them (`mixed`), or benign near misses only (`normal`)."""

    normal = "normal"
    structuring = "structuring"
    velocity = "velocity"
    geo = "geo"
    mixed = "mixed"
