"""Scores by account, by episode and by rule; labels read from the files people have."""

import gzip
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sentinel_cli.generator import Mode, generate
from sentinel_cli.scoring import Count, Label, matches, missed, read_labels, score, score_rules
from sql.errors import InputError


def alert(
    account: str, start: Any, end: Any, typology: str = "structuring", rule: str = "structuring"
) -> dict[str, Any]:
    return {"rule_id": rule, "typology": typology, "account_id": account, "window_start": start, "window_end": end}


def test_accounts_are_counted_once_however_often_they_are_labelled_or_alerted() -> None:
    labels = [Label("A", "structuring"), Label("A", "structuring"), Label("B", "structuring")]
    (found,) = score(labels, [alert("A", 1, 2), alert("A", 5, 6), alert("C", 1, 2)])
    assert found.accounts == Count(labelled=2, found=1, alerted=2, right=1)
    assert (found.accounts.precision, found.accounts.recall) == (0.5, 0.5)
    assert found.episodes is None


def test_an_episode_is_found_by_an_alert_that_touches_it() -> None:
    labels = [Label("A", "structuring", 100, 200), Label("A", "structuring", 500, 600)]
    before, touching_start, touching_end = alert("A", 0, 99), alert("A", 0, 100), alert("A", 200, 300)
    assert missed(labels, [before]) == labels
    assert missed(labels, [touching_start]) == labels[1:]
    assert missed(labels, [touching_end]) == labels[1:]
    (found,) = score(labels, [before, touching_start, touching_end])
    assert found.episodes == Count(labelled=2, found=1, alerted=3, right=2)


def test_another_typology_or_account_finds_nothing() -> None:
    label = Label("A", "structuring", 100, 200)
    alerts = [alert("B", 100, 200), alert("A", 100, 200, "velocity", "velocity")]
    assert missed([label], alerts) == [label]
    structuring, velocity = score([label], alerts)
    assert (structuring.typology, structuring.accounts) == ("structuring", Count(1, 0, 1, 0))
    assert (velocity.typology, velocity.accounts) == ("velocity", Count(0, 0, 1, 0))


def test_undefined_ratios_are_none() -> None:
    (silent,) = score([Label("A", "structuring", 1, 2)], [])
    assert (silent.accounts.precision, silent.accounts.recall) == (None, 0.0)
    (unlabelled,) = score([], [alert("A", 1, 2)])
    assert (unlabelled.accounts.precision, unlabelled.accounts.recall) == (0.0, None)
    assert score([], []) == []


def test_alert_times_may_be_datetimes() -> None:
    one = alert("A", datetime(1970, 1, 1, 0, 0, 0, 50_000), datetime(1970, 1, 1, 0, 0, 0, 100_000, tzinfo=UTC))
    label = Label("A", "structuring", 100, 200)
    assert matches([label], [one]) == [(label, [one])]


def test_a_rule_is_scored_against_the_labels_that_name_it() -> None:
    labels = [
        Label("A", "structuring", 0, 9, ("structuring", "structuring_rolling")),
        Label("B", "structuring", 0, 9, ("structuring_rolling",)),
    ]
    alerts = [alert("A", 0, 9), alert("A", 0, 9, rule="structuring_rolling"), alert("B", 0, 9)]
    tumbling, rolling = score_rules(labels, alerts)
    assert (tumbling.rule_id, tumbling.episodes) == ("structuring", Count(1, 1, 2, 1))
    assert (rolling.rule_id, rolling.episodes) == ("structuring_rolling", Count(2, 1, 1, 1))
    assert score_rules([Label("A", "structuring")], alerts) == []


spans = st.tuples(st.integers(0, 50), st.integers(0, 20)).map(lambda span: (span[0], sum(span)))
accounts = st.sampled_from("ABC")
typologies = st.sampled_from(["structuring", "velocity"])


@given(
    st.lists(st.builds(lambda a, t, s: Label(a, t, *s), accounts, typologies, spans)),
    st.lists(st.builds(lambda a, t, s: alert(a, s[0], s[1], t), accounts, typologies, spans)),
)
def test_scores_agree_with_the_definition_pair_by_pair(labels: list[Label], alerts: list[dict[str, Any]]) -> None:
    def meet(x: Label, y: dict[str, Any]) -> bool:
        instants = set(range(x.start or 0, (x.end or 0) + 1)) & set(range(y["window_start"], y["window_end"] + 1))
        return (x.account_id, x.typology) == (y["account_id"], y["typology"]) and bool(instants)

    assert missed(labels, alerts) == [x for x in labels if not any(meet(x, y) for y in alerts)]
    for found in score(labels, alerts):
        there = [x for x in labels if x.typology == found.typology]
        alerted = [y for y in alerts if y["typology"] == found.typology]
        right = sum(any(meet(x, y) for x in there) for y in alerted)
        hit = sum(any(meet(x, y) for y in alerted) for x in there)
        assert found.episodes == Count(len(there), hit, len(alerted), right)


def test_the_generator_s_labels_are_read_back(tmp_path: Path) -> None:
    labels = generate(200, 20, Mode.mixed, 0).labels
    path = tmp_path / "labels.jsonl.gz"
    path.write_bytes(gzip.compress("\n".join(json.dumps(vars(label)) for label in labels).encode()))
    assert tuple(read_labels(path)) == labels


@pytest.mark.parametrize("suffix", ["csv", "csv.gz"])
def test_csv_has_iso_times_or_epochs_and_may_have_neither(tmp_path: Path, suffix: str) -> None:
    text = """typology,note,account_id,start,end,rules
structuring,"two
lines",A,2025-01-06T00:00:00Z,2025-01-06T01:00:00+01:00,structuring structuring_rolling
velocity,,B,1736121600000,2025-01-06,
velocity,,C,,,
"""
    path = tmp_path / f"labels.{suffix}"
    path.write_bytes(gzip.compress(text.encode()) if suffix.endswith("gz") else text.encode())
    midnight = 1_736_121_600_000
    assert read_labels(path) == [
        Label("A", "structuring", midnight, midnight, ("structuring", "structuring_rolling")),
        Label("B", "velocity", midnight, midnight),
        Label("C", "velocity"),
    ]


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("a.csv", "account,typology\nA,x\n", "line 1: column account_id is missing"),
        ("a.csv", "", "column account_id and column typology is missing"),
        ("a.csv", "account_id,typology\nA,x\nB,\n", "line 3: typology is missing"),
        ("a.jsonl", '{"account_id": "A", "typology": "x"}\n{"account_id": "A"}\n', "line 2: typology is missing"),
        ("a.jsonl", '{"account_id": "A", "typology": "x"}\n\n{"account_id"\n', "line 3: it is not JSON"),
        ("a.jsonl", "[" * 100_000, "line 1: it is not JSON"),
        ("a.jsonl", "[1]\n", "line 1: it is not a JSON object"),
        ("a.jsonl", '{"account_id": {}, "typology": "x"}', "account_id {} is no name"),
        ("a.jsonl", '{"account_id": "A", "typology": "x", "start": 5}', "only one of start and end"),
        ("a.jsonl", '{"account_id": "A", "typology": "x", "start": 5, "end": 4}', "start is after end"),
        ("a.jsonl", '{"account_id": "A", "typology": "x", "start": 1.5, "end": 4}', "start 1.5 is neither"),
        ("a.jsonl", '{"account_id": "A", "typology": "x", "start": "soon", "end": 4}', "start 'soon' is neither"),
        ("a.jsonl", '{"account_id": "A", "typology": "x", "rules": 4}', "rules 4 is no list"),
        ("a.jsonl.gz", '{"account_id": "A", "typology": "x"}', "cannot be read"),
        ("a.csv", b"account_id,typology\n\xff,x\n", "cannot be read"),
        ("a.jsonl.gz", gzip.compress(b"{}" * 999, mtime=0)[:-9], "cannot be read"),
    ],
)
def test_what_is_wrong_with_a_file_is_said_in_a_sentence(
    tmp_path: Path, name: str, content: str | bytes, said: str
) -> None:
    path = tmp_path / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(InputError) as refused:
        read_labels(path)
    assert str(path) in str(refused.value)
    assert said in str(refused.value)


def test_a_missing_file_or_a_folder_is_an_input_error(tmp_path: Path) -> None:
    for path in (tmp_path / "none.jsonl", tmp_path):
        with pytest.raises(InputError, match="cannot be read"):
            read_labels(path)
