"""The provider's rules, resource by resource."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

_FILE = Path(__file__).parents[3] / "sentinel_cli" / "preview" / "provider_rules.json"
_RULES: dict[str, Any] = json.loads(_FILE.read_text(encoding="utf-8"))

Rule = Mapping[str, Any]
RESOURCES: Mapping[str, Rule] = {rule["token"]: {"name": name, **rule} for name, rule in _RULES["resources"].items()}
"""Rules of a resource by its type token; `name` is the resource's own, such as `KafkaTopic`."""
FUNCTIONS: Mapping[str, Rule] = {rule["token"]: {"name": name, **rule} for name, rule in _RULES["functions"].items()}
PROVIDER = RESOURCES["pulumi:providers:confluentcloud"]
PROVIDER_SETS: Mapping[str, list[str | list[str]]] = _RULES["provider_sets"]
"""Provider inputs that go together, by name; an inner list is one member, met by any of its names."""


def secret_inputs(rule: Rule) -> Iterator[str]:
    """Names of the top-level inputs that are secrets, declared so or only in fact."""
    for name, field in rule["inputs"].items():
        if field.get("secret") or "a secret in fact" in field.get("note", ""):
            yield name


def members(fields: list[str | list[str]]) -> Iterator[list[str]]:
    """The members of an all-or-none set, each as the names that meet it."""
    for field in fields:
        yield [field] if isinstance(field, str) else field
