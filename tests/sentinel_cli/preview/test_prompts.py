"""The prompt is read out of the statement as SQL means it."""

from hypothesis import given
from hypothesis import strategies as st

from sentinel_cli.preview.ai import prompt_of, unified


@given(st.text())
def test_a_prompt_is_read_back_whatever_it_holds(prompt: str) -> None:
    doubled = prompt.replace("'", "''")
    statement = f"CREATE AGENT IF NOT EXISTS `a`\nUSING MODEL `m`\nUSING PROMPT '{doubled}'\nCOMMENT 'It''s one.'"
    assert prompt_of(statement) == prompt


def test_a_statement_without_a_prompt_has_none() -> None:
    assert prompt_of("CREATE MODEL `m` WITH ('provider' = 'azureopenai')") == ""


def test_a_line_that_looks_like_a_header_is_kept() -> None:
    assert unified("-- a\nb", "-- c\nb") == "--- a\n+-- c\n b"
