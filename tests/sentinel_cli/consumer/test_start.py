import pytest

from sentinel_cli.consumer.start import parse_start
from sql.errors import UsageError


@pytest.mark.parametrize(
    ("text", "start"),
    [
        (None, None),
        ("beginning", "beginning"),
        ("latest", "latest"),
        ("2025-01-06T09:12:10.831Z", 1_736_154_730_831),
        ("2025-01-06T10:12:10.831+01:00", 1_736_154_730_831),
        ("2025-01-06", 1_736_121_600_000),
        ("1736154730831", 1_736_154_730_831),
        ("1900-01-01", 0),
        ("-1", 0),
    ],
)
def test_a_start_is_a_word_or_a_time(text: str | None, start: str | int | None) -> None:
    assert parse_start(text) == start


@pytest.mark.parametrize("text", ["", "yesterday", "2025-13-01", "Latest"])
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="give beginning, latest, or a time"):
        parse_start(text)
