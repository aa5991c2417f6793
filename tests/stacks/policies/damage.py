"""Ways of making a stack wrong, each with a sentence that says what was done to the program as it is."""

from collections.abc import Callable
from typing import Any

from tests.stacks.policies.shown import ShownStack

Damage = Callable[[ShownStack], None]
_DAY = 86_400_000


def _text(name: str, old: str, new: str) -> Damage:
    """Another text in a statement."""

    def damage(stack: ShownStack) -> None:
        statement = stack.resources[f"pipeline-{name}-statement"]
        text = statement.request.properties["statement"]
        assert old in text, f"{name} no longer says {old}"
        statement.set({"statement": text.replace(old, new)})

    return damage


def _whole(name: str, text: str) -> Damage:
    return lambda stack: stack.resources[f"pipeline-{name}-statement"].set({"statement": text})


def _set(name: str, properties: dict[str, Any] | None = None, **options: Any) -> Damage:
    return lambda stack: stack.resources[name].set(properties, **options)


def _config(topic: str, **config: str | None) -> Damage:
    """Another setting of a topic; None takes it away."""

    def damage(stack: ShownStack) -> None:
        resource = stack.resources[f"pipeline-{topic}-topic"]
        given = dict(resource.request.properties["config"]) | {k.replace("_", "."): v for k, v in config.items()}
        resource.set({"config": {key: value for key, value in given.items() if value is not None}})

    return damage


def _property(name: str, key: str, value: str | None) -> Damage:
    def damage(stack: ShownStack) -> None:
        resource = stack.resources[f"pipeline-{name}-statement"]
        given = dict(resource.request.properties["properties"]) | {key: value}
        resource.set({"properties": {key: value for key, value in given.items() if value is not None}})

    return damage


def _default_provider(stack: ShownStack) -> None:
    for each in (
        stack.resources["platform-environment"].request,
        stack.resources["platform-environment"].state,
    ):
        each.provider.name = "default_2_79_0"


def _literal_principal(stack: ShownStack) -> None:
    del stack.resources["access-analyst-DeveloperRead-group-sentinel"].state.propertyDependencies["principal"]


def _forgotten(stack: ShownStack) -> None:
    stack.resources["pipeline"].set({"production": False})
    stack.resources["platform-environment"].set(protect=False)


CASES: dict[str, Damage] = {
    "The prompt of the enrichment names the account.": _text(
        "enrichment", "CONCAT('Typology: '", "CONCAT(account_id, 'Typology: '"
    ),
    "The triage takes the customer's id for evidence, and evidence goes into the prompt.": _text(
        "triage", "THEN JSON_VALUE(detail, '$.evidence')", "THEN customer_id"
    ),
    "The prompt of the triage is the whole row.": _text(
        "triage", "CONCAT('Severity: '", "CONCAT('Row: ', CAST(ROW(*) AS STRING), 'Severity: '"
    ),
    "The prompt of the enrichment is the whole detail.": _text(
        "enrichment", "JSON_VALUE(detail, '$.min_total')", "detail"
    ),
    "The enrichment hands over the evidence beside the prompt.": _text(
        "enrichment", "p.prompt)", "p.prompt, p.evidence)"
    ),
    "The session key of the agent is the account.": _text("triage", "a.prompt, a.alert_id", "a.prompt, a.account_id"),
    "A model is called by a statement that is no INSERT.": _whole(
        "enrichment",
        "CREATE TABLE t AS SELECT r.summary FROM a, LATERAL TABLE(ML_PREDICT('m', a.account_id)) AS r(summary)",
    ),
    "A job's text cannot be parsed.": _whole("geo", "INSERT INTO `sentinel.aml_alerts` SELECT FROM (WHERE"),
    "A rule writes the customer's id into the detail.": _text(
        "geo", "'country_count' VALUE country_count", "'customer' VALUE customer_id"
    ),
    "A rule writes the counterparty into the facts.": _text(
        "velocity", "    fact,\n    CAST", "    event_id AS fact,\n    CAST"
    ),
    "A rule writes the account into the typology.": _text("geo", "'geographic anomaly' AS", "account_id AS"),
    "An INSERT of alerts names no columns.": _whole(
        "geo", "INSERT INTO `sentinel.aml_alerts` SELECT * FROM `sentinel.x`"
    ),
    "A job writes alerts of a rule that has no folder.": _text("geo", "'geo' AS rule_id", "'homemade' AS rule_id"),
    "A job computes the rule that it writes alerts of.": _text("geo", "'geo' AS rule_id", "typology AS rule_id"),
    "The model has its key as an option.": _text(
        "model", "'task' = 'text_generation'", "'task' = 'text_generation', 'azureopenai.api-key' = 'made-up-key'"
    ),
    "A key of AWS stands in a job.": _text("geo", "'HIGH'", "'AKIAMADEUPMADEUP0000'"),
    "A bearer token stands in a job's comment.": _text("geo", "INSERT INTO", "-- Bearer made-up-token\nINSERT INTO"),
    "A statement makes a connection.": _whole(
        "model",
        "CREATE CONNECTION c WITH ('type' = 'openai', 'endpoint' = 'https://made-up.example', 'api-key' = 'made-up')",
    ),
    "A password stands in the text of a URL.": _text("late", "INSERT INTO", "-- jdbc:x://u:made-up@db/a\nINSERT INTO"),
    "A secret of the session is set by property.": _property("geo", "sql.secrets.key", "made-up"),
    "The model has a name of its own.": _text("model", "`sentinel_llm_", "`our_llm_x"),
    "The agent's prompt changed under its old name.": _text("agent", "ESCALATE", "PROMOTE"),
    "The connection's endpoint changed under its old name.": _set(
        "pipeline-llm-connection",
        {"endpoint": "https://elsewhere.example", "restEndpoint": "https://flink.us-east-1.aws.confluent.cloud"},
    ),
    "A statement has no name of its own.": _set("pipeline-geo-statement", {"statementName": None}),
    "A statement is made anew before the old one goes.": _set("pipeline-geo-statement", deleteBeforeReplace=False),
    "A statement has no database.": _property("geo", "sql.current-database", None),
    "A statement reckons in another time zone.": _property("geo", "sql.local-time-zone", "America/New_York"),
    "The environment is made by the default provider.": _default_provider,
    "A statement is protected.": _set("pipeline-geo-statement", protect=True),
    "The connection is protected.": _set("pipeline-llm-connection", protect=True),
    "A key is protected.": _set("access-producer-registry-1", protect=True),
    "The environment of production is not protected.": _set("platform-environment", protect=False),
    "A topic of production is not protected.": _set("pipeline-aml_alerts-topic", protect=False),
    "A schema of production is not protected.": _set("pipeline-aml_alerts-schema", protect=False),
    "An account of production is not protected.": _set("access-runner", protect=False),
    "The cluster of production may be deleted.": _set(
        "platform-aws-us-east-1-standard-cluster", {"deletionProtection": False}
    ),
    "A stack named prod says that it is no production.": _forgotten,
    "Alerts are kept for a year.": _config("aml_alerts", retention_ms=str(365 * _DAY)),
    "Dispositions have no retention of their own.": _config("alert_dispositions", retention_ms=None),
    "Alerts are dropped by size.": _config("aml_alerts", retention_bytes="1000000000"),
    "Dead letters are compacted.": _config("dead_letters", cleanup_policy="compact,delete"),
    "Transactions are kept for a week.": _config("transactions_raw", retention_ms=str(7 * _DAY)),
    "The runner administers the environment.": _set("access-runner-FlinkDeveloper", {"roleName": "EnvironmentAdmin"}),
    "The runner administers Flink.": _set("access-runner-FlinkDeveloper", {"roleName": "FlinkAdmin"}),
    "The runner reads every topic.": _set(
        "access-runner-DeveloperRead-topic-sentinel.aml_alerts",
        {
            "crnPattern": "crn://confluent.cloud/organization=org-1/environment=env-1/cloud-cluster=lkc-1/kafka=lkc-1/topic=*"
        },
    ),
    "The producer writes alerts.": _set(
        "access-producer-DeveloperWrite-topic-sentinel.dead_letters",
        {"crnPattern": "crn://confluent.cloud/organization=org-1/kafka=lkc-1/topic=sentinel.aml_alerts"},
    ),
    "The producer reads alerts.": _set(
        "access-producer-DeveloperRead-topic-sentinel.transactions_raw",
        {"crnPattern": "crn://confluent.cloud/organization=org-1/kafka=lkc-1/topic=sentinel.aml_alerts"},
    ),
    "The analyst writes.": _set("access-analyst-DeveloperRead-group-sentinel", {"roleName": "DeveloperWrite"}),
    "The analyst writes alerts.": _set(
        "access-analyst-DeveloperRead-topic-sentinel.aml_alerts", {"roleName": "DeveloperWrite"}
    ),
    "The analyst owns what it reads.": _set(
        "access-analyst-DeveloperRead-group-sentinel", {"roleName": "ResourceOwner"}
    ),
    "The deployer owns every topic of the cluster.": _set(
        "access-deployer-ResourceOwner-topic-sentinel",
        {"crnPattern": "crn://confluent.cloud/organization=org-1/kafka=lkc-1/topic=*"},
    ),
    "A role goes to a principal that is written out.": _literal_principal,
    "A role goes to an account that is none of the four.": _set(
        "access-analyst", {"displayName": "sentinel-prod-auditor"}
    ),
}
