"""What the provider does with a changed input, where Pulumi's own diff is unknown.

The rules are those of provider_rules.json, read from the provider's schema and source. A change of a path is judged in
this order: counts as equal; replaces; accepted under a condition that is met; refused in the middle of the up;
accepted; ignored.
"""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from sentinel_cli.preview.digest import MASKED, UNKNOWN, Step

Inputs = dict[str, Any]
Difference = tuple[str, Any, Any]


class Outcome(StrEnum):
    """What the up will do, the gravest last."""

    nothing = "nothing"
    updated = "updated"
    refused = "refused"
    replaced = "replaced"


@dataclass(frozen=True)
class Change:
    """One input that differs, and what that leads to."""

    path: str
    old: Any
    new: Any
    outcome: Outcome
    why: str = ""


def compare(step: Step) -> list[Change]:
    """The inputs that differ between old and new, each judged; none for a type without rules."""
    rules = _rules().get(step.type)
    if rules is None:
        return []
    forced = set(step.new_state.replace_on_changes if step.new_state else ())
    differing = (each for each in _differing(step.old, step.new) if not _filled_in(rules, each))
    judged = [_judge(rules, forced, step, difference) for difference in differing]
    return [_masked(rules, change) for change in judged if change.outcome != Outcome.nothing]


def outcome(changes: list[Change]) -> Outcome:
    """What becomes of a resource with these changes: a replacement takes whatever an update would refuse."""
    order = list(Outcome)
    return max((change.outcome for change in changes), key=order.index, default=Outcome.nothing)


@cache
def _rules() -> dict[str, Inputs]:
    text = (Path(__file__).parent / "provider_rules.json").read_text(encoding="utf-8")
    return {rules["token"]: rules | {"name": name} for name, rules in json.loads(text)["resources"].items()}


def _differing(old: Any, new: Any, path: str = "") -> Iterator[Difference]:
    if isinstance(old, dict) and isinstance(new, dict):
        for key in sorted((old.keys() | new.keys()) - {"__defaults", "__internal"}):
            yield from _differing(old.get(key), new.get(key), f"{path}.{key}" if path else key)
    elif old != new:
        yield path, old, new


def _filled_in(rules: Inputs, difference: Difference) -> bool:
    """Whether an input that the program leaves out was filled in before, by its default or by the service."""
    path, old, new = difference
    rule = rules["inputs"].get(path, {})
    return new is None and (rule.get("computed", False) or rule.get("default", MASKED) == old)


def _masked(rules: Inputs, change: Change) -> Change:
    """The change without values where the input is a secret, also one that its schema does not call so."""
    rule = rules["inputs"].get(change.path.partition(".")[0], {})
    if not rule.get("secret") and "secret" not in rule.get("note", ""):
        return change
    old, new = (None if value is None else MASKED for value in (change.old, change.new))
    return replace(change, old=old, new=new)


def _judge(rules: Inputs, forced: set[str], step: Step, difference: Difference) -> Change:
    path, old, new = difference
    top, name = path.partition(".")[0], rules["name"]
    if (name, path) in EQUAL and EQUAL[name, path](old) == EQUAL[name, path](new):
        return Change(path, old, new, Outcome.nothing)
    if top in forced or _replaces(rules, path, old, new):
        return Change(path, old, new, Outcome.replaced, "known only in the up" if new == UNKNOWN else "")
    update = rules.get("update", {})
    conditions = update.get("conditional", {})
    if top in conditions and CONDITIONS.get((name, top), _taken_as_met)(step, rules):
        return Change(path, old, new, Outcome.updated)
    refusal = next((refusal for refusal in update.get("refuses", []) if refusal["input"] in (top, path)), None)
    if refusal:
        return Change(path, old, new, Outcome.refused, _text(refusal["reason"]))
    return Change(path, old, new, Outcome.updated)


def _replaces(rules: Inputs, path: str, old: Any, new: Any) -> bool:
    paths = rules["replace_paths"]
    # An object that comes or goes whole takes with it what stands below its path.
    if any(path == p or path.startswith(f"{p}.") or p.startswith(f"{path}.") for p in paths):
        return True
    rule = rules["inputs"].get(path, {})
    numbers = isinstance(old, int | float) and isinstance(new, int | float)
    return rule.get("replace_if") == "decrease" and numbers and new < old


def _text(reason: Any) -> str:
    return str(reason["text"] if isinstance(reason, dict) else reason)


def _taken_as_met(step: Step, rules: Inputs) -> bool:
    del step, rules
    return True


def _resumes(step: Step, rules: Inputs) -> bool:
    del rules
    return step.old.get("stopped") is True and step.new.get("stopped") is False


def _only_editable(step: Step, rules: Inputs) -> bool:
    old, new = step.old.get("config") or {}, step.new.get("config") or {}
    if not isinstance(old, dict) or not isinstance(new, dict):
        return False
    changed = {key for key in old.keys() | new.keys() if old.get(key) != new.get(key)}
    return changed <= set(rules["editable_config"])


_ZONES = {"LOW": "SINGLE_ZONE", "HIGH": "MULTI_ZONE"}
EQUAL: dict[tuple[str, str], Callable[[Any], Any]] = {
    ("ApiKey", "managedResource.apiVersion"): lambda version: str(version).partition("/")[0],
    ("FlinkComputePool", "cloud"): lambda cloud: str(cloud).upper(),
    ("KafkaCluster", "availability"): lambda zones: _ZONES.get(zones, zones),
    ("RoleBinding", "crnPattern"): lambda crn: unquote(str(crn)),
}
"""By resource and path, what two values must share to count as equal: `diff_suppress` of the rules, as code."""
CONDITIONS: dict[tuple[str, str], Callable[[Step, Inputs], bool]] = {
    ("FlinkStatement", "principal"): _resumes,
    ("FlinkStatement", "computePool"): _resumes,
    ("KafkaTopic", "config"): _only_editable,
}
"""By resource and input, when a change is accepted: those of `conditional` that a preview can decide."""
