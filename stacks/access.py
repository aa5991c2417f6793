"""Who may do what: service accounts, their roles and API keys, and a Provider for each scope of keys."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import pulumi
import pulumi_confluentcloud as confluent

from stacks import scopes
from stacks.keys import Keys
from stacks.platform import Platform
from stacks.roles import Role, bind, exactly_once, reads, writes

UNDECODABLE = "sentinel.undecodable"
"""The platform's own error table, which the deployer's ALTER TABLE makes and the runner's jobs write."""


@dataclass(frozen=True, kw_only=True)
class AccessArgs:
    """The tables that each account reads and writes, and the generations of the keys."""

    display_name: str
    """Service accounts are named by it, which is unique in the organization."""
    platform: Platform
    cloud_provider: confluent.Provider
    runner_reads: Sequence[str]
    runner_writes: Sequence[str]
    producer_reads: Sequence[str]
    producer_writes: Sequence[str]
    analyst_reads: Sequence[str]
    analyst_writes: Sequence[str]
    key_generation: int = 1
    """A higher one makes new keys, hands them to the Providers, and deletes the old ones last."""
    retiring_key_generation: int = 0
    """A generation whose producer and analyst keys stay alive; 0 for none."""
    protect: bool = False


@dataclass(frozen=True)
class ClientKeys:
    """What a client of Kafka and the Schema Registry is given."""

    kafka: confluent.ApiKey
    registry: confluent.ApiKey


class Access(pulumi.ComponentResource):
    """
    Four service accounts with the least they need.

        deployer  owns topics and subjects, makes connections, alters tables, submits statements
        runner    the principal of the jobs: reads and writes the tables of the pipeline
        producer  writes transactions and dead letters; reads of transactions which is the newest
        analyst   reads alerts and dispositions, a SAR recommendation is confidential (31 U.S.C. 5318(g)(2)); writes
                  what a person has decided, and nothing else

    A key waits for the roles of its account, and whatever uses a Provider for the key behind it.
    """

    kafka: confluent.Provider
    registry: confluent.Provider
    flink_deployer: confluent.Provider
    flink_runner: confluent.Provider
    flink_key: confluent.ApiKey
    producer: ClientKeys
    analyst: ClientKeys
    runner_id: pulumi.Output[str]

    def __init__(self, name: str, args: AccessArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("sentinel:stacks:Access", name, None, opts)
        self._name, self._args = name, args
        self._child = pulumi.ResourceOptions(parent=self, provider=args.cloud_provider)
        runner = self._account("runner")
        runs = self._bind("runner", runner, _runner_roles(args))
        self.runner_id = runner.id
        deployer = self._account("deployer")
        # Nothing is submitted in the runner's name before the runner may do what it submits.
        owns = [*runs, *self._bind("deployer", deployer, _deployer_roles(runner))]
        keys = self._keys("deployer", deployer, owns)
        self.flink_key = keys.flink(args.key_generation)
        mine = pulumi.ResourceOptions(parent=self)
        self.kafka = scopes.kafka(name, args.platform, keys.kafka(args.key_generation), mine)
        self.registry = scopes.registry(name, args.platform, keys.registry(args.key_generation), mine)
        self.flink_deployer = scopes.flink(f"{name}-deployer", args.platform, self.flink_key, deployer, mine)
        self.flink_runner = scopes.flink(f"{name}-runner", args.platform, self.flink_key, runner, mine)
        self.producer = self._client("producer", _producer_roles(args))
        self.analyst = self._client("analyst", _analyst_roles(args))
        self.register_outputs({"runnerId": self.runner_id})

    def _account(self, role: str) -> confluent.ServiceAccount:
        protected = pulumi.ResourceOptions(protect=self._args.protect)
        return confluent.ServiceAccount(
            f"{self._name}-{role}",
            display_name=f"{self._args.display_name}-{role}",
            opts=pulumi.ResourceOptions.merge(self._child, protected),
        )

    def _bind(self, role: str, account: confluent.ServiceAccount, roles: Iterator[Role]) -> list[confluent.RoleBinding]:
        return bind(f"{self._name}-{role}", account, roles, self._args.platform, self._child)

    def _keys(self, role: str, account: confluent.ServiceAccount, after: Sequence[confluent.RoleBinding]) -> Keys:
        return Keys(
            account=account,
            name=f"{self._name}-{role}",
            display_name=f"{self._args.display_name}-{role}",
            platform=self._args.platform,
            opts=pulumi.ResourceOptions.merge(self._child, pulumi.ResourceOptions(depends_on=list(after))),
        )

    def _client(self, role: str, roles: Iterator[Role]) -> ClientKeys:
        """The keys of a client, and beside them those of the retiring generation, which nothing else refers to."""
        account, args = self._account(role), self._args
        keys = self._keys(role, account, self._bind(role, account, roles))
        if args.retiring_key_generation:
            keys.kafka(args.retiring_key_generation)
            keys.registry(args.retiring_key_generation)
        return ClientKeys(keys.kafka(args.key_generation), keys.registry(args.key_generation))


def _runner_roles(args: AccessArgs) -> Iterator[Role]:
    yield Role("FlinkDeveloper", "environment")
    yield from exactly_once()
    yield from reads(args.runner_reads)
    yield from writes([*args.runner_writes, UNDECODABLE])


def _deployer_roles(runner: confluent.ServiceAccount) -> Iterator[Role]:
    yield Role("Assigner", "organization", "service-account=", runner.id)
    yield Role("FlinkAdmin", "environment")
    yield from exactly_once()
    yield Role("ResourceOwner", "kafka", "topic=sentinel.*")
    yield Role("ResourceOwner", "registry", "subject=sentinel.*")


def _producer_roles(args: AccessArgs) -> Iterator[Role]:
    yield from reads(args.producer_reads)
    yield from writes(args.producer_writes)


def _analyst_roles(args: AccessArgs) -> Iterator[Role]:
    yield from reads(args.analyst_reads)
    yield from writes(args.analyst_writes)
    yield Role("DeveloperRead", "kafka", "group=sentinel*")
