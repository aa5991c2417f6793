"""JSON Lines in the contract's columns: what the platform's JSON decoder would make of each line, at DuckDB's speed.

Every line is read as text and decoded once. Cheap tests prove most lines good; a line they cannot judge is put to exact
ones, and only a line that fails these too is asked what is wrong with it. All in one pass:

    line --> json_transform --> good?  yes --> arrived
                                       no  --> undecodable, with the reason and the line's text

Why the cheap tests are proofs. json_transform takes the first of a field given twice, ignores unknown fields, and turns
any value into text. A line with as many commas as it has known fields less one has those fields and no other: a second,
unknown or dangling one costs a comma. Where it has no backslash, no array and no object within, a field has two quotes,
and a string two more: a line that has no fewer than it would then have has a string wherever there has to be one.
"""

from collections.abc import Iterable
from pathlib import Path

import duckdb
import orjson

from sentinel_cli.inputs.contract import (
    COLUMNS,
    OPTIONAL,
    REQUIRED,
    STRINGS,
    finite,
    instant_in_iso,
    instant_of_millis,
    name,
    text,
    text_list,
)
from sentinel_cli.inputs.sources import LONGEST_LINE
from sentinel_cli.inputs.typed_rows import Rows

# A delimiter that no JSON text may hold, so that a line is one column. Numbers stay JSON text, to tell 12 from "12".
_LINES = (
    "read_csv({path}, columns = {{line: 'VARCHAR'}}, auto_detect = false, header = false, delim = '\x01', quote = '', "
    "escape = '', comment = '', compression = {compression}, max_line_size = {longest})"
)
# DuckDB reads {"a":1,} as JSON; JSON has no such comma.
_DANGLING_COMMA = r"regexp_matches(line, ',\s*\}\s*$')"
_REQUIRED_STRINGS = tuple(column for column in STRINGS if column not in OPTIONAL)
_SHAPE = "{" + ", ".join(f'"{column}": "{"VARCHAR" if column in STRINGS else "JSON"}"' for column in COLUMNS) + "}"


def lines(path: Path, compression: str) -> str:
    """A table function over the lines of a file, in order: one VARCHAR `line`, NULL for an empty one."""
    return _LINES.format(path=text(str(path)), compression=text(compression), longest=LONGEST_LINE)


def judged_json(relation: str, arrived: str) -> str:
    """A SELECT of the contract's columns and of `number`, `reason` and `original`, a row for each row of `relation`.

    `relation` has a column `line`; `arrived` is the SQL of the instant that stands in for a missing `$rowtime`.
    """
    strings = ", ".join(f"r.{column}" for column in STRINGS)
    return f"""
        SELECT {strings}, amount, event_time, coalesce("$rowtime", {arrived}) AS "$rowtime",
               NULL::BIGINT AS number, reason, CASE WHEN reason <> 'blank' THEN line END AS original
        FROM (SELECT *, CASE WHEN {_good()} THEN NULL ELSE {_reason()} END AS reason
              FROM (SELECT line, r, {_number("r.amount")} AS amount, {_instant("r.event_time")} AS event_time,
                           {_instant('r."$rowtime"')} AS "$rowtime"
                    FROM (SELECT line, TRY(json_transform(line, {text(_SHAPE)})) AS r FROM {relation})))"""


def plain_json(relation: str) -> str:
    """A SELECT of the contract's columns, less `$rowtime`, and of `is_plain`, a row for each row of `relation`.

    Whether the cheap tests alone prove a line good that has no `$rowtime` and a time in epoch milliseconds: what
    `judged_json` makes of it then is the same. DuckDB plans this in a fraction of the time.
    """
    strings = ", ".join(f"r.{column}" for column in STRINGS)
    is_plain = f"""amount IS NOT NULL AND event_time IS NOT NULL AND r."$rowtime" IS NULL
        AND {_plain(f"4 * {_HAS_COUNTERPARTY}", (0, 4))} AND {_COMMAS} = {_HAS_COUNTERPARTY}"""
    return f"""
        SELECT {strings}, amount, event_time, coalesce({is_plain}, FALSE) AS is_plain
        FROM (SELECT line, r, {_number("r.amount")} AS amount, {_millis("r.event_time")} AS event_time
              FROM (SELECT line, TRY(json_transform(line, {text(_SHAPE)})) AS r FROM {relation}))"""


def json_rows(connection: duckdb.DuckDBPyConnection, source: str, relation: str) -> Rows:
    """The lines of `relation` as rows with one VARCHAR column for each field that occurs, in order of their names."""
    found = (
        f"SELECT DISTINCT unnest(json_keys(line)) AS key FROM {relation} WHERE json_type(TRY(line::JSON)) = 'OBJECT'"
    )
    fields = [str(key) for (key,) in connection.execute(f"SELECT key FROM ({found}) ORDER BY key").fetchall()]
    shape = orjson.dumps(dict.fromkeys(fields, "VARCHAR")).decode()
    values = "".join(f", r.{name(field)}" for field in fields)
    parsed = f"SELECT line, CASE {_malformed()} END AS broken FROM {relation}"
    read = f"SELECT *, CASE WHEN broken IS NULL THEN TRY(json_transform(line, {text(shape)})) END AS r FROM ({parsed})"
    return Rows(
        source=source,
        relation=f'(SELECT broken AS "#broken", line AS "#record", NULL::BIGINT AS "#number"{values} FROM ({read}))',
        original='"#record"',
    )


def _number(value: str) -> str:
    # From the number's own text: exact, since both sides write the shortest text that reads back.
    return finite(f"CASE WHEN {value}::VARCHAR BETWEEN '-' AND ':' THEN TRY_CAST({value}::VARCHAR AS DOUBLE) END")


def _millis(value: str, otherwise: str = "") -> str:
    millis = instant_of_millis(f"TRY_CAST({value}::VARCHAR AS BIGINT)")
    return f"""CASE WHEN {value}::VARCHAR BETWEEN '-' AND ':' AND NOT contains({value}::VARCHAR, '.') THEN {millis}
                    {otherwise} END"""


def _instant(value: str) -> str:
    iso = instant_in_iso(f"({value} ->> '$')")
    return _millis(value, f"""WHEN starts_with({value}::VARCHAR, '"') THEN {iso}""")


def _good() -> str:
    """Whether a line is a transaction: strings, number and times where they belong, each known field at most once.

    The cheap tests stand first; what they cannot prove is looked up in the JSON, which the outer CASE keeps from lines
    that are none. DuckDB takes {"a":1,} as JSON, so counting commas and looking up keys is not the same.
    """
    paths = tuple(f"$.{column}" for column in _REQUIRED_STRINGS)
    typed = f"""json_type(line, {text_list(paths)}) = {text_list(("VARCHAR",) * len(paths))}
        AND coalesce(json_type(line, '$.counterparty_id'), 'NULL') IN ('VARCHAR', 'NULL')"""
    has_rowtime = """(r."$rowtime" IS NOT NULL)::INTEGER"""
    quotes = f"""4 * {_HAS_COUNTERPARTY} + 2 * {has_rowtime} + 2 * starts_with(r.event_time::VARCHAR, '"')::INTEGER
        + 2 * coalesce(starts_with(r."$rowtime"::VARCHAR, '"'), FALSE)::INTEGER"""
    present = """json_exists(line, '$.counterparty_id')::INTEGER + json_exists(line, '$."$rowtime"')::INTEGER"""
    distinct = f"""list_has_all({text_list(COLUMNS)}, json_keys(line))
        AND len(list_distinct(json_keys(line))) = len(json_keys(line)) AND NOT {_DANGLING_COMMA}"""
    # CASE and not OR, because DuckDB would evaluate both sides of OR for every row.
    plain = _plain(quotes, (4, 0, 2, 6, 8, 10))
    counted = f"CASE WHEN {_COMMAS} = {_HAS_COUNTERPARTY} + {has_rowtime} THEN {plain} ELSE FALSE END"
    exact = f"CASE WHEN {typed} THEN CASE WHEN {_COMMAS} = {present} THEN TRUE ELSE {distinct} END ELSE FALSE END"
    return f"""
        CASE WHEN amount IS NOT NULL AND event_time IS NOT NULL AND (r."$rowtime" IS NULL) = ("$rowtime" IS NULL)
        THEN CASE WHEN {counted} THEN TRUE ELSE {exact} END ELSE FALSE END"""


def _plain(quotes: str, possible: Iterable[int]) -> str:
    """Whether every string is one, where a line has its known fields and no other.

    `quotes` are those of optional fields, and of times that are strings; `possible` is what they can come to, the
    likeliest first, as each is compared in turn.
    """
    required = " AND ".join(f"r.{column} IS NOT NULL" for column in _REQUIRED_STRINGS)
    least = 2 * len(REQUIRED) + 2 * len(_REQUIRED_STRINGS)
    # DuckDB looks for a constant pattern in half the time that it takes to count.
    enough = " ".join(f"WHEN {more} THEN line LIKE {text('%' + _QUOTE * (least + more))}" for more in possible)
    return f"""{required} AND NOT contains(line, '\\') AND NOT contains(line, '[') AND line NOT LIKE '%{{%{{%'
        AND CASE {quotes} {enough} END"""


_QUOTE = '"%'
_HAS_COUNTERPARTY = "(r.counterparty_id IS NOT NULL)::INTEGER"
_COMMAS = f"len(string_split(line, ',')) - {len(REQUIRED)}"


def _reason() -> str:
    """What is wrong with a line that is not good, in the order in which a reader would look."""
    unknown = f"list_filter(json_keys(line), lambda k: NOT list_contains({text_list(COLUMNS)}, k))[1]"
    return f"""CASE {_malformed()}
        WHEN {unknown} IS NOT NULL THEN 'unknown field ' || to_json({unknown})::VARCHAR
        ELSE {_wrong_type()} END"""


def _malformed() -> str:
    repeated = "list_filter(json_keys(line), lambda k: len(list_filter(json_keys(line), lambda o: o = k)) > 1)[1]"
    return f"""WHEN line IS NULL OR trim(line, ' \t\r') = '' THEN 'blank'
        WHEN NOT json_valid(line) THEN 'not JSON'
        WHEN json_type(line) <> 'OBJECT' THEN 'not a JSON object'
        WHEN {_DANGLING_COMMA} THEN 'not JSON: a comma before the closing brace'
        WHEN {repeated} IS NOT NULL THEN 'field ' || to_json({repeated})::VARCHAR || ' is given twice'"""


def _wrong_type() -> str:
    """The first field whose JSON value is missing, null or of the wrong type."""
    return "coalesce(" + ", ".join(f"({_wrong_type_of(column)})" for column in COLUMNS) + ")"


def _wrong_type_of(column: str) -> str:
    path = text(f'$."{column}"')
    absent = "NULL" if column in OPTIONAL else text(f"{column} is missing")
    null = "NULL" if column in OPTIONAL else text(f"{column} is null")
    if column in STRINGS:
        wrong = f"json_type(line, {path}) <> 'VARCHAR' THEN {text(f'{column} is not a string')}"
    elif column == "amount":
        wrong = "amount IS NULL THEN CASE WHEN json_type(line, '$.amount') = 'DOUBLE' "
        wrong += "THEN 'amount is not a finite number' ELSE 'amount is not a number' END"
    else:
        expected = "is neither an integer of epoch milliseconds nor an ISO 8601 time in the years 1 to 9999"
        wrong = f"{name(column)} IS NULL THEN {text(f'{column} {expected}')}"
    type_ = f"json_type(line, {path})"
    return f"CASE WHEN {type_} IS NULL THEN {absent} WHEN {type_} = 'NULL' THEN {null} WHEN {wrong} END"
