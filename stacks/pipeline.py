"""Everything under `sql/`, deployed: topics, the model's connection, and statements in the order of their graph."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import pulumi

import sql
from sql.topics import RAW
from stacks.access import Access
from stacks.llm_connection import LlmConnection, LlmConnectionArgs
from stacks.platform import Platform
from stacks.settings import Settings
from stacks.statement import JOB, Statement, StatementArgs
from stacks.topic import Topic, TopicArgs

SET = "detection"
"""The one statement that stands for all jobs over transactions, where a stack asks for a set."""


@dataclass(frozen=True, kw_only=True)
class PipelineArgs:
    """The rendered pipeline, how the stack wants it, and where it runs."""

    pipeline: sql.Pipeline
    settings: Settings
    platform: Platform
    access: Access
    llm_secrets: dict[str, pulumi.Output[str]]
    """By argument of LlmConnectionArgs, such as `api_key`."""


class Pipeline(pulumi.ComponentResource):
    """
    All topics, then the connection, then each statement after those that write what it reads.

    Pulumi destroys in the reverse, so no topic goes while a job reads it.
    """

    topics: dict[str, Topic]
    statements: dict[str, Statement]
    kinds: dict[str, str]
    """The kind of each statement by its name."""

    def __init__(self, name: str, args: PipelineArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("sentinel:stacks:Pipeline", name, None, opts)
        self._name, self._args = name, args
        self._child = pulumi.ResourceOptions(parent=self)
        self.topics = {table.name: self._topic(table) for table in args.pipeline.tables}
        self._connection = self._connect()
        self._made: dict[str, list[Statement]] = {}
        """Statements by what they write: a table, a model or an agent."""
        self.statements, self.kinds = {}, {}
        for each in _deployed(args.pipeline, args.settings):
            statement_args = self._statement_args(each)
            statement = self._statement(statement_args)
            self.statements[statement_args.statement_name] = statement
            self.kinds[statement_args.statement_name] = statement_args.kind
            for written in statement_args.writes:
                self._made.setdefault(written, []).append(statement)
        look_back = max(statement.look_back for statement in args.pipeline.statements)
        # What the policies judge a stack by: they see a component's outputs, and not the stack's configuration.
        outputs = {"production": args.settings.production, "lookBackSeconds": int(look_back.total_seconds())}
        self.register_outputs({"statements": self.kinds, **outputs})

    def _topic(self, table: sql.Table) -> Topic:
        settings, platform, access = self._args.settings, self._args.platform, self._args.access
        args = TopicArgs(
            topic=table.name,
            schema=table.schema_text,
            partitions=settings.partitions_of(table),
            retention=settings.retention_of(table),
            cluster_id=platform.cluster_id,
            rest_endpoint=platform.kafka_rest_endpoint,
            kafka=access.kafka,
            registry=access.registry,
            protect=settings.protect,
        )
        return Topic(f"{self._name}-{table.folder.name}", args, self._child)

    def _connect(self) -> LlmConnection:
        platform = self._args.platform
        args = LlmConnectionArgs(
            llm=self._args.settings.llm,
            flink_region=self._args.settings.flink_region,
            organization_id=platform.organization_id,
            environment_id=platform.environment_id,
            rest_endpoint=platform.flink_rest_endpoint,
            flink=self._args.access.flink_deployer,
            **self._args.llm_secrets,
        )
        return LlmConnection(f"{self._name}-llm", args, self._child)

    def _statement(self, args: StatementArgs) -> Statement:
        before: list[pulumi.Resource] = [
            self.topics[name] for name in self.topics if name in {*args.reads, *args.writes}
        ]
        before += [statement for read in args.reads for statement in self._made.get(read, ())]
        if args.kind == "model":
            before.append(self._connection)
        opts = pulumi.ResourceOptions.merge(self._child, pulumi.ResourceOptions(depends_on=before))
        return Statement(f"{self._name}-{args.statement_name}", args, opts)

    def _statement_args(self, members: Sequence[sql.Statement]) -> StatementArgs:
        """The arguments of one statement, or of several as one statement set."""
        first, platform, access = members[0], self._args.platform, self._args.access
        is_job = first.kind == JOB
        starts_at = self._args.settings.starts_at
        return StatementArgs(
            statement_name=first.name if len(members) == 1 else SET,
            kind=first.kind,
            sql=first.sql if len(members) == 1 else _set(members),
            reads=frozenset().union(*(member.reads for member in members)),
            writes=frozenset(member.writes for member in members),
            look_back=max(member.look_back for member in members),
            has_history=any(member.has_history for member in members),
            starts_at=_earliest([starts_at.get(member.name) for member in members]),
            reads_from=_earliest([member.reads_from for member in members]),
            state_ttl=self._state_ttl(members),
            organization_id=platform.organization_id,
            environment_id=platform.environment_id,
            cluster_id=platform.cluster_id,
            rest_endpoint=platform.flink_rest_endpoint,
            flink=access.flink_runner if is_job else access.flink_deployer,
            stopped=self._args.settings.stopped,
            replacement_trigger=pulumi.Output.concat(platform.pool_id, "/", access.runner_id) if is_job else None,
        )

    def _state_ttl(self, members: Sequence[sql.Statement]) -> timedelta | None:
        """As long as what is read can come again, all of it, when whatever writes it is replaced: what is kept."""
        read = {name for member in members if member.keeps_first for name in member.reads}
        kept = [self._args.settings.retention_of(table) for table in self._args.pipeline.tables if table.name in read]
        return max(kept, default=None)


def _earliest(instants: Sequence[datetime | None]) -> datetime | None:
    """The earliest of the instants; None, which is the beginning, where one of them is."""
    known = [instant for instant in instants if instant is not None]
    return min(known) if len(known) == len(instants) else None


def _deployed(pipeline: sql.Pipeline, settings: Settings) -> list[tuple[sql.Statement, ...]]:
    """What is submitted, in order: every statement by itself, or those over transactions as one set."""
    statements = [_with_options(statement, pipeline) for statement in pipeline.statements]
    if settings.statements == "single":
        return [(statement,) for statement in statements]
    members = tuple(s for s in statements if s.kind == JOB and RAW in s.reads)
    others = [(s,) for s in statements if s not in members]
    first = next(i for i, s in enumerate(statements) if s in members)
    return [*others[:first], members, *others[first:]]


def _with_options(statement: sql.Statement, pipeline: sql.Pipeline) -> sql.Statement:
    """
    A job's text headed by a hash of the watermarks and options of the tables that it reads.

    A running job keeps those that it started with: a changed one has to change the text, and so replace the job.
    """
    if statement.kind != JOB:
        return statement
    altered = [s.sql for s in pipeline.statements if s.kind in {"watermark", "options"} and s.writes in statement.reads]
    if not altered:
        return statement
    digest = hashlib.sha256("\n".join(altered).encode()).hexdigest()[:8]
    return replace(statement, sql=f"-- Watermark and options of what it reads: {digest}\n{statement.sql}")


def _set(members: Sequence[sql.Statement]) -> str:
    return "\n".join(["EXECUTE STATEMENT SET", "BEGIN", *(f"{member.sql.rstrip()};" for member in members), "END"])
