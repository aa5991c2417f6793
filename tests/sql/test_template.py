"""Placeholders are replaced by token: never inside a string, a quoted identifier or a comment."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sql._template import bare, placeholders, quoted_tables, render
from sql.errors import PipelineError

INSIDE = st.text("ab:x '\n-*/`", max_size=8)
PIECES = st.one_of(
    INSIDE.map(lambda text: ("'" + text.replace("'", "''") + "'", None)),
    INSIDE.map(lambda text: ("`" + text.replace("`", "") + "`", None)),
    INSIDE.map(lambda text: ("--" + text.replace("\n", "") + "\n", None)),
    INSIDE.map(lambda text: ("/*" + text.replace("*", "") + "*/", None)),
    st.sampled_from(["SELECT", "a::x", "x", "1", "\n", "a.b", "(", "::"]).map(lambda text: (text, None)),
    st.sampled_from(["x", "long_name2"]).map(lambda name: (f":{name}", name)),
)
LITERALS = {"x": "'it''s :x'", "long_name2": "5"}


@given(st.lists(PIECES, max_size=12))
def test_only_placeholders_are_replaced(pieces: list[tuple[str, str | None]]) -> None:
    text = " ".join(piece for piece, _ in pieces)
    expected = " ".join(LITERALS[name] if name else piece for piece, name in pieces)
    assert render(text, LITERALS, "test.sql") == expected
    assert [name for name, _ in placeholders(text)] == [name for _, name in pieces if name]


@given(st.lists(PIECES, max_size=12))
def test_a_placeholder_is_found_on_its_line(pieces: list[tuple[str, str | None]]) -> None:
    lines, before = [], ""
    for piece, name in pieces:
        lines += [before.count("\n") + 1] if name else []
        before += piece + " "
    assert [line for _, line in placeholders(before)] == lines


def test_a_placeholder_without_a_value_is_an_error_with_file_and_line() -> None:
    with pytest.raises(PipelineError, match=r"^rule\.sql:3: the parameter :y is not declared; known are long_name2, x"):
        render("SELECT ':y', -- :y\n  `:y`,\n  :y", LITERALS, "rule.sql")


def test_tables_are_read_from_quoted_names_only() -> None:
    text = "-- `sentinel.a`\nSELECT '`sentinel.b`'\nFROM `sentinel.c` JOIN `d`"
    assert list(quoted_tables(text)) == [("sentinel.c", 3)]


def test_comments_are_left_out_and_strings_with_dashes_are_not() -> None:
    assert bare("-- why\nSELECT '--', /* what */ 1") == "SELECT '--',  1"
