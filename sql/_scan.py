"""Where a statement begins to read: a table hint, since a hint outranks the options of table and session."""

import re
from datetime import UTC, datetime, timedelta

_SOURCE = re.compile(r"\bFROM\s+`sentinel\.[^`]+`")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def scan_from(text: str, instant: datetime) -> str:
    """
    The statement reading each of its tables from the first record that arrived at `instant` or later.

    Records are found by their Kafka timestamp, that is by arrival and not by event time.
    """
    milliseconds = (instant - _EPOCH) // timedelta(milliseconds=1)
    hint = f"/*+ OPTIONS('scan.startup.mode' = 'timestamp', 'scan.startup.timestamp-millis' = '{milliseconds}') */"
    return _SOURCE.sub(lambda match: f"{match[0]} {hint}", text)
