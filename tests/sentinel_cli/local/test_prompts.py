"""The examples beside the prompts are what the SQL renders, byte for byte, on both engines, and their answers parse."""

import json
import re
from pathlib import Path

import pytest

import sql
from sentinel_cli.flink.referee import Answers, Referee
from sentinel_cli.flink.tables import flink_table
from sentinel_cli.local._run import Managed
from sentinel_cli.local.engine import Engine
from sentinel_cli.local.explainer import explain
from sentinel_cli.local.prompts import rendered_prompts
from sentinel_cli.local.triager import triage
from sql.topics import ALERTS, ENRICHED
from tests.cases import Case, all_cases

PROMPTS = Path(sql.__file__).parent / "ai" / "prompts"
ALERT = json.loads((PROMPTS / "alert.example.json").read_text(encoding="utf-8"))
DISPOSITIONS = "sentinel.alert_dispositions"
PIPELINE = sql.load_pipeline()


def example(name: str) -> tuple[str, str]:
    """Input and answer of an example."""
    text = (PROMPTS / f"{name}.example.txt").read_text(encoding="utf-8")
    given, _, answer = text.removeprefix("=== input\n").partition("\n=== answer\n")
    return given, answer.removesuffix("\n")


SUMMARY, DECISION = example("enrichment")[1], example("triage")[1]
MANAGED: dict[str, Managed] = {
    "ML_PREDICT": lambda asked: [[(SUMMARY,)] for _ in asked],
    "AI_RUN_AGENT": lambda asked: [[("SUCCESS", DECISION)] for _ in asked],
}


def test_the_embedded_engine_renders_the_examples() -> None:
    (found,) = rendered_prompts(PIPELINE, [ALERT], MANAGED)
    assert (found.enrichment, found.triage) == (example("enrichment")[0], example("triage")[0])


def test_flink_renders_the_examples(flink: Referee) -> None:
    asked = []
    enriched = {**ALERT, "summary": SUMMARY, "model": "m", "prompt_version": "v", "status": "OK"}
    for name, source, row in (("enrichment", ALERTS, ALERT), ("triage", ENRICHED, enriched)):
        statement = PIPELINE.statement(name)
        tables = [flink_table(PIPELINE.table(table), None) for table in (source, statement.writes)]
        functions = {"ML_PREDICT": Answers({}, [[SUMMARY]]), "AI_RUN_AGENT": Answers({}, [["SUCCESS", DECISION]])}
        outcome = flink.run(tables, [statement.sql], {source: [{**row, "key": "k", "$rowtime": 0}]}, functions)
        asked += [arguments[1] for _, arguments in outcome.calls]
    assert asked == [example("enrichment")[0], example("triage")[0]]


def test_the_platform_renders_them_by_the_same_text() -> None:
    """The statements differ in the names of model and agent, and in nothing else."""
    deployed = sql.load_pipeline(provider="azureopenai")
    for name in ("enrichment", "triage"):
        texts = [re.sub(r"sentinel_(llm|triage_agent)_\w+", r"\1", p.statement(name).sql) for p in (PIPELINE, deployed)]
        assert texts[0] == texts[1]


def test_the_agent_is_told_the_prompt_of_the_file() -> None:
    text = (PROMPTS / "triage.txt").read_text(encoding="utf-8").replace("'", "''")
    assert f"USING PROMPT '{text}'" in sql.load_pipeline(provider="bedrock").statement("agent").sql


def test_the_answer_of_the_enrichment_is_short_and_holds_no_figure_of_its_own() -> None:
    given, answer = example("enrichment")
    assert len(answer.split()) <= 120
    assert [figure for figure in re.findall(r"\d[\d.:-]*\d|\d|E\d+", answer) if figure not in given] == []


def test_the_answer_of_the_triage_parses_and_stands() -> None:
    with Engine(PIPELINE, managed=MANAGED) as engine:
        engine.append(ALERTS, [ALERT])
        engine.decide()
        (row,) = engine.rows(DISPOSITIONS)
    said = json.loads(DECISION)
    assert (row["agent_status"], row["guard"], row["decision"]) == ("OK", None, said["decision"])
    assert (row["priority"], row["sar_recommended"], row["rationale"]) == (
        said["priority"],
        said["sar_recommended"],
        said["rationale"],
    )


def test_each_alert_has_its_prompts_in_order_and_a_repeated_one_has_them_once() -> None:
    alerts = [{**ALERT, "alert_id": name, "transaction_count": n} for n, name in enumerate("bacb")]
    found = rendered_prompts(PIPELINE, alerts)
    assert [prompts.alert_id for prompts in found] == ["b", "a", "c"]
    assert ["Transactions: " + str(n) + ";" in prompts.enrichment for n, prompts in enumerate(found)] == [True] * 3


@pytest.mark.parametrize("case", [case for case in all_cases() if case.alerts], ids=str)
def test_the_stand_ins_follow_every_alert_of_every_rule(case: Case) -> None:
    alerts = [{**alert, "rule_version": "", "detail": json.dumps(alert["detail"])} for alert in case.alerts]
    for prompts in rendered_prompts(PIPELINE, alerts):
        assert "E1 " in prompts.triage
        summary = explain(prompts.enrichment)
        assert 0 < len(summary.split()) <= 120
        status, answer = triage(prompts.triage)
        assert (status, json.loads(answer)["decision"] in {"ESCALATE", "REVIEW"}) == ("SUCCESS", True)
