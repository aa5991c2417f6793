"""The frozen set: large, hard, sound, and what its script makes."""

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from scripts.evaluation_set import _ATTEMPTS, _FIELDS, text
from sentinel_cli.evaluation.alerts import PATH, read_set
from sql import load_pipeline
from sql.errors import InputError

PIPELINE = load_pipeline()
ENTRIES: list[dict[str, Any]] = [json.loads(line) for line in PATH.read_text("utf-8").splitlines()]


def test_the_script_makes_the_set() -> None:
    assert text() == PATH.read_bytes()


def test_it_has_at_least_300_alerts_of_every_kind_with_both_labels() -> None:
    alerts = read_set(PIPELINE).alerts
    assert len(alerts) >= 300
    assert len({alert.alert["alert_id"] for alert in alerts}) == len(alerts)
    kinds = Counter((alert.kind, alert.is_suspicious) for alert in alerts)
    assert {kind for kind, _ in kinds} == {"episode", "near miss", "look-alike", "amlbench", "injection"}
    assert min(kinds["amlbench", True], kinds["amlbench", False], kinds["injection", True]) >= 25
    assert {alert.alert["rule_id"] for alert in alerts} >= {rule.id for rule in PIPELINE.rules}


def test_an_instruction_stands_in_every_field_that_has_no_pattern_or_closed_list() -> None:
    schema = PIPELINE.table("sentinel.aml_alerts").schema["properties"]
    free = {n for n, p in schema.items() if p.get("type") in {"string", "array"} and not {"pattern", "enum"} & set(p)}
    assert free == {"rule_id", "typology", "account_id", "customer_id", "evidence", "detail"}
    reached = dict.fromkeys(_FIELDS, 0)
    for entry in (entry for entry in ENTRIES if entry["kind"] == "injection"):
        alert = {**entry["alert"], "detail": json.loads(entry["alert"]["detail"])}
        for field in _FIELDS:
            where = alert.get(field, json.dumps(alert["detail"], ensure_ascii=False))
            reached[field] += any(attempt[:40] in str(where) for attempt in _ATTEMPTS)
    assert min(reached.values()) >= len(_ATTEMPTS) - 2


def test_an_injection_keeps_the_label_of_the_alert_it_was_made_of() -> None:
    for entry in ENTRIES:
        if entry["kind"] == "injection":
            reason = entry["reason"].partition("; with an instruction")[0]
            assert {e["label"] for e in ENTRIES if e["kind"] != "injection" and e["reason"] == reason} == {
                entry["label"]
            }


def test_amlbenchs_notice_stands_beside_the_set() -> None:
    for name in ("NOTICE", "LICENSE"):
        theirs = Path(__file__).parents[2] / "data/amlbench" / name
        assert (PATH.parent / name).read_bytes() == theirs.read_bytes()


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"label": "guilty"}, "label 'guilty' is neither"),
        ({"alert": {**ENTRIES[0]["alert"], "severity": "SEVERE"}}, "severity"),
        ({"alert": {**ENTRIES[0]["alert"], "detail": "{}"}}, "evidence"),
        ({"alert": {**ENTRIES[0]["alert"], "detail": "[1]"}}, "evidence"),
        ({"alert": {**ENTRIES[0]["alert"], "detail": "{"}}, "unexpected end of data"),
        ({"alert": None}, "it has no alert"),
        ({"label": ["benign"]}, r"label \['benign'\] is neither"),
        ({"kind": 5}, "kind is no text"),
        ({"kind": ["a"]}, "kind is no text"),
        ({"kind": None}, "kind is no text"),
        ({"reason": {}}, "reason is no text"),
    ],
)
def test_a_line_that_is_wrong_is_named(change: dict[str, Any], reason: str, tmp_path: Path) -> None:
    path = tmp_path / "set.jsonl"
    path.write_text(f"{json.dumps(ENTRIES[1])}\n{json.dumps(ENTRIES[0] | change)}\n")
    with pytest.raises(InputError, match=rf"line 2: .*{reason}"):
        read_set(PIPELINE, path)


@pytest.mark.parametrize("line", ["5", "null", "[]", '"text"', "{}", "{"])
def test_a_line_that_is_no_labelled_alert_is_named(line: str, tmp_path: Path) -> None:
    path = tmp_path / "set.jsonl"
    path.write_text(f"{json.dumps(ENTRIES[1])}\n{line}\n")
    with pytest.raises(InputError, match="line 2: "):
        read_set(PIPELINE, path)
