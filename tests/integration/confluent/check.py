"""What the provider does before anything is planned: fill in defaults and names, refuse what can't be right."""

import hashlib
import os
import re
from collections.abc import Iterator
from typing import Any

from tests.integration.confluent.rules import Rule
from tests.integration.confluent.values import DEFAULTS, UNKNOWN, Properties, Secret, plain

Failure = tuple[str, str]
"""The path of a wrong input, and why it is refused."""
_TYPES: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "integer": (int,),
    "boolean": (bool,),
    "map": (dict,),
    "list": (list,),
    "object": (dict,),
}


def check(
    rule: Rule, inputs: Properties, resource: str = "", seed: bytes = b"", olds: Properties | None = None
) -> tuple[Properties, list[Failure]]:
    """The inputs as they will be planned, and every failure; a name once made up is kept."""
    filled = _filled(rule["inputs"], inputs)
    for name, field in rule["inputs"].items():
        if field.get("auto_name") and name not in filled:
            kept = (olds or {}).get(name) if name in (olds or {}).get(DEFAULTS, []) else None
            filled[name] = kept or f"{resource}-{hashlib.sha256(seed).hexdigest()[:7]}"
            filled[DEFAULTS] = [*filled.get(DEFAULTS, []), name]
    values = plain(filled)
    return filled, [*_field_failures(rule["inputs"], values, ""), *_set_failures(rule, values)]


def _filled(fields: Rule, given: Any) -> Any:
    """The value of a block with its defaults, and their names where there are any."""
    if isinstance(given, Secret):
        return Secret(_filled(fields, given.value))
    if not isinstance(given, dict):
        return given
    filled = {name: _filled_field(fields[name], value) if name in fields else value for name, value in given.items()}
    filled.pop(DEFAULTS, None)
    for name, field in fields.items():
        if name in filled:
            if "alias_of" in field:
                filled[field["alias_of"]] = filled.pop(name)
        elif (default := _default(field)) is not None:
            filled[name] = default
            filled[DEFAULTS] = [*filled.get(DEFAULTS, []), name]
    return filled


def _filled_field(field: Rule, value: Any) -> Any:
    if field["type"] == "object":
        return _filled(field["fields"], value)
    if field["type"] == "list" and isinstance(value, list) and "fields" in field.get("items", {}):
        return [_filled(field["items"]["fields"], item) for item in value]
    return value


def _default(field: Rule) -> Any:
    if "default_env" in field and (found := os.environ.get(field["default_env"])):
        return Secret(found) if field.get("secret") else found
    return field.get("default")


def _field_failures(fields: Rule, values: Properties, path: str) -> Iterator[Failure]:
    for name in values:
        if name not in fields and name != DEFAULTS:
            yield path + name, f'Invalid or unknown key "{name}"'
    for name, field in fields.items():
        if name not in values:
            if field.get("required"):
                yield path + name, f'Missing required argument. The argument "{name}" is required'
        elif values[name] != UNKNOWN:
            yield from _value_failures(field, values[name], path + name)


def _value_failures(field: Rule, value: Any, path: str) -> Iterator[Failure]:
    if field.get("computed_only"):
        yield path, "Computed attributes cannot be set"
    elif not _has_type(value, field["type"]):
        yield path, f"expected type {field['type']}, got {type(value).__name__}"
    elif field["type"] == "object":
        yield from _field_failures(field["fields"], value, f"{path}.")
    elif field["type"] in {"list", "map"}:
        items = value.items() if isinstance(value, dict) else enumerate(value)
        for key, item in items:
            if item != UNKNOWN and key != DEFAULTS:
                yield from _value_failures(field["items"], item, f"{path}[{key}]")
    elif refusal := _scalar_refusal(field, value, path):
        yield path, refusal


def _has_type(value: Any, name: str) -> bool:
    return isinstance(value, _TYPES[name]) and not (name == "integer" and isinstance(value, bool))


def _scalar_refusal(field: Rule, value: Any, path: str) -> str | None:
    if "enum" in field and value not in field["enum"]:
        return f"expected {path} to be one of {field['enum']}, got {value}"
    if "pattern" in field and not re.search(field["pattern"], value):
        return f"invalid value for {path}: {value!r} does not match {field['pattern']}"
    if "min" in field and value < field["min"]:
        return f"expected {path} to be at least ({field['min']}), got {value}"
    if "max" in field and value > field["max"]:
        return f"expected {path} to be at most ({field['max']}), got {value}"
    if "min_length" in field and len(value) < field["min_length"]:
        return f'expected "{path}" to not be an empty string, got {value!r}'
    return None


def _set_failures(rule: Rule, values: Properties) -> Iterator[Failure]:
    sets = rule.get("constraints", {})
    for one in sets.get("exactly_one_of", []):
        if one.get("when", "") in {"", *values}:
            yield from _exactly_one(one["fields"], values)
    for conflict in sets.get("conflicts", []):
        for other in conflict["with"]:
            if conflict["field"] in values and values.get(other, UNKNOWN) != UNKNOWN:
                yield conflict["field"], f'"{conflict["field"]}": conflicts with {other}'


def _exactly_one(fields: list[str], values: Properties) -> Iterator[Failure]:
    found = [name for name in fields if values.get(name) is not None]
    known = [name for name in found if values[name] != UNKNOWN]
    names = ", ".join(fields)
    if not found:
        yield fields[0], f'"{fields[0]}": one of `{names}` must be specified'
    elif len(known) > 1:
        yield (
            known[0],
            f'"{known[0]}": only one of `{names}` can be specified, but `{", ".join(known)}` were specified.',
        )
