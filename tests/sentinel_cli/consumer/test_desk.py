"""A case is made of what the topics have, and the rest by the pipeline's SQL."""

from collections.abc import Iterator

import pytest

from sentinel_cli.consumer.desk import Desk
from sentinel_cli.kafka.reading import Row, RowReader
from sql import load_pipeline
from tests.alerts import alert, disposition, enriched
from tests.sentinel_cli.kafka.test_reading import READER, framed

PIPELINE = load_pipeline()


def row(table: str, record: Row) -> Row:
    return RowReader(PIPELINE.table(f"sentinel.{table}"), READER.registry).row(framed(record))


ALERT = row("aml_alerts", alert(1))
SUMMARY = row("aml_alerts_enriched", enriched(1))
DISPOSITION = row("alert_dispositions", disposition(1))


@pytest.fixture(scope="module")
def desk() -> Iterator[Desk]:
    desk = Desk(PIPELINE)
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


def test_detail_that_is_no_json_still_gets_a_case(desk: Desk) -> None:
    (case,) = desk.cases([(row("aml_alerts", alert(5, detail="{")), None, None)])
    assert case["decision"] in {"ESCALATE", "REVIEW"}
