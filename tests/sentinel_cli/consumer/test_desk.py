"""A case is made of what the topics have, and the rest by the pipeline's SQL."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from sentinel_cli.consumer import desk as consumer
from sentinel_cli.consumer.desk import Desk
from sentinel_cli.kafka.reading import Row, RowReader
from sentinel_cli.ledger.record import Record, read_record
from sentinel_cli.ledger.store import Ledger
from sql import load_pipeline
from sql.errors import LedgerError
from tests.alerts import alert, disposition, enriched
from tests.cases import TIMES
from tests.sentinel_cli.kafka.test_reading import READER, framed

PIPELINE = load_pipeline()


def row(table: str, record: Row) -> Row:
    return RowReader(PIPELINE.table(f"sentinel.{table}"), READER.registry).row(framed(record))


ALERT = row("aml_alerts", alert(1))
SUMMARY = row("aml_alerts_enriched", enriched(1))
DISPOSITION = row("alert_dispositions", disposition(1))


@pytest.fixture(scope="module")
def ledger(tmp_path_factory: pytest.TempPathFactory) -> Ledger:
    return Ledger(tmp_path_factory.mktemp("data") / "ledger.sqlite").make()


@pytest.fixture(scope="module")
def desk(ledger: Ledger) -> Iterator[Desk]:
    desk = Desk(PIPELINE, ledger)
    yield desk
    desk.close()


def test_what_the_topics_have_is_taken_as_it_is(desk: Desk) -> None:
    (case,) = desk.cases([(ALERT, SUMMARY, DISPOSITION)])
    assert (case["enriched_by"], case["decided_by"]) == ("topic", "topic")
    assert (case["summary"], case["summary_model"], case["summary_status"]) == ("Summary 1.", "a_model", "OK")
    assert (case["rationale"], case["model"], case["decision"]) == ("Rationale 1, see E1.", "an_agent", "ESCALATE")
    assert ALERT.items() <= case.items()


def test_the_rest_is_made_by_the_sql(desk: Desk) -> None:
    other = row("aml_alerts", alert(2, severity="LOW", total_amount=4_278.05))
    first, second = desk.cases([(ALERT, None, None), (other, None, None)])
    assert (first["enriched_by"], first["decided_by"]) == ("local", "local")
    assert "42780.50" in first["summary"]
    assert (first["decision"], second["decision"]) == ("ESCALATE", "DISMISS")
    assert (first["alert_id"], second["alert_id"]) == (ALERT["alert_id"], other["alert_id"])


def test_a_summary_of_the_topic_is_what_is_triaged(desk: Desk) -> None:
    summary = row("aml_alerts_enriched", enriched(3))
    (case,) = desk.cases([(row("aml_alerts", alert(3)), summary, None)])
    assert (case["enriched_by"], case["decided_by"]) == ("topic", "local")
    assert (case["summary"], case["summary_model"]) == ("Summary 3.", "a_model")
    assert case["model"] == "sentinel_triage_agent_local"


def test_a_disposition_of_the_topic_outranks_one_made_here(desk: Desk) -> None:
    given = row("alert_dispositions", disposition(4, decision="DISMISS"))
    (case,) = desk.cases([(row("aml_alerts", alert(4)), None, given)])
    assert (case["enriched_by"], case["decided_by"], case["decision"]) == ("local", "topic", "DISMISS")


DAY = 86_400_000


def episode(number: int, day: int, account: str = "ACC-1") -> tuple[Row, Row]:
    """An alert that a dismissal would suit, and its summary."""
    times = {name: value + day * DAY for name, value in alert(1).items() if name in TIMES}
    changes = {"account_id": account, "severity": "LOW", "total_amount": 20.0, **times}
    return row("aml_alerts", alert(number, **changes)), row("aml_alerts_enriched", enriched(number, **changes))


def guards(cases: list[Row]) -> list[str | None]:
    return [case["guard"] for case in cases]


@pytest.fixture
def dismissing(ledger: Ledger) -> Iterator[Desk]:
    desk = Desk(load_pipeline({"ai.quality_control_percent": "0"}), ledger)
    yield desk
    desk.close()


@pytest.mark.parametrize("has_summary", [True, False])
@pytest.mark.parametrize("is_before", [True, False])
def test_a_repeat_of_what_the_topics_have_decided_is_held(dismissing: Desk, has_summary: bool, is_before: bool) -> None:
    (first, summary), (second, _) = episode(21, 0), episode(22, 2)
    decided = (first, summary if has_summary else None, row("alert_dispositions", disposition(21, decision="DISMISS")))
    if is_before:
        dismissing.cases([decided])
        cases = dismissing.cases([(second, None, None)])
    else:
        cases = dismissing.cases([decided, (second, None, None)])[1:]
    assert guards(cases) == ["REPEAT"]


def test_however_many_the_topics_have_decided_all_are_known(dismissing: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(consumer, "_MANY", 2)
    for number in range(30, 35):
        alerted, summary = episode(number, 0, f"ACC-{number}")
        dismissing.cases([(alerted, summary, row("alert_dispositions", disposition(number)))])
    later = [episode(number + 10, 2, f"ACC-{number}") for number in range(30, 35)]
    assert guards(dismissing.cases([(alerted, None, None) for alerted, _ in later])) == ["REPEAT"] * 5


def test_the_first_of_a_batch_is_the_first_that_arrived(dismissing: Desk) -> None:
    (first, _), (second, summary) = episode(23, 0), episode(24, 2)
    assert guards(dismissing.cases([(first, None, None), (second, summary, None)])) == [None, "REPEAT"]


def test_what_the_pipeline_leaves_out_still_gets_a_case(desk: Desk) -> None:
    (case,) = desk.cases([(row("aml_alerts", alert(6, detected_at=-1)), None, None)])
    assert "decision" not in case


def test_detail_that_is_no_json_still_gets_a_case(desk: Desk) -> None:
    (case,) = desk.cases([(row("aml_alerts", alert(5, detail="{")), None, None)])
    assert case["decision"] in {"ESCALATE", "REVIEW"}


def recorded(ledger: Ledger, alert_id: str) -> list[Record]:
    return [read_record(entry.content) for entry in ledger.entries(alert_id)]


def test_what_is_made_here_is_recorded_and_what_is_taken_is_not(desk: Desk, ledger: Ledger) -> None:
    bare, summarised, decided, half = (row("aml_alerts", alert(n)) for n in (11, 12, 13, 14))
    summaries = [row("aml_alerts_enriched", enriched(n)) for n in (12, 13)]
    given = [row("alert_dispositions", disposition(n)) for n in (13, 14)]
    cases = desk.cases(
        [
            (bare, None, None),
            (summarised, summaries[0], None),
            (decided, summaries[1], given[0]),
            (half, None, given[1]),
        ]
    )
    stages = [[record.stage for record in recorded(ledger, case["alert_id"])] for case in cases]
    assert stages == [["enrichment", "triage"], ["triage"], [], ["enrichment"]]
    summary, triage = recorded(ledger, bare["alert_id"])
    assert (summary.answer, summary.result["summary"]) == (cases[0]["summary"], cases[0]["summary"])
    assert triage.answer == cases[0]["raw_response"]
    assert triage.alert is not None
    assert triage.alert["total_amount"] == "42780.50"


def test_what_cannot_be_recorded_is_not_decided(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "ledger.sqlite").make()
    desk = Desk(PIPELINE, ledger)
    ledger.path.write_bytes(b"gone" * 1000)
    with pytest.raises(LedgerError, match="cannot be written"):
        desk.cases([(row("aml_alerts", alert(1)), None, None)])
    desk.close()
