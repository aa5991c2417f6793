"""A damaged file is an error that names the file, the line and what was expected."""

from pathlib import Path

import pytest

import sql
from sql.errors import PipelineError

RULE, TOML = "rules/structuring/rule.sql", "rules/structuring/rule.toml"


def damage(path: Path, old: str, new: str) -> int:
    """Replace the first occurrence; the line on which it begins."""
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    return text.count("\n", 0, text.index(old)) + 1


def message(root: Path, provider: sql.Provider | None = None) -> str:
    with pytest.raises(PipelineError) as error:
        sql.load_pipeline(root=root, provider=provider)
    return str(error.value)


@pytest.mark.parametrize(
    ("file", "old", "new", "words"),
    [
        (RULE, "`sentinel.aml_alerts`", "`sentinel.aml_alarts`", "no table sentinel.aml_alarts; known are sentinel.a"),
        (RULE, "AND currency = :currency", "AND currency = :curency", "the parameter :curency is not declared"),
        ("views/judged_transactions.sql", ":max_ahead", ":max_ahed", "the parameter :max_ahed is not declared"),
        ("routes/late.sql", "`sentinel.transactions_raw`", "`sentinel.raw`", "no table sentinel.raw; known are"),
        ("ai/triage.sql", ":agent_name", ":agent_nam", "the parameter :agent_nam is not declared"),
        ("tables/transactions_raw/watermark.sql", ":watermark_delay", ":delay", "the parameter :delay is not declared"),
        (TOML, 'at_least = "1 minute"', 'at_leest = "1 minute"', "parameters.window.at_leest: Extra inputs"),
        (TOML, 'type = "interval"', 'type = "interbal"', "parameters.window.type: Input should be 'interval'"),
        (TOML, "effective = 2026-01-01", 'effective = "soon"', "effective: Input should be a valid date"),
        ("tables/aml_alerts/table.toml", "partitions = 6", 'partitions = "six"', "partitions: Input should be a valid"),
    ],
)
def test_an_unknown_name_is_an_error_with_file_and_line(root: Path, file: str, old: str, new: str, words: str) -> None:
    line = damage(root / file, old, new)
    assert message(root).startswith(f"{root / file}:{line}: {words}")


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        pytest.param(RULE, "  SUM(amount) AS total_amount,", "  SUM(amount AS total_amount,"),
        pytest.param(RULE, "  COUNT(*) AS transaction_count,", "  COUNT(* AS transaction_count,"),
        pytest.param("views/judged_transactions.sql", ", FALSE) THEN 'event_id'", ", FALSE THEN 'event_id'"),
        pytest.param("ai/triage.sql", "SHA256(alert_id)", "SHA256(alert_id <"),
        ("routes/late.sql", "WHERE event_time", "WHERE WHERE event_time"),
    ],
)
def test_a_syntax_error_is_an_error_with_file_and_line(root: Path, file: str, old: str, new: str) -> None:
    line = damage(root / file, old, new)
    assert message(root).startswith(f"{root / file}:{line}: ")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("SUM(amount) AS total_amount,", "SUM(amount AS total_amount,"),
        ("FROM windowed\n", "FROM windowed;\nSELECT 1 AS one\n"),
        ("INSERT INTO", "UPSERT INTO"),
        ("GROUP BY account_id", "GROUP BY (account_id"),
    ],
)
def test_what_is_no_single_statement_is_an_error_with_its_file(root: Path, old: str, new: str) -> None:
    damage(root / RULE, old, new)
    assert message(root).startswith(f"{root / RULE}:")


@pytest.mark.parametrize(
    ("old", "new"), [("FROM judged_transactions", "FROM judged"), ("FROM windowed\n", "FROM window_ed\n")]
)
def test_an_unknown_view_or_cte_is_an_error_with_its_file(root: Path, old: str, new: str) -> None:
    damage(root / RULE, old, new)
    assert message(root).startswith(f"{root / RULE}:")


@pytest.mark.parametrize(
    ("file", "old", "new", "words"),
    [
        (TOML, "owner = ", "owner: ", "at line 2"),
        (TOML, 'jurisdiction = "US"\n', "", "jurisdiction: Field required"),
        (
            TOML,
            'default = "60 minutes"',
            'default = "an hour"',
            "parameters.window: Value error, 'an hour' is no interval",
        ),
        (
            TOML,
            'default = "60 minutes"',
            'default = "30 seconds"',
            "parameters.window: Value error, 30 seconds is below",
        ),
        ("ai/ai.toml", "[parameters.connection]", "[parameter.connection]", "parameter: Extra inputs"),
        (
            "tables/aml_alerts/value.schema.json",
            '"type": "object",',
            '"type": "object"',
            "no JSON Schema could be read",
        ),
        ("tables/aml_alerts/value.schema.json", '"type": "array"', '"type": "set"', "evidence: no Flink type is known"),
    ],
)
def test_a_damaged_declaration_is_an_error_with_its_file(root: Path, file: str, old: str, new: str, words: str) -> None:
    damage(root / file, old, new)
    found = message(root)
    assert found.startswith(str(root / file))
    assert words in found


def test_a_misspelt_parameter_is_an_error_with_file_and_line_though_it_leaves_another_unused(root: Path) -> None:
    line = damage(root / RULE, "AND below_count >= :min_below", "AND below_count >= :min_bellow")
    assert message(root).startswith(f"{root / RULE}:{line}: the parameter :min_bellow is not declared")


def test_a_parameter_that_the_rule_never_reads_is_an_error(root: Path) -> None:
    damage(root / RULE, "total_amount >= :critical_total", "total_amount >= 50000.00")
    expected = f"{root / TOML}: the parameter critical_total is declared, but {root / RULE} never reads it"
    assert message(root) == expected


@pytest.mark.parametrize("file", [RULE, TOML, "ai/agent.sql", "ai/prompts/triage.txt"])
def test_a_missing_file_is_an_error_with_its_name(root: Path, file: str) -> None:
    (root / file).unlink()
    assert message(root, "bedrock") == f"{root / file}: cannot be read (No such file or directory)"


def test_statements_that_read_what_they_write_in_a_circle_are_an_error_that_names_them(root: Path) -> None:
    loop = root / "routes" / "loop.sql"
    loop.write_text(
        "INSERT INTO `sentinel.transactions_raw` (`key`)\n"
        "SELECT CAST(account_id AS BYTES) AS `key` FROM `sentinel.aml_alerts_enriched`\n"
    )
    found = message(root)
    assert found.startswith("these statements read what they write, in a circle: ")
    assert {str(loop), str(root / "ai" / "enrichment.sql")} <= set(found.partition("circle: ")[2].split(" -> "))


def test_a_statement_that_reads_what_it_writes_is_a_circle_too(root: Path) -> None:
    damage(
        root / "routes" / "late.sql",
        "INSERT INTO `sentinel.transactions_late`",
        "INSERT INTO `sentinel.transactions_raw`",
    )
    assert f"{root / 'routes' / 'late.sql'} -> {root / 'routes' / 'late.sql'}" in message(root)
