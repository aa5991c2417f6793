"""Which of the gates a preview meets, and by what."""

import re
from collections.abc import Callable

from sentinel_cli.preview.changes import Action, Preview, Resource
from sentinel_cli.preview.gate import Gate
from sentinel_cli.preview.provider_rules import Change
from sentinel_cli.preview.statements import Statement, new_topics


def refusals(gates: list[Gate], preview: Preview, statements: list[Statement]) -> list[str]:
    """Why the preview does not pass, one sentence for each gate that it meets."""
    met = ((gate, _MET[gate](preview, statements)) for gate in dict.fromkeys(gates))
    return [f"{gate}: {', '.join(names)}." for gate, names in met if names]


def clusters_lost(preview: Preview) -> list[Resource]:
    """Kafka clusters, and environments with all that is in them, that are replaced or deleted."""
    return [r for r in (*preview.of_kind("Environment"), *preview.of_kind("KafkaCluster")) if r.lost]


def topics_lost(preview: Preview) -> list[Resource]:
    """Topics that are replaced or deleted, and all their records with them."""
    return [r for r in preview.of_kind("KafkaTopic") if r.lost]


def protected_lost(preview: Preview) -> list[Resource]:
    """Protected resources that are replaced or deleted, which Pulumi refuses."""
    return [resource for resource in preview.resources if resource.protected and resource.lost]


def unprotected(preview: Preview) -> list[Resource]:
    """Resources that stay and are protected no more, which Pulumi itself shows as unchanged."""
    return [r for r in preview.resources if r.protected and r.step.new_state and not r.step.new_state.protect]


def shortened(preview: Preview) -> list[Resource]:
    """Topics that keep their records for a shorter time: those that are older are deleted."""
    return [r for r in preview.of_kind("KafkaTopic") if not r.lost and any(map(_is_shorter, r.inputs))]


def refused(preview: Preview) -> list[Resource]:
    """Resources whose update the provider refuses in the middle of the up."""
    return [resource for resource in preview.resources if resource.action == Action.refused]


def without_starts_at(preview: Preview, statements: list[Statement]) -> list[Statement]:
    """Jobs that begin anew, from the beginning of what is not new itself."""
    new = new_topics(preview)
    jobs = [s for s in statements if s.job and s.starts_anew and not s.props.starts_at]
    return [s for s in jobs if not s.props.tables or not s.props.tables <= new]


def _is_shorter(change: Change) -> bool:
    old, new = (_milliseconds(value) for value in (change.old, change.new))
    return change.path == "config.retention.ms" and new < old


def _milliseconds(text: object) -> float:
    """A retention; a negative one is for ever, and so counts what is none."""
    found = re.fullmatch(r"[0-9]+", str(text))
    return int(found[0]) if found else float("inf")


def _names(resources: list[Resource]) -> list[str]:
    return [resource.step.name for resource in resources]


_MET: dict[Gate, Callable[[Preview, list[Statement]], list[str]]] = {
    Gate.cluster_replaced: lambda preview, _: _names(clusters_lost(preview)),
    Gate.topic_replaced: lambda preview, _: _names(topics_lost(preview)),
    Gate.protected_deleted: lambda preview, _: _names(protected_lost(preview)),
    Gate.job_deleted: lambda _, statements: [s.name for s in statements if s.job and s.resource.action == "deleted"],
    Gate.job_without_starts_at: lambda preview, statements: [s.name for s in without_starts_at(preview, statements)],
    Gate.update_refused: lambda preview, _: _names(refused(preview)),
}
