"""What the provider would do about a change: nothing, an update, a replacement, or a refusal."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from tests.integration.confluent import exceptions
from tests.integration.confluent.rules import Rule
from tests.integration.confluent.values import DEFAULTS, UNKNOWN, Properties


@dataclass(frozen=True)
class Difference:
    """The paths of all changed inputs, by what follows from the change."""

    replaces: list[str] = field(default_factory=list)
    updates: list[str] = field(default_factory=list)
    refused: dict[str, tuple[str, str]] = field(default_factory=dict)
    """Stage (`plan` or `update`) and reason by path."""
    delete_first: bool = False

    @property
    def changed(self) -> list[str]:
        return [*self.replaces, *self.updates, *self.refused]

    def refusal(self, stage: str) -> str | None:
        """The first reason to refuse at a stage."""
        found = (f"{path}: {reason}" for path, (at, reason) in self.refused.items() if at == stage)
        return next(found, None)


def diff(rule: Rule, outputs: Properties, old: Properties, new: Properties) -> Difference:
    """
    Judge the change from old inputs to new ones.

    What the program gives is compared with the old outputs, since the service may have filled it in or ignored it; what
    it leaves out, with the old inputs.
    """
    replaces: list[str] = []
    updates: list[str] = []
    refused: dict[str, tuple[str, str]] = {}
    before = {name: outputs.get(name, value) for name, value in old.items()}
    before |= {name: outputs[name] for name in new if name in outputs}
    for path in changes(rule["inputs"], before, new):
        if exceptions.is_same(rule["name"], path, before, new):
            continue
        if _replaces(rule, path, before, new):
            replaces.append(path)
        elif exceptions.is_met(rule, path, before, new):
            updates.append(path)
        elif refusal := _refusal(rule, path):
            refused[path] = refusal
        else:
            updates.append(path)
    given = rule.get("delete_before_replace", {}).get("when_given")
    return Difference(replaces, updates, refused, bool(given) and given not in new.get(DEFAULTS, []))


def changes(fields: Rule, before: Properties, after: Properties, path: str = "") -> Iterator[str]:
    """Dotted paths of the leaves that differ; a map is one leaf."""
    for name, rule in fields.items():
        old, new = before.get(name), after.get(name)
        if new is None and (old is None or rule.get("computed")):
            continue
        if rule["type"] == "object" and UNKNOWN not in (old, new) and (old or new):
            yield from changes(rule["fields"], old or {}, new or {}, f"{path}{name}.")
            if (old is None) != (new is None):
                yield path + name
        elif _clean(old) != _clean(new) or new == UNKNOWN:
            yield path + name


def _clean(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _clean(inner) for name, inner in value.items() if name != DEFAULTS}
    return [_clean(inner) for inner in value] if isinstance(value, list) else value


def _replaces(rule: Rule, path: str, before: Properties, after: Properties) -> bool:
    top = path.partition(".")[0]
    parents = {path[:end] for end in range(len(path)) if path[end] == "."}
    if {path, *parents} & set(rule["replace_paths"]):
        return True
    if rule["inputs"][top].get("replace_if") == "decrease":
        return bool(after.get(top) != UNKNOWN and before.get(top, 0) > after.get(top, 0))
    return False


def _refusal(rule: Rule, path: str) -> tuple[str, str] | None:
    top = path.partition(".")[0]
    for refusal in rule["update"].get("refuses", []):
        if refusal["input"] in {path, top}:
            return refusal["stage"], refusal["reason"]
    return None
