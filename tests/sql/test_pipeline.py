"""What the loader finds in the SQL: views inlined, reads and writes, look-backs, and the order of deployment."""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

import sql
from sql.dialect import parse
from sql.errors import PipelineError

PROVIDERS: list[sql.Provider | None] = [None, "azureopenai", "bedrock"]
RAW, ALERTS = "sentinel.transactions_raw", "sentinel.aml_alerts"
ENRICHED, DISPOSITIONS = "sentinel.aml_alerts_enriched", "sentinel.alert_dispositions"


@pytest.fixture(scope="module")
def pipeline() -> sql.Pipeline:
    return sql.load_pipeline()


@pytest.mark.parametrize("provider", PROVIDERS)
def test_every_file_is_one_statement_with_a_name_of_its_own(provider: sql.Provider | None) -> None:
    statements = sql.load_pipeline(provider=provider).statements
    names = [statement.name for statement in statements]
    assert len(set(names)) == len(names)
    assert all(re.fullmatch(r"[a-z0-9]([-a-z0-9]{0,98}[a-z0-9])?", name) for name in names)
    inserts = [statement for statement in statements if statement.kind == "insert"]
    assert all(parse(statement.sql, statement.file) for statement in inserts)
    assert [s.name for s in statements if ";" in re.sub(r"'(?:[^']|'')*'|--[^\n]*", "", s.sql)] == []


def test_a_rule_has_the_name_of_its_folder_with_dashes(pipeline: sql.Pipeline) -> None:
    for rule in pipeline.rules:
        statement = pipeline.statement(rule.id.replace("_", "-"))
        assert (statement.file, statement.writes) == (f"sql/rules/{rule.id}/rule.sql", ALERTS)
        assert rule.about.typology in {"structuring", "velocity", "geographic anomaly"}


def test_reads_and_writes_are_found_in_the_sql(pipeline: sql.Pipeline) -> None:
    found = {s.name: (set(s.reads), s.writes) for s in pipeline.statements if s.kind == "insert"}
    rules = {rule.id.replace("_", "-"): ({RAW}, ALERTS) for rule in pipeline.rules}
    assert found == rules | {
        "late": ({RAW}, "sentinel.transactions_late"),
        "dead-letters": ({RAW}, "sentinel.dead_letters"),
        "enrichment": ({ALERTS, "sentinel_llm_local"}, ENRICHED),
        "triage": ({ENRICHED, "sentinel_triage_agent_local"}, DISPOSITIONS),
    }


@pytest.mark.parametrize(
    ("name", "look_back", "has_history"),
    [
        ("structuring", timedelta(hours=1), False),
        ("structuring-rolling", timedelta(hours=2), False),
        ("structuring-multiday", timedelta(days=14), False),
        ("geo", timedelta(minutes=30), False),
        ("geo-rolling", timedelta(hours=1), False),
        ("velocity", timedelta(minutes=10), True),
        ("late", timedelta(0), False),
        ("dead-letters", timedelta(0), False),
    ],
)
def test_the_look_back_is_the_sum_of_the_windows_behind_each_other(
    pipeline: sql.Pipeline, name: str, look_back: timedelta, has_history: bool
) -> None:
    statement = pipeline.statement(name)
    assert (statement.look_back, statement.has_history) == (look_back, has_history)


def test_a_longer_window_is_a_longer_look_back() -> None:
    given = sql.load_pipeline({"structuring_rolling.window": "90 minutes"})
    assert given.statement("structuring-rolling").look_back == timedelta(hours=3)


@pytest.mark.parametrize("provider", PROVIDERS)
def test_each_statement_stands_behind_those_that_make_what_it_reads(provider: sql.Provider | None) -> None:
    statements = sql.load_pipeline(provider=provider).statements
    place = {statement.name: number for number, statement in enumerate(statements)}
    for statement in statements:
        makers = [other.name for other in statements if other.writes in statement.reads]
        assert all(place[maker] < place[statement.name] for maker in makers)
    if provider:
        assert place["model"] < place["agent"] < place["triage"]
        assert place["model"] < place["enrichment"]
    assert place["transactions-raw-watermark"] < place["structuring"] < place["enrichment"] < place["triage"]


@pytest.mark.parametrize(
    ("names", "view"),
    [
        (["structuring", "structuring-rolling", "velocity", "geo", "dead-letters"], "judged_transactions"),
        (["enrichment"], "first_seen_alerts"),
        (["triage"], "first_seen_enriched"),
    ],
)
def test_a_view_is_inlined_once_as_the_first_cte(pipeline: sql.Pipeline, names: list[str], view: str) -> None:
    for name in names:
        tree = parse(pipeline.statement(name).sql, name)
        ctes = [cte.alias for cte in tree.expression.args["with_"].expressions]
        assert (ctes[0], ctes.count(view)) == (view, 1)
    assert "WITH" not in pipeline.statement("late").sql


def test_a_changed_view_changes_the_statements_that_read_it_and_no_other(root: Path) -> None:
    before = {statement.name: statement.sql for statement in sql.load_pipeline(root=root).statements}
    view = root / "views" / "first_seen_alerts.sql"
    view.write_text(view.read_text().replace("row_num", "arrival"))
    after = {statement.name: statement.sql for statement in sql.load_pipeline(root=root).statements}
    assert [name for name in before if before[name] != after[name]] == ["enrichment"]


def test_a_view_named_in_a_comment_or_as_part_of_another_name_is_not_inlined(root: Path) -> None:
    late = root / "routes" / "late.sql"
    late.write_text(
        "-- not FROM judged_transactions\n" + late.read_text() + "\n  AND event_id <> 'FROM_judged_transactions'"
    )
    assert "violation" not in sql.load_pipeline(root=root).statement("late").sql


def test_only_the_rules_asked_for_are_kept_with_the_routes() -> None:
    chosen = sql.load_pipeline(rules=["geo"])
    assert [rule.id for rule in chosen.rules] == ["geo"]
    inserts = {s.name for s in chosen.statements if s.kind == "insert"}
    assert inserts == {"geo", "late", "dead-letters", "enrichment", "triage"}
    with pytest.raises(PipelineError, match=r"no such rule: goe; known are geo, geo_rolling"):
        sql.load_pipeline(rules=["geo", "goe"])


def test_starts_at_is_the_instant_before_which_a_statement_emits_nothing() -> None:
    instant = datetime(2026, 3, 2, 9, tzinfo=UTC)
    given = sql.load_pipeline(starts_at={"structuring": instant})
    changed = [s.name for s, old in zip(given.statements, sql.load_pipeline().statements, strict=True) if s != old]
    assert changed == ["structuring"]
    assert "window_time >= TO_TIMESTAMP_LTZ(1772442000000, 3)" in given.statement("structuring").sql
    with pytest.raises(
        PipelineError, match=r"startsAt names no statement structurin; known are dead-letters, enrichment"
    ):
        sql.load_pipeline(starts_at={"structurin": instant})


def test_the_watermark_is_ten_seconds_behind(pipeline: sql.Pipeline) -> None:
    assert set(pipeline.watermarks) == {RAW}
    assert "`event_time` - INTERVAL '0 00:00:10' DAY TO SECOND" in pipeline.watermarks[RAW]


def test_a_statement_with_a_start_reads_from_there_less_its_look_back_and_what_may_be_dated_ahead() -> None:
    instant = datetime(2026, 3, 2, 9, tzinfo=UTC)
    given = sql.load_pipeline(
        starts_at=dict.fromkeys(("structuring-rolling", "enrichment", "triage", "velocity"), instant)
    )
    hint = "/*+ OPTIONS('scan.startup.mode' = 'timestamp', 'scan.startup.timestamp-millis' = '{}') */"
    a_day_and_two_hours, a_day = hint.format(1772348400000), hint.format(1772355600000)
    assert f"FROM `{RAW}` {a_day_and_two_hours}" in given.statement("structuring-rolling").sql
    assert f"FROM `sentinel.aml_alerts` {a_day}" in given.statement("enrichment").sql
    assert "OPTIONS" not in given.statement("velocity").sql, "its model learns from all that is kept"
    assert "OPTIONS" not in given.statement("triage").sql, "an alert may repeat any that is kept"
    assert "OPTIONS" not in given.statement("geo").sql


def test_a_simulated_clock_says_nothing_of_arrival_so_all_is_read() -> None:
    starts_at = {"structuring": datetime(2026, 3, 2, 9, tzinfo=UTC)}
    given = sql.load_pipeline({"transactions_raw.max_ahead": "off"}, starts_at=starts_at)
    assert "OPTIONS" not in given.statement("structuring").sql


def test_only_what_stands_before_a_model_call_keeps_the_first_of_each_id() -> None:
    assert [s.name for s in sql.load_pipeline().statements if s.keeps_first] == ["enrichment", "triage"]


def test_every_wrong_parameter_is_found_at_once() -> None:
    given = {"structuring.min_total": "many", "velocity.window": "10 minutes", "geo.limit": 2, "loan.size": 1, "x": 1}
    found = sql.parameter_findings(given)
    assert list(found) == ["structuring.min_total", "geo.limit", "loan.size", "x"]
    assert "geo declares no such parameter; it has: critical_countries, min_countries, window" in found["geo.limit"]
