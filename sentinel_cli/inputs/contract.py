"""The columns of a transaction, and the DuckDB SQL that turns what a file holds into them.

Every function here returns the text of an SQL expression; none of these expressions raises, whatever the row holds:
what does not fit is NULL, and the caller names it.
"""

STRINGS = (
    "event_id",
    "account_id",
    "customer_id",
    "currency",
    "transaction_type",
    "direction",
    "country",
    "counterparty_id",
)
OPTIONAL = ("counterparty_id", "$rowtime")
COLUMNS = (
    "event_id",
    "account_id",
    "customer_id",
    "amount",
    "currency",
    "transaction_type",
    "direction",
    "country",
    "counterparty_id",
    "event_time",
    "$rowtime",
)
REQUIRED = tuple(name for name in COLUMNS if name not in OPTIONAL)

# Year 1 to year 9999 in epoch milliseconds: what a TIMESTAMP_LTZ(3) of the platform can hold.
EARLIEST, LATEST = -62135596800000, 253402300799999
_NUMBER = r"[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?"
_TIME = r"\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d(\.\d{1,9})?)?"
_LOCAL_TIME, _OFFSET_TIME = rf"{_TIME})?", rf"{_TIME}([Zz]|[-+]\d\d(:?\d\d)?))"


def name(identifier: str) -> str:
    """The identifier, quoted."""
    return '"' + identifier.replace('"', '""') + '"'


def text(value: str) -> str:
    """The string as an SQL literal."""
    return "'" + value.replace("'", "''") + "'"


def text_list(values: tuple[str, ...]) -> str:
    """The strings as an SQL list."""
    return "[" + ", ".join(map(text, values)) + "]"


def finite(double: str) -> str:
    """A DOUBLE, NULL for NaN and infinity: JSON has neither."""
    return f"CASE WHEN isfinite({double}) THEN {double} END"


def number_in_text(value: str) -> str:
    """A DOUBLE from text that is a decimal number and nothing else: no spaces, no separators."""
    return f"CASE WHEN regexp_full_match({value}, {text(_NUMBER)}) THEN {finite(f'TRY_CAST({value} AS DOUBLE)')} END"


def instant_of_millis(value: str) -> str:
    """A TIMESTAMP (UTC) from a BIGINT of epoch milliseconds, NULL outside the years 1 to 9999."""
    return f"CASE WHEN {value} BETWEEN {EARLIEST} AND {LATEST} THEN epoch_ms({value}) END"


def instant_of_timestamp(value: str) -> str:
    """A TIMESTAMP (UTC) cut to whole milliseconds: epoch_ms alone would round, at times into the next window."""
    return instant_of_millis(f"epoch_ms(date_trunc('millisecond', ({value})::TIMESTAMP))")


def instant_in_iso(value: str) -> str:
    """A TIMESTAMP (UTC, whole milliseconds) from ISO 8601 text; without an offset it is UTC.

    Text with an offset goes through TIMESTAMPTZ: a cast to TIMESTAMP would drop the offset without a word.
    """
    local, with_offset = f"TRY_CAST({value} AS TIMESTAMP)", f"TRY_CAST({value} AS TIMESTAMPTZ)"
    timestamp = (
        f"CASE WHEN regexp_full_match({value}, {text(_LOCAL_TIME)}) THEN {local} "
        f"WHEN regexp_full_match({value}, {text(_OFFSET_TIME)}) THEN {with_offset} AT TIME ZONE 'UTC' END"
    )
    return instant_of_timestamp(timestamp)


def instant_in_text(value: str) -> str:
    """A TIMESTAMP (UTC) from text: whole epoch milliseconds or ISO 8601."""
    millis = instant_of_millis(f"TRY_CAST({value} AS BIGINT)")
    return f"CASE WHEN regexp_full_match({value}, '-?\\d+') THEN {millis} ELSE {instant_in_iso(value)} END"
