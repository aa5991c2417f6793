"""What a statement names exists by then, and what it made stays."""

from typing import Any

import pytest

from tests.integration.stand_in.client import RefusedError
from tests.integration.stand_in.platform import ALERTS, INSERT, RAW, Platform

MODEL = (
    "CREATE MODEL IF NOT EXISTS `llm_1` INPUT (`p` STRING) OUTPUT (`r` STRING) WITH ('azureopenai.connection' = 'llm')"
)
AGENT = "CREATE AGENT IF NOT EXISTS `triage_1` USING MODEL `llm_1` USING PROMPT 'Say it''s; `sentinel.nothing`.'"
ASK = f"{INSERT} LEFT JOIN LATERAL TABLE(AI_RUN_AGENT('triage_1', `p`, `id`)) AS r(a, b) ON TRUE"
OPTIONS = (
    f"ALTER TABLE `{RAW}` SET ('error-handling.mode' = 'log', 'error-handling.log.target' = 'sentinel.undecodable')"
)


def refused(aml: Platform, text: str, words: str, **more: Any) -> None:
    with pytest.raises(RefusedError, match=f'status is "FAILED": {words}'):
        aml.statement("wrong", text, **more)
    assert aml.phase("wrong") == "FAILED"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("INSERT INTO `sentinel.nothing` SELECT 1", "Table .*'sentinel.nothing' does not exist"),
        (f"INSERT INTO `{ALERTS}` SELECT * FROM `sentinel.nothing`", "Table .*'sentinel.nothing' does not exist"),
        ("ALTER TABLE `sentinel.nothing` SET ('a' = 'b')", "Table .*'sentinel.nothing' does not exist"),
        (MODEL, "Connection 'llm' does not exist"),
        (AGENT, "Model 'llm_1' does not exist"),
        (ASK, "Agent 'triage_1' does not exist"),
        (f"{INSERT} AS r, LATERAL TABLE(ML_PREDICT('llm_1', `p`))", "Model 'llm_1' does not exist"),
        (f"{INSERT}; {INSERT}", "SQL parse failed"),
        ("SET 'a' = 'b'", "SQL parse failed"),
        (f"EXECUTE STATEMENT SET BEGIN {INSERT}; {OPTIONS}; END;", "SQL parse failed"),
    ],
)
def test_what_a_statement_names_must_exist(aml: Platform, text: str, words: str) -> None:
    refused(aml, text, words)


def test_comments_and_literals_name_nothing(aml: Platform) -> None:
    aml.statement("fine", f"-- of `sentinel.nothing`; all\n{INSERT} WHERE `a` <> '`sentinel.nothing`;'")
    assert aml.phase("fine") == "RUNNING"


def test_a_table_is_a_topic_and_a_schema(aml: Platform) -> None:
    aml.registry.delete(aml.made[f"{RAW}-value"])
    refused(aml, INSERT, f"Table .*'{RAW}' does not exist: it needs a topic and a schema")


def test_catalog_and_database_must_be_named(aml: Platform) -> None:
    refused(aml, INSERT, "sql.current-catalog", properties={"sql.current-database": "another"})


def test_ddl_completes_and_what_it_made_stays(aml: Platform) -> None:
    aml.connection()
    model = aml.statement("model", MODEL, aml.deployer)
    agent = aml.statement("agent", AGENT, aml.deployer)
    assert (aml.phase("model"), aml.phase("agent")) == ("COMPLETED", "COMPLETED")
    aml.deployer.delete(agent)
    aml.deployer.delete(model)
    aml.statement("triage", ASK)
    assert aml.phase("triage") == "RUNNING"


def test_a_set_is_one_job_over_all_that_its_parts_name(aml: Platform) -> None:
    aml.statement("detection", f"EXECUTE STATEMENT SET BEGIN {INSERT}; {INSERT}; END;")
    assert aml.phase("detection") == "RUNNING"
    refused(
        aml, f"EXECUTE STATEMENT SET BEGIN {INSERT}; INSERT INTO `sentinel.b` SELECT 1; END;", "Table .*'sentinel.b'"
    )


def test_altering_a_table_needs_the_right_to_manage_it(aml: Platform) -> None:
    watermark = f"ALTER TABLE `{RAW}` MODIFY WATERMARK FOR `t` AS `t`"
    refused(aml, watermark, ".* lacks .*DeveloperManage")
    aml.statement("watermark", watermark, aml.deployer)
    assert aml.phase("watermark") == "COMPLETED"


def test_the_platform_makes_an_error_table_and_its_readers_must_be_able_to_write_it(aml: Platform) -> None:
    aml.statement("options", OPTIONS, aml.deployer)
    assert any(key.endswith("/sentinel.undecodable") for key in aml.cloud.read()["topics"])
    refused(aml, INSERT, ".* lacks .*DeveloperWrite.* on .*topic=sentinel.undecodable")


@pytest.mark.parametrize("name", ["has_underscore", "Upper", "a" * 73, "a.b"])
def test_a_statement_name_has_a_form(aml: Platform, name: str) -> None:
    with pytest.raises(RefusedError, match=r"400 Bad Request: statement name"):
        aml.statement(name, INSERT)


def test_a_full_pool_leaves_a_statement_pending(aml: Platform) -> None:
    for number in range(5):
        aml.statement(f"job-{number}", INSERT)
    with pytest.raises(RefusedError, match=r"timeout while waiting .*last state: PENDING"):
        aml.statement("job-5", INSERT)
    aml.statement("carried-over", INSERT, properties={"sql.tables.initial-offset-from": "job-0"})


def test_a_ddl_statement_cannot_be_stopped(aml: Platform) -> None:
    ddl = aml.statement("options", OPTIONS, aml.deployer)
    with pytest.raises(RefusedError, match=r"timeout while waiting for state to become STOPPED"):
        aml.deployer.update(ddl, stopped=True)


def test_what_a_running_job_needs_is_missed(aml: Platform) -> None:
    aml.statement("structuring", INSERT)
    aml.kafka.delete(aml.made[RAW])
    assert aml.phase("structuring") == "FAILED"
    assert len(aml.violations()) == 1
    assert f"{RAW} was deleted while statement" in aml.violations()[0]


def test_a_job_misses_its_roles_too(aml: Platform) -> None:
    aml.statement("structuring", INSERT)
    aml.control.delete(aml.made["runner-commit"])
    assert aml.phase("structuring") == "FAILED"


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"apiKey": None}, "apiKey is required for a connection of type AZUREOPENAI"),
        ({"password": "made-up"}, "password can't be used by type AZUREOPENAI"),
        ({"type": "BEDROCK"}, "awsAccessKey, awsSecretKey is required"),
    ],
)
def test_a_connection_has_the_secrets_of_its_type(aml: Platform, given: dict[str, Any], words: str) -> None:
    with pytest.raises(RefusedError, match=f"400 Bad Request: {words}"):
        aml.connection(**given)


def test_an_environment_goes_last_and_a_protected_cluster_stays(aml: Platform) -> None:
    with pytest.raises(RefusedError, match=r"409 Conflict: environment .* still holds lkc-"):
        aml.control.delete(aml.made["env"])
    protected = aml.control.update(aml.made["cluster"], deletionProtection=True)
    with pytest.raises(RefusedError, match=r"has deletion protection"):
        aml.control.delete(protected)
    aml.control.delete(aml.control.update(protected, deletionProtection=False))
    assert [key for key in aml.cloud.read()["topics"] if key.startswith(protected.id)] == []
