"""
Writes golden_functions.json: SQL expressions over one column `x` and what Apache Flink makes of them.

Each entry holds the expression (`sql`), the type and value of `x`, and the value (`flink`): times as epoch
milliseconds, DECIMAL and BYTES as text, `{"error": reason}` where the job fails.
"""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from sentinel_cli.flink.referee import Expression, Referee

GOLDEN = Path(__file__).with_name("golden_functions.json")


DOCUMENTS = [
    '{"a":"plain"}',
    '{"a":""}',
    '{"a":" b "}',
    r'{"a":"q\"uo\\te\/ \b\f\n\r\t"}',
    r'{"a":"\u00e9\u4e2d\ud83d\ude00"}',
    r'{"a":"\ud83d"}',
    '{"a":"\u00e9\u4e2d\U0001f600"}',
    '{"a":"it\'s"}',
    '{"a":"tab\there"}',
    '{"a":"line\nbreak"}',
    '{"a":3}',
    '{"a":-0}',
    '{"a":2.7}',
    '{"a":3.0}',
    '{"a":2.50}',
    '{"a":1e2}',
    '{"a":1E-7}',
    '{"a":0.0001}',
    '{"a":12345678901.5}',
    '{"a":1e30}',
    '{"a":99999999999}',
    '{"a":123456789012345678901234567890}',
    '{"a":0.1234567890123456789}',
    '{"a":1e400}',
    '{"a":01}',
    '{"a":+1}',
    '{"a":.5}',
    '{"a":5.}',
    '{"a":true}',
    '{"a":false}',
    '{"a":True}',
    '{"a":null}',
    '{"a":{"b":1}}',
    '{"a":[1,2]}',
    '{"a":[]}',
    '{"b":1}',
    "{}",
    '{"a":1,"a":2}',
    '{"a":"x","a":null}',
    '{"a":null,"a":"x"}',
    '{"A":1}',
    '{"a ":1}',
    '{"a":1} trailing',
    '{"a":1}}',
    '{"a":1}{"a":2}',
    '{"a":1},',
    ' {"a":1} ',
    '\n{\n"a"\n:\n1\n}\n',
    "{'a':1}",
    "{a:1}",
    '{"a":1,}',
    '{"a":1 /* c */}',
    '{"a":1} // c',
    '// c\n{"a":1}',
    '{"a":NaN}',
    '{"a":Infinity}',
    '{"a":undefined}',
    '{"a":1',
    '{"a":"x',
    '{"a"}',
    "",
    " ",
    "null",
    "true",
    "1",
    '"a"',
    "[]",
    '[{"a":1}]',
    '\ufeff{"a":1}',
    '{"a":"\x00"}',
    '{"a":"\x7f"}',
    r'{"\u0061":1}',
    '{"x":{"a":1}}',
    '{"x":bad,"a":1}',
    '{"a":1,"x":bad}',
]
NUMBERS = (
    *("10000.005", "0.125", "0.135", "-0.125", "1.005", "2.675", "9999.995", "1e20", "1e15", "1e16", "0.005", "0.1"),
    *("9999999999999999.99", "-0.0", "1e-10", "123456789.01", "999999999999.99", "0.015", "0.045", "9999.994999999999"),
)
DOUBLES = ("1e7", "100.0", "0.001", "1e-4", "9999999.0", "1.5", "-0.0", "1e21", "123456789.01", "0.1", "1e-7", "99.0")
INTEGERS = ("5", "-5", "+5", " 5 ", "05", "5.0", "5.9", ".5", "5.", "2147483647", None)
BAD_INTEGERS = ("", "x", "1e2", "2147483648")
TEXTS = ('q"u', "b\\s", "n\nt\tr\r", "\u00e9\u4e2d\U0001f600", "/", "\x01\x1f\x7f", "<&>", "\u2028", "", "it's", None)
DECIMALS = ("0", "5", "-0.5", "1e15", "100.10", "0.01", "10000", "1.5", None)
DECIMAL = "DECIMAL(18, 2)"


def over(sql: str, values: Iterable[Any], type_: str = "STRING") -> list[Expression]:
    """One expression over several values of `x`."""
    return [Expression(sql, value, type_) for value in values]


def doubles(texts: Iterable[str]) -> list[float]:
    """Numbers from their text, as it is easier to read in a list."""
    return [float(text) for text in texts]


EXPRESSIONS = [
    *over("JSON_VALUE(x, '$.a')", [*DOCUMENTS, None]),
    *over("CHAR_LENGTH(JSON_VALUE(CONCAT('{\"a\":\"', REPEAT('x', x), '\"}'), '$.a'))", [1000, 1000000], "INT"),
    *over("JSON_VALUE(CONCAT('{\"x\":', REPEAT('[', x), REPEAT(']', x), ',\"a\":1}'), '$.a')", [100, 2000], "INT"),
    *over("CHAR_LENGTH(JSON_VALUE(CONCAT('{\"a\":', REPEAT('9', x), '}'), '$.a'))", [1000, 1001], "INT"),
    *over("REGEXP_EXTRACT(x, '(b)', 1)", ["xay", "", "abc", None]),
    *over("REGEXP_EXTRACT(x, 'x(b)?ay', 1)", ["xay", "xbay"]),
    *over("REGEXP_EXTRACT(x, 'x(.)y', 0)", ["xay"]),
    *over("REGEXP_EXTRACT(x, 'x(.)y', 1)", ["xay", "xay xby"]),
    *over("REGEXP_EXTRACT(x, 'x(.)y', 2)", ["xay"]),
    *over("REGEXP_EXTRACT(x, 'x(.)y')", ["xay"]),
    *over("REGEXP_EXTRACT(x, 'x()ay', 1)", ["xay"]),
    *over(r"REGEXP_EXTRACT(x, '(?s)(\{.*\})', 1)", ['a {"x": {\n}} b', "{}", "}{", "a {b} c {d} e", "none"]),
    *over(r"REGEXP_EXTRACT(x, '(\{.*\})', 1)", ['a {"x": {\n}} b']),
    *over("REGEXP_EXTRACT(x, '^([1-5])$', 1)", ["3", "6", "3\n", "3\r\n", "3\u2028", "3\u0085", " 3", "33"]),
    *over(r"REGEXP_EXTRACT(x, '^([1-5])\z', 1)", ["3", "3\n"]),
    *over("REGEXP(x, 'b')", ["abc", "ac", "", None]),
    *over("REGEXP(x, '')", ["abc"]),
    *over("REGEXP('abc', x)", ["", "^b", "b$", None]),
    *over(r"REGEXP(x, '\bE[0-9]+\b')", ["see E1.", "E1", "xE1", "E1x", "\u00e9E1", "E\u0661", "E1\u00e9", "-E1-"]),
    *over(r"REGEXP(x, '^[A-Z][A-Z][A-Z]\z')", ["USD", "USD\n", "usd", "USDX", ""]),
    *over(r"REGEXP(x, '(?i)^decision\s*:\s*escalate')", ["DECISION :\tEscalate", "decision\u00a0:escalate"]),
    *over(
        "REGEXP_EXTRACT_ALL(x, '(?:^|[^A-Za-z0-9_])(E[0-9]+)', 1)",
        ["E1, E2 and (E30)", "E1E2", "xE1", "\u00e9E1 \u89c1E2\U0001f600E3", "E", "", "E\u0661 E1-E4", "E1\nE2", None],
    ),
    *over("REGEXP_EXTRACT_ALL(x, '(?m)^(E[0-9]+) ', 1)", ["a: b\nE1 x\nE2 y E3 z\n E4 q", "E1", None]),
    *over("REGEXP_EXTRACT_ALL(x, 'x(b)?ay', 1)", ["xbay"]),
    *over("UPPER(x)", ["abc", "\u0131", "i", "\u00df", "\u00e9", "\ufb01", "\u01c6", "\u03c2", "\u0149", None]),
    *over("LOWER(x)", ["ABC", "I", "\u0130", "\u1e9e", "\u00c9", "\u03a3", "A\u03a3", "\u212a", None]),
    *over("TRIM(x)", [" a ", "", " ", "\ta\t", "\na\n", "\u00a0a\u00a0", "\u2003a", "a b", None]),
    *over("CAST(x AS INT)", [*INTEGERS, *BAD_INTEGERS]),
    *over("TRY_CAST(x AS INT)", [*INTEGERS, *BAD_INTEGERS]),
    *over("CAST(x AS BIGINT)", ["5", "9223372036854775807", None]),
    *over("TRY_CAST(x AS DECIMAL(18, 2))", ["5", "1.005", "1e3", " 2 ", "x", "", "1e20", "-1.005", "0.125", None]),
    *over("CAST(x AS DECIMAL(18, 2))", ["x"]),
    *over("CAST(x AS DECIMAL(18, 2))", doubles(NUMBERS), "DOUBLE"),
    *over("CAST(CAST(x AS DECIMAL(18, 2)) AS DOUBLE) <> x", doubles(NUMBERS), "DOUBLE"),
    *over("CAST(x AS DECIMAL(18, 2)) < 10000.00", doubles(["9999.99", "9999.995", "9999.994", "10000"]), "DOUBLE"),
    *over("CAST(x AS STRING)", DECIMALS, DECIMAL),
    *over("CAST(x AS STRING)", doubles(DOUBLES), "DOUBLE"),
    *over("CAST(x AS STRING)", [5, -5, None], "BIGINT"),
    *over("CAST(x AS STRING)", [True, False, None], "BOOLEAN"),
    *over("CAST(x AS BIGINT)", [2.9, -2.9], "DOUBLE"),
    *over("TRY_CAST(x AS DOUBLE)", ["1e3", " 1 ", "1d", "0x10", "x", "NaN2"]),
    *over("JSON_OBJECT('a' VALUE x)", DECIMALS, DECIMAL),
    *over("JSON_OBJECT('a' VALUE x)", [7, -7, None], "BIGINT"),
    *over("JSON_OBJECT('a' VALUE x)", doubles(DOUBLES), "DOUBLE"),
    *over("JSON_OBJECT('a' VALUE x)", [True, False, None], "BOOLEAN"),
    *over("JSON_OBJECT('a' VALUE x)", TEXTS),
    *over("JSON_OBJECT('a' VALUE x)", [["y", None, "x"]], "ARRAY<STRING>"),
    *over("JSON_OBJECT('a' VALUE x, 'b' VALUE 1 ABSENT ON NULL)", ["y", None]),
    *over("JSON_OBJECT('b' VALUE x, 'a' VALUE 2, 'C' VALUE 3)", ["y"]),
    *over("JSON_OBJECT('a' VALUE 1, 'a' VALUE x)", ["y"]),
    *over("JSON_OBJECT('a' VALUE JSON_OBJECT('b' VALUE x))", ["y"]),
    *over("CONCAT('a', x, 'b')", ["y", "", None]),
    *over("CONCAT_WS('|', 'a', x, 'b')", ["y", "", None]),
    *over("CONCAT_WS('|', x)", ["y", "", None]),
    *over("CONCAT_WS(x, 'a', 'b')", ["y", "", None]),
    *over(
        "DATE_FORMAT(x, 'yyyy-MM-dd HH:mm:ss.SSS')",
        [0, 631152000000, 1700000000123, 1700000000000, 4102444799999, 253402300799999, None],
        "TIMESTAMP_LTZ(3)",
    ),
    *over("DATE_FORMAT(CAST(x AS TIMESTAMP(3)), 'yyyy-MM-dd HH:mm:ss.SSS')", [1700000000120], "TIMESTAMP_LTZ(3)"),
    *over("CAST(x AS STRING)", [1700000000120, 1700000000000], "TIMESTAMP_LTZ(3)"),
    *over(
        "ARRAY_SORT(x)",
        [["b", None, "a"], ["b", "B", "a", "\u00e9", "z", "10", "9", "b"], [], None],
        "ARRAY<STRING>",
    ),
    *over("ARRAY_SLICE(ARRAY_SORT(x), 1, 50)", [["b", "a", "c"], [None, "a"], [], None], "ARRAY<STRING>"),
    *over("ARRAY_SLICE(ARRAY_SORT(x), 1, 2)", [["b", "a", "c"], ["b", "a"], ["b"]], "ARRAY<STRING>"),
    *over("ARRAY_SLICE(x, 2, 2)", [["b", "a", "c"], ["b"]], "ARRAY<STRING>"),
    *over("ARRAY_JOIN(x, '; ')", [["b", None, "a"], ["b"], ["", ""], [], None], "ARRAY<STRING>"),
    *over("ARRAY_DISTINCT(x)", [["b", "a", "b", None, None]], "ARRAY<STRING>"),
    *over("ARRAY_EXCEPT(x, ARRAY_SLICE(x, 3, 4))", [["b", "a", "b", "c"], ["a", "b", "a"], ["a"], []], "ARRAY<STRING>"),
    *over("CARDINALITY(x)", [["b", "a"], [], None], "ARRAY<STRING>"),
    *(e for i in (0, 1, 2, 3, 4) for e in over(f"SPLIT_INDEX(x, '; ', {i})", ["a; b; ; c", "a", "a; ", "", None])),
    *over("SHA256(x)", ["", "abc", "\u00e9\u4e2d\U0001f600", None]),
    *over("CAST(x AS BYTES)", ["\u00e9\U0001f600", "", None]),
    *over("CHAR_LENGTH(x)", ["\u00e9\U0001f600", "e\u0301", "", None]),
    *over("CHAR_LENGTH(x) NOT BETWEEN 1 AND 64", ["", "y", None]),
    *over("SUBSTRING(x, 2, 2)", ["a\U0001f600bc", "ab", "a", ""]),
    *over("x < 'B'", ["a", "A", "", None]),
    *over("x = 'a'", ["a", "a ", "A", None]),
    *over("x IN ('a', 'b')", ["a", "c", None]),
    *over("NOT COALESCE(x IN ('a', 'b'), FALSE)", ["a", "c", None]),
    *over("COALESCE(TRIM(x), '') = ''", ["a", " ", "\n", None]),
    *over("x / 3", ["10", "-10"], DECIMAL),
    *over("x / 2", [7, -7], "BIGINT"),
    *over("MOD(x, 2)", [7, -7], "BIGINT"),
    *over("ROUND(x, 1)", ["2.25", "2.35", "-2.25"], DECIMAL),
    *over("CAST(x AS DECIMAL(18, 1))", ["2.25", "2.35", "-2.25", "2.24"], DECIMAL),
]


def main() -> None:
    """Evaluate on a live Flink and write the file."""
    with Referee() as flink:
        values = flink.evaluate(EXPRESSIONS)
    entries = [
        {"sql": e.sql, "type": e.type, "x": e.x, "flink": value} for e, value in zip(EXPRESSIONS, values, strict=True)
    ]
    lines = ",\n".join(f"  {json.dumps(entry)}" for entry in entries)
    GOLDEN.write_text(f"[\n{lines}\n]\n", encoding="utf-8")


if __name__ == "__main__":
    main()
