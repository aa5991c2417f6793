"""One Flink statement: a table's option, a model, an agent, or a job that runs until it is stopped."""

import hashlib
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

import pulumi
import pulumi_confluentcloud as confluent

JOB = "insert"
"""The kind of statement that runs until it is stopped; all others end by themselves."""


@dataclass(frozen=True, kw_only=True)
class StatementArgs:
    """The SQL, what is known of it, and where it runs."""

    statement_name: str
    """Unique in environment and region; at most 72 characters, without `_` and `.`."""
    kind: str
    """watermark, options, model, agent or insert."""
    sql: str
    reads: Collection[str]
    writes: Collection[str]
    organization_id: pulumi.Input[str]
    environment_id: pulumi.Input[str]
    """The catalog."""
    cluster_id: pulumi.Input[str]
    """The database."""
    rest_endpoint: pulumi.Input[str]
    flink: confluent.Provider
    """Submits it in the name of its principal."""
    look_back: timedelta = timedelta(0)
    has_history: bool = False
    starts_at: datetime | None = None
    """The instant before which it emits nothing."""
    reads_from: datetime | None = None
    """The arrival from which it reads, as its SQL says; None from the beginning."""
    state_ttl: timedelta | None = None
    """How long state is kept that nothing else clears; None for ever."""
    stopped: bool = False
    replacement_trigger: pulumi.Input[object] | None = None
    """A change of it replaces the statement, such as of the principal that its Provider submits for."""


class Statement(pulumi.ComponentResource):
    """
    One Flink statement under a fixed name: a change of text or properties deletes it and submits it anew.

    A stopped job keeps its text, since a new one would run: what has changed waits until it is resumed. Its state, and
    with it the statement, is kept by the service for 30 days.
    """

    statement: confluent.FlinkStatement

    def __init__(self, name: str, args: StatementArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("sentinel:stacks:Statement", name, _props(args), opts)
        is_job = args.kind == JOB
        self.statement = confluent.FlinkStatement(
            f"{name}-statement",
            statement_name=args.statement_name,
            statement=args.sql,
            properties=_properties(args),
            stopped=args.stopped if is_job else None,
            # The provider takes these three from its own settings; a new value still has to replace the statement.
            organization=confluent.FlinkStatementOrganizationArgs(id=args.organization_id),
            environment=confluent.FlinkStatementEnvironmentArgs(id=args.environment_id),
            rest_endpoint=args.rest_endpoint,
            opts=pulumi.ResourceOptions(
                parent=self,
                provider=args.flink,
                delete_before_replace=True,
                replace_on_changes=["properties", "statementName"],
                ignore_changes=["statement", "properties"] if is_job and args.stopped else None,
                replacement_trigger=args.replacement_trigger,
            ),
        )
        self.register_outputs({"statementName": args.statement_name})


def _properties(args: StatementArgs) -> dict[str, pulumi.Input[str]]:
    properties: dict[str, pulumi.Input[str]] = {
        "sql.current-catalog": args.environment_id,
        "sql.current-database": args.cluster_id,
        "sql.local-time-zone": "UTC",
    }
    if args.state_ttl is not None:
        properties["sql.state-ttl"] = f"{-(-args.state_ttl // timedelta(days=1))} d"
    return properties


def _props(args: StatementArgs) -> dict[str, object]:
    """What a reviewer needs to know of it, old and new, without reading SQL."""
    return {
        "kind": args.kind,
        "lookBackSeconds": int(args.look_back.total_seconds()),
        "hasHistory": args.has_history,
        "startsAt": args.starts_at.isoformat() if args.starts_at else "",
        "readsFrom": args.reads_from.isoformat() if args.reads_from else "",
        "reads": sorted(args.reads),
        "writes": sorted(args.writes),
        "stopped": args.kind == JOB and args.stopped,
        "digest": hashlib.sha256(args.sql.encode()).hexdigest()[:8],
    }
