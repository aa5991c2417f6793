"""The JSON Schemas: sound draft 7, and their annotations give the types that Confluent Cloud infers."""

import json
import re
from typing import Any

import pytest

import sql

TABLES = sql.load_pipeline().tables
KEYWORDS = {
    "string": {"minLength", "maxLength", "pattern", "enum"},
    "number": {"minimum", "maximum", "multipleOf"},
    "integer": {"minimum", "maximum"},
    "boolean": set[str](),
    "array": {"items", "minItems", "maxItems"},
}
ANNOTATIONS = {"type", "title", "description", "connect.type", "connect.parameters", "flink.precision", "flink.version"}
TIMESTAMP = {
    "type": "number",
    "title": "org.apache.kafka.connect.data.Timestamp",
    "connect.type": "int64",
    "flink.precision": 3,
    "flink.version": "1",
    "multipleOf": 1,
}
ALERT = {
    "alert_id": "STRING",
    "rule_id": "STRING",
    "rule_version": "STRING",
    "typology": "STRING",
    "account_id": "STRING",
    "customer_id": "STRING",
    "window_start": "TIMESTAMP_LTZ(3)",
    "window_end": "TIMESTAMP_LTZ(3)",
    "detected_at": "TIMESTAMP_LTZ(3)",
    "transaction_count": "BIGINT",
    "total_amount": "DECIMAL(18, 2) NULL",
    "currency": "STRING NULL",
    "severity": "STRING",
    "evidence": "ARRAY<STRING>",
    "detail": "STRING",
}


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_a_schema_is_a_closed_object_of_draft_7(table: sql.Table) -> None:
    schema = table.schema
    assert schema["$schema"] == "http://json-schema.org/draft-07/schema#"
    assert (schema["type"], schema["additionalProperties"]) == ("object", False)
    assert set(schema) <= {"$schema", "title", "description", "type", "additionalProperties", "required", "properties"}
    assert set(schema["required"]) <= set(schema["properties"])
    assert len(set(schema["required"])) == len(schema["required"])
    assert json.loads(table.schema_text) == schema


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_a_property_has_a_meaning_and_keywords_of_its_type_only(table: sql.Table) -> None:
    for name, declared in table.schema["properties"].items():
        assert declared["description"].endswith("."), name
        assert set(declared) <= ANNOTATIONS | KEYWORDS[declared["type"]], name
        assert not ({"default", "$ref", "format"} & set(declared)), name
        check_keywords(declared)


def check_keywords(declared: dict[str, Any]) -> None:
    """The values of the keywords are what draft 7 allows."""
    for size in {"minLength", "maxLength", "minItems", "maxItems"} & set(declared):
        assert type(declared[size]) is int
        assert declared[size] >= 0
    for bound in {"minimum", "maximum", "multipleOf"} & set(declared):
        assert type(declared[bound]) in {int, float}
    if "pattern" in declared:
        re.compile(declared["pattern"])
        assert declared["pattern"].startswith("^")
        assert declared["pattern"].endswith("$")
    if "enum" in declared:
        assert len(set(declared["enum"])) == len(declared["enum"]) > 1
    if "items" in declared:
        check_keywords(declared["items"])


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_annotations_are_whole(table: sql.Table) -> None:
    """A half-annotated time or amount would be read as DOUBLE without a word."""
    for name, declared in table.schema["properties"].items():
        title = declared.get("title", "")
        if title.endswith(".Timestamp"):
            assert {key: declared.get(key) for key in TIMESTAMP} == TIMESTAMP, name
        elif title.endswith(".Decimal"):
            assert declared["connect.type"] == "bytes", name
            assert declared["connect.parameters"] == {"scale": "2", "connect.decimal.precision": "18"}, name
        else:
            assert not ({"title", "connect.type", "connect.parameters", "flink.precision"} & set(declared)), name
        assert (name.endswith(("_time", "_at", "_start", "_end"))) == title.endswith(".Timestamp"), name


def columns(name: str) -> dict[str, str]:
    """Types by column, nullability said where it is there."""
    table = sql.load_pipeline().table(name)
    return {column.name: f"{column.type}{' NULL' if column.nullable else ''}" for column in table.columns}


def test_the_annotations_of_transactions_give_flinks_types() -> None:
    assert columns("sentinel.transactions_raw") == {
        "event_id": "STRING",
        "account_id": "STRING",
        "customer_id": "STRING",
        "amount": "DOUBLE",
        "currency": "STRING",
        "transaction_type": "STRING",
        "direction": "STRING",
        "country": "STRING",
        "counterparty_id": "STRING NULL",
        "event_time": "TIMESTAMP_LTZ(3)",
    }


def test_the_annotations_of_alerts_give_flinks_types() -> None:
    assert columns("sentinel.aml_alerts") == ALERT
    enriched = columns("sentinel.aml_alerts_enriched")
    assert {name: enriched[name] for name in ALERT} == ALERT
    assert set(enriched) - set(ALERT) == {"summary", "model", "prompt_version", "status"}


def test_every_insert_names_each_required_column_of_its_sink() -> None:
    pipeline = sql.load_pipeline()
    for statement in (s for s in pipeline.statements if s.kind == "insert"):
        named = re.search(r"INSERT INTO `[^`]+` \(([^)]*)\)", statement.sql)
        assert named
        given = [name.strip(" `\n") for name in named[1].split(",")]
        table = pipeline.table(statement.writes)
        assert given[0] == "key"
        assert {column.name for column in table.columns if not column.nullable} <= set(given)
        assert set(given[1:]) <= {column.name for column in table.columns}


def test_topics_keep_what_the_rules_and_the_law_need() -> None:
    pipeline = sql.load_pipeline()
    days = {table.name: table.retention.days for table in pipeline.tables}
    longest = max(statement.look_back.days for statement in pipeline.statements)
    assert days.pop("sentinel.transactions_raw") >= longest + 7
    assert all(kept >= 5 * 365 + 1 for kept in days.values())  # 31 CFR 1010.430: five years
