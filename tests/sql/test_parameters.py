"""Parameters: typed, bounded, owned, and written as literals that mean what was given."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlglot import exp

import sql
from sql._parameters import Value, literal
from sql.dialect import duration, parse
from sql.errors import PipelineError

TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=40)
QUOTED = st.text("'`\"\\:-/*;x\n", max_size=12)


def parameter(kind: str, default: str | int, **more: object) -> sql.Parameter:
    given = {"type": kind, "default": default, "meaning": "for this test", "unit": "things", "pattern": None}
    return sql.Parameter.model_validate(given | more)


def in_duckdb(text: str) -> object:
    with duckdb.connect() as connection:
        return connection.execute(f"SELECT {text}").fetchall()[0][0]


def in_flink(text: str) -> exp.Expression:
    tree = parse(f"SELECT {text}", "test")
    assert len(tree.expressions) == 1
    found: exp.Expression = tree.expressions[0]
    return found


@given(TEXTS | QUOTED)
def test_a_string_comes_back_from_its_literal(value: str) -> None:
    assert in_duckdb(literal(value)) == value
    read = in_flink(literal(value))
    assert isinstance(read, exp.Literal)
    assert (read.this, read.is_string) == (value, True)


@given(st.integers(-(10**18) + 1, 10**18 - 1))
def test_a_whole_number_comes_back_from_its_literal(number: int) -> None:
    value = parameter("integer", 1).parse(str(number))
    assert value == number == in_duckdb(literal(value))


@given(st.decimals(-(10**15), 10**15, places=2))
def test_a_decimal_comes_back_from_its_literal_with_its_cents(number: Decimal) -> None:
    value = parameter("decimal", "1.00").parse(f"{number:f}")
    back = in_duckdb(f"CAST({literal(value)} AS VARCHAR)")
    assert (value, back) == (number, f"{number:f}") or (number == 0 and Decimal(str(back)) == 0)


@given(st.integers(0, 99 * 86_400))
def test_an_interval_comes_back_from_its_literal(seconds: int) -> None:
    value = parameter("interval", "1 minute").parse(f"{seconds} seconds")
    assert duration(in_flink(literal(value)), "test") == timedelta(seconds=seconds) == value


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (timedelta(hours=1), "INTERVAL '0 01:00:00' DAY TO SECOND"),
        (timedelta(days=7), "INTERVAL '7 00:00:00' DAY TO SECOND"),
        (None, "CAST(NULL AS INTERVAL DAY TO SECOND)"),
        (Decimal("30000.00"), "30000.00"),
        (5, "5"),
        ("O'Neill", "'O''Neill'"),
        (datetime(2026, 3, 2, tzinfo=UTC), "TO_TIMESTAMP_LTZ(1772409600000, 3)"),
    ],
)
def test_literals_are_flinks(value: Value | datetime, text: str) -> None:
    assert literal(value) == text


@pytest.mark.parametrize(
    ("kind", "bounds", "given"),
    [
        ("integer", {"at_least": 2}, 1),
        ("integer", {"at_most": 9}, 10),
        ("integer", {}, "5.0"),
        ("integer", {}, True),
        ("integer", {}, "five"),
        ("integer", {}, 10**18),
        ("decimal", {"at_least": "0.01"}, "0.00"),
        ("decimal", {}, 30_000.0),
        ("decimal", {}, "NaN"),
        ("decimal", {}, "1e5"),
        ("decimal", {}, "1.0001"),
        ("interval", {"default": "5 minutes", "at_least": "1 minute"}, "59 seconds"),
        ("interval", {"default": "5 minutes", "at_most": "24 hours"}, "25 hours"),
        ("interval", {"default": "5 minutes"}, "100 days"),
        ("interval", {"default": "5 minutes"}, "1 fortnight"),
        ("interval", {"default": "5 minutes"}, 60),
        ("interval", {"default": "5 minutes"}, "off"),
        ("string", {"default": "USD", "pattern": "[A-Z]{3}"}, "usd"),
        ("string", {"default": "USD", "pattern": "[A-Z]{3}"}, "USD\n"),
        ("string", {"default": "USD", "pattern": "[A-Z]{3}"}, "USD' OR 'x'='x"),
        ("string", {"default": "USD", "pattern": "[A-Z]{3}"}, 5),
    ],
)
def test_a_value_of_the_wrong_type_or_out_of_bounds_is_refused(
    kind: str, bounds: dict[str, object], given: object
) -> None:
    with pytest.raises(ValueError, match=r"is (no|below|above|longer|not of)"):
        parameter(kind, **({"default": 5} | bounds)).parse(given)  # type: ignore[arg-type]


def test_bounds_are_inclusive() -> None:
    bounded = parameter("interval", "5 minutes", at_least="1 minute", at_most="24 hours")
    assert bounded.parse("60 seconds") == timedelta(minutes=1)
    assert bounded.parse("1 day") == timedelta(days=1)


def test_off_is_a_value_only_where_it_is_declared() -> None:
    assert parameter("interval", "1 day", off=True).parse("off") is None
    ahead = sql.load_pipeline({"transactions_raw.max_ahead": "off"})
    assert "CAST(NULL AS INTERVAL DAY TO SECOND)" in ahead.statement("transactions-raw-watermark").sql


@pytest.mark.parametrize(
    "declared",
    [
        {"type": "integer", "default": 1},
        {"type": "decimal", "default": "1.00"},
        {"type": "string", "default": "x"},
        {"type": "integer", "default": 1, "unit": "things", "at_least": 2},
        {"type": "float", "default": 1},
        {"type": "integer", "default": 1, "unit": "things", "at_leest": 0},
    ],
)
def test_a_declaration_without_unit_pattern_or_a_sound_default_is_refused(declared: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="validation error"):
        sql.Parameter.model_validate({"meaning": "for this test", **declared})


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"structuring.min_totl": "1.00"}, ["structuring.min_totl", "rule.toml", "no such parameter", "min_total"]),
        ({"structurng.min_total": "1.00"}, ["structurng.min_total", "OWNER.PARAMETER", "structuring"]),
        ({"min_total": "1.00"}, ["min_total", "OWNER.PARAMETER"]),
        ({"structuring": "1.00"}, ["structuring", "OWNER.PARAMETER"]),
        ({"geo.min_total": "1.00"}, ["geo.min_total", "no such parameter", "min_countries"]),
        ({"structuring.min_total": "much"}, ["structuring.min_total", "'much'", "decimal", "rule.toml"]),
        ({"structuring.min_transactions": 1}, ["structuring.min_transactions", "1 is below 2"]),
        ({"transactions_raw.max_ahead": "100 days"}, ["transactions_raw.max_ahead", "99 days", "table.toml"]),
        ({"ai.max_completion_tokens": 1}, ["ai.max_completion_tokens", "below 200", "ai.toml"]),
    ],
)
def test_a_wrong_override_names_itself_and_what_was_expected(given: dict[str, object], words: list[str]) -> None:
    with pytest.raises(PipelineError) as error:
        sql.load_pipeline(given)
    assert [word for word in words if word not in str(error.value)] == []


def test_an_override_reaches_its_own_rule_and_no_other() -> None:
    given = sql.load_pipeline({"structuring.min_total": "12345.67"})
    changed = [s.name for s, old in zip(given.statements, sql.load_pipeline().statements, strict=True) if s != old]
    assert changed == ["structuring"]
    assert "total_amount >= 12345.67" in given.statement("structuring").sql
    assert next(rule for rule in given.rules if rule.id == "structuring").values["min_total"] == Decimal("12345.67")
