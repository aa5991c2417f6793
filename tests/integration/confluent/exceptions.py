"""Changes that the provider judges by code rather than by schema: `diff_suppress` and `update.conditional`."""

import json
from collections.abc import Callable
from typing import Any
from urllib.parse import unquote

from tests.integration.confluent.rules import Rule
from tests.integration.confluent.values import UNKNOWN, Properties


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text


_ZONES = {"LOW": "SINGLE_ZONE", "HIGH": "MULTI_ZONE"}
_SAME_FORM: dict[tuple[str, str], Callable[[str], Any]] = {
    ("KafkaCluster", "availability"): lambda value: _ZONES.get(value, value),
    ("FlinkComputePool", "cloud"): str.lower,
    ("ApiKey", "managedResource.apiVersion"): lambda value: value.partition("/")[0],
    ("RoleBinding", "crnPattern"): unquote,
    ("Schema", "schema"): _parsed,
}
"""Two values with the same form are equal."""


def is_same(resource: str, path: str, before: Properties, after: Properties) -> bool:
    """Whether two different values count as equal."""
    form = _SAME_FORM.get((resource, path))
    old, new = _at(before, path), _at(after, path)
    if form is None or not isinstance(old, str) or not isinstance(new, str) or UNKNOWN in (old, new):
        return False
    return bool(form(old) == form(new))


def is_met(rule: Rule, path: str, before: Properties, after: Properties) -> bool:
    """Whether the condition under which an input may be updated holds; False for an input without one."""
    top = path.partition(".")[0]
    condition = _CONDITIONS.get((rule["name"], top))
    return condition is not None and condition(rule, before, after)


def _resumes(_: Rule, before: Properties, after: Properties) -> bool:
    return before.get("stopped") is True and after.get("stopped") is False


def _in_place(_: Rule, __: Properties, after: Properties) -> bool:
    return not after.get("recreateOnUpdate")


def _config(rule: Rule, before: Properties, after: Properties) -> bool:
    old, new = before.get("config") or {}, after.get("config") or {}
    changed = {key for key in old | new if old.get(key) != new.get(key)}
    return UNKNOWN in (old, new) or changed <= set(rule["editable_config"])


def _same_kind_or_up(_: Rule, before: Properties, after: Properties) -> bool:
    return "basic" in before or "basic" not in after


def _stays_dedicated(_: Rule, before: Properties, after: Properties) -> bool:
    return ("dedicated" in before) == ("dedicated" in after)


def _always(_: Rule, __: Properties, ___: Properties) -> bool:
    return True


_CONDITIONS: dict[tuple[str, str], Callable[[Rule, Properties, Properties], bool]] = {
    ("FlinkStatement", "principal"): _resumes,
    ("FlinkStatement", "computePool"): _resumes,
    ("FlinkStatement", "propertiesSensitive"): lambda *given: not _resumes(*given),
    ("KafkaTopic", "config"): _config,
    ("KafkaTopic", "partitionsCount"): _always,
    ("KafkaCluster", "basic"): _same_kind_or_up,
    ("KafkaCluster", "dedicated"): _stays_dedicated,
    ("Schema", "schema"): _in_place,
    ("Schema", "schemaReferences"): _in_place,
    ("Schema", "ruleset"): _in_place,
    ("Schema", "metadata"): _in_place,
}


def _at(properties: Properties, path: str) -> Any:
    value: Any = properties
    for name in path.split("."):
        value = value.get(name) if isinstance(value, dict) else None
    return value
