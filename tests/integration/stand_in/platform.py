"""A whole platform in the stand-in's cloud, as a careful program would make it, for tests that break one thing."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any

from tests.integration.confluent.cloud import Cloud
from tests.integration.confluent.values import Properties, Secret
from tests.integration.stand_in.client import CLOUD, Client, Made, connect

RAW, ALERTS = "sentinel.transactions_raw", "sentinel.aml_alerts"
INSERT = f"INSERT INTO `{ALERTS}` (`key`) SELECT `key` FROM `{RAW}`"
REGION = "us-east-1"


@dataclass
class Platform:
    """The clients by scope, and what they made by name."""

    cloud: Cloud
    control: Client
    kafka: Client
    registry: Client
    deployer: Client
    runner: Client
    flink: Properties
    """Provider settings of the deployer."""
    made: dict[str, Made] = field(default_factory=dict)

    def statement(self, name: str, text: str, client: Client | None = None, **more: Any) -> Made:
        """A statement in this platform's catalog and database."""
        at = {"sql.current-catalog": self.made["env"].id, "sql.current-database": self.made["cluster"].id}
        properties = {**at, **more.pop("properties", {})}
        given = {"statement": text, "statementName": name, "properties": properties, **more}
        return (client or self.runner).create("FlinkStatement", name, **given)

    def connection(self, name: str = "llm", **more: Any) -> Made:
        """A connection to Azure OpenAI, its key marked as a secret."""
        given = {"type": "AZUREOPENAI", "endpoint": "https://a.example/chat", "apiKey": Secret("made-up-llm-key")}
        return self.deployer.create("FlinkConnection", name, displayName=name, **{**given, **more})

    def violations(self) -> list[str]:
        """What the cloud let pass, though no well-made program does it."""
        found: list[str] = self.cloud.read()["violations"]
        return found

    def phase(self, name: str) -> str:
        """The phase of a statement."""
        statements = self.cloud.read()["statements"].items()
        return next(str(about["phase"]) for key, about in statements if key.endswith(f"/{name}"))


@contextmanager
def platform(cloud: Cloud) -> Iterator[Platform]:
    """Environment, cluster, pool, accounts with their roles, keys, and two topics with their schemas."""
    with ExitStack() as stack:
        control = stack.enter_context(connect(cloud, CLOUD))
        made = _foundation(control)
        region = control.invoke("getFlinkRegion", cloud="AWS", region=REGION)
        registry = control.invoke("getSchemaRegistryCluster", environment={"id": made["env"].id})
        for name, (role, crn) in _bindings(made, registry["resourceName"]).items():
            account = made[name.partition("-")[0]].id
            made[name] = control.create("RoleBinding", name, principal=f"User:{account}", roleName=role, crnPattern=crn)
        keys = {
            "kafka": (made["cluster"].id, "cmk/v2", "Cluster"),
            "registry": (registry["id"], "srcm/v3", "Cluster"),
            "flink": (region["id"], "fcpm/v2", "Region"),
        }
        for name, (key, version, kind) in keys.items():
            made[f"{name}-key"] = control.create(
                "ApiKey",
                f"{name}-key",
                displayName=f"{name}-key",
                owner={"id": made["deployer"].id, "apiVersion": "iam/v2", "kind": "ServiceAccount"},
                managedResource={"id": key, "apiVersion": version, "kind": kind, "environment": {"id": made["env"].id}},
            )
        flink = {
            **_pair(made["flink-key"], "flink"),
            "flinkRestEndpoint": region["restEndpoint"],
            "organizationId": control.invoke("getOrganization")["id"],
            "environmentId": made["env"].id,
            "flinkComputePoolId": made["pool"].id,
        }
        kafka = {"kafkaId": made["cluster"].id, "kafkaRestEndpoint": made["cluster"]["restEndpoint"]}
        schemas = {"schemaRegistryId": registry["id"], "schemaRegistryRestEndpoint": registry["restEndpoint"]}
        found = Platform(
            cloud,
            control,
            stack.enter_context(connect(cloud, kafka | _pair(made["kafka-key"], "kafka"))),
            stack.enter_context(connect(cloud, schemas | _pair(made["registry-key"], "schemaRegistry"))),
            stack.enter_context(connect(cloud, flink | {"flinkPrincipalId": made["deployer"].id})),
            stack.enter_context(connect(cloud, flink | {"flinkPrincipalId": made["runner"].id})),
            flink,
            made,
        )
        _tables(found)
        yield found


def _foundation(control: Client) -> dict[str, Made]:
    at = {"cloud": "AWS", "region": REGION}
    env = control.create("Environment", "env", displayName="aml", streamGovernance={"package": "ADVANCED"})
    home = {"environment": {"id": env.id}}
    return {
        "env": env,
        "cluster": control.create(
            "KafkaCluster", "cluster", displayName="aml", availability="SINGLE_ZONE", standard={}, **at, **home
        ),
        "pool": control.create("FlinkComputePool", "pool", displayName="aml", maxCfu=5, **at, **home),
        "deployer": control.create("ServiceAccount", "deployer", displayName="deployer"),
        "runner": control.create("ServiceAccount", "runner", displayName="runner"),
    }


def _bindings(made: dict[str, Made], registry: str) -> dict[str, tuple[str, str]]:
    env = made["env"]["resourceName"]
    kafka = f"{made['cluster']['rbacCrn']}/kafka={made['cluster'].id}"
    pool = made["pool"]["resourceName"]
    organization = env.partition("/environment=")[0]
    return {
        "deployer-topics": ("ResourceOwner", f"{kafka}/topic=sentinel.*"),
        "deployer-subjects": ("ResourceOwner", f"{registry}/subject=sentinel.*"),
        "deployer-flink": ("FlinkAdmin", env),
        "deployer-assigner": ("Assigner", f"{organization}/service-account={made['runner'].id}"),
        "runner-flink": ("FlinkDeveloper", pool),
        "runner-read": ("DeveloperRead", f"{kafka}/topic={RAW}"),
        "runner-read-subject": ("DeveloperRead", f"{registry}/subject={RAW}-value"),
        "runner-write": ("DeveloperWrite", f"{kafka}/topic={ALERTS}"),
        "runner-write-subject": ("DeveloperRead", f"{registry}/subject={ALERTS}-value"),
        "runner-begin": ("DeveloperRead", f"{kafka}/transactional-id=_confluent-flink_*"),
        "runner-commit": ("DeveloperWrite", f"{kafka}/transactional-id=_confluent-flink_*"),
    }


def _tables(found: Platform) -> None:
    for table in (RAW, ALERTS):
        cluster = {"id": found.made["cluster"].id}
        found.made[table] = found.kafka.create("KafkaTopic", table, topicName=table, kafkaCluster=cluster)
        found.made[f"{table}-value"] = found.registry.create(
            "Schema", f"{table}-value", subjectName=f"{table}-value", format="JSON", schema='{"type": "object"}'
        )


def _pair(key: Made, scope: str) -> Properties:
    return {f"{scope}ApiKey": key.id, f"{scope}ApiSecret": key["secret"]}
