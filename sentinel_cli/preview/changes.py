"""What the up will do to each resource, once the steps are read with the provider's rules."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from sentinel_cli.preview.digest import Digest, Step
from sentinel_cli.preview.provider_rules import Change, Outcome, compare, outcome

STACK = "pulumi:pulumi:Stack"
COMPONENT = "sentinel:stacks:"
_SHOWN = 160


class Action(StrEnum):
    """What happens to a resource, the gravest first."""

    refused = "refused"
    deleted = "deleted"
    replaced = "replaced"
    updated = "updated"
    created = "created"
    untouched = "untouched"
    same = "same"


# Others are reads, refreshes, and the two halves of a replacement.
_ACTIONS = {
    "create": Action.created,
    "import": Action.created,
    "update": Action.updated,
    "replace": Action.replaced,
    "delete": Action.deleted,
    "same": Action.same,
}
_OUTCOMES = {
    Outcome.nothing: Action.untouched,
    Outcome.updated: Action.updated,
    Outcome.refused: Action.refused,
    Outcome.replaced: Action.replaced,
}


@dataclass(frozen=True)
class Resource:
    """A resource of the cloud and what will happen to it.

    `inputs` are the changed inputs; `unforeseen` says that Pulumi calls it an update without knowing more.
    """

    step: Step
    action: Action
    inputs: tuple[Change, ...]
    unforeseen: bool

    @property
    def kind(self) -> str:
        """The last part of the type token: KafkaTopic, FlinkStatement."""
        return "Provider" if self.step.type.startswith("pulumi:providers:") else self.step.type.rpartition(":")[2]

    @property
    def protected(self) -> bool:
        """Whether Pulumi refuses to delete or replace it."""
        return bool(self.step.old_state and self.step.old_state.protect)

    @property
    def lost(self) -> bool:
        """Whether what it was is gone afterwards."""
        return self.action in (Action.replaced, Action.deleted)


@dataclass(frozen=True)
class Preview:
    """The resources of the cloud, the components by URN, and what the stack put out before."""

    stack: str
    config: dict[str, str]
    resources: list[Resource]
    components: dict[str, Step]
    outputs: dict[str, Any]
    warnings: list[str] = field(default_factory=list)

    def of_kind(self, kind: str) -> list[Resource]:
        """The resources of one type."""
        return [resource for resource in self.resources if resource.kind == kind]

    @property
    def changed(self) -> list[Resource]:
        """Those to which something happens."""
        return [r for r in self.resources if r.action not in (Action.same, Action.untouched)]


def read_changes(digest: Digest) -> Preview:
    """What the steps come to."""
    root = next((step for step in digest.steps if step.type == STACK), None)
    components = {step.urn: step for step in digest.steps if step.type.startswith(COMPONENT)}
    own = [step for step in _planned(digest) if step.type != STACK and not step.type.startswith(COMPONENT)]
    warnings = [
        " ".join(d.message.removeprefix("warning:").split()) for d in digest.diagnostics if d.severity == "warning"
    ]
    return Preview(
        stack=digest.steps[0].urn.split("::")[0].rpartition(":")[2] if digest.steps else "",
        config=digest.config,
        resources=list(_resources(own)),
        components=components,
        outputs=root.old_state.outputs if root and root.old_state else {},
        warnings=list(dict.fromkeys(warnings)),
    )


def _planned(digest: Digest) -> list[Step]:
    """The last step of each resource, what a refresh found being told before; without leftovers of an earlier up."""
    return list({step.urn: step for step in digest.steps if step.op in _ACTIONS and not _left_over(step)}.values())


def _left_over(step: Step) -> bool:
    """Whether it deletes what an earlier up replaced; one that this up replaces is marked the same way."""
    return step.op == "delete" and step.old_state is not None and step.old_state.delete


def _resources(steps: list[Step]) -> Iterator[Resource]:
    for step in steps:
        changes = tuple(compare(step))
        if step.diff_unknown and not step.type.startswith("pulumi:providers:"):
            yield Resource(step, _OUTCOMES[outcome(list(changes))], changes, True)
        else:
            yield Resource(step, _ACTIONS[step.op], changes, False)


def shown(value: Any) -> str:
    """A value of an input, short and in one line; a secret stays `[secret]`."""
    text = "none" if value is None else " ".join(str(value).split())
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 1]}…"
