"""Property values as the engine sends them: plain JSON, with secrets wrapped and unknown values named."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from google.protobuf import json_format, struct_pb2

_SIGNATURE = "4dabf18193072939515e22adb298388d"
_SECRET = "1b47061264138c4ac30d75fd1eb44270"
UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
"""What stands for a value that is known only after an update."""
DEFAULTS = "__defaults"
"""The input in which the provider notes the names that it filled in itself."""

Properties = dict[str, Any]


@dataclass(frozen=True)
class Secret:
    """A value that the engine must keep encrypted."""

    value: Any

    def __repr__(self) -> str:
        return "[secret]"


def from_wire(struct: struct_pb2.Struct) -> Properties:
    """The properties of a message; whole numbers become integers."""
    return {name: _read(value) for name, value in json_format.MessageToDict(struct).items()}


def to_wire(properties: Mapping[str, Any]) -> struct_pb2.Struct:
    """The message of properties."""
    struct = struct_pb2.Struct()
    struct.update({name: _write(value) for name, value in properties.items()})
    return struct


def plain(value: Any) -> Any:
    """The value with every secret opened."""
    return _map(value, lambda secret: plain(secret.value))


def masked(value: Any) -> Any:
    """The value with every secret hidden, for a log."""
    return _map(value, repr)


def secret_paths(value: Any, path: str = "") -> Iterator[str]:
    """Dotted paths of all that is wrapped as a secret."""
    if isinstance(value, Secret):
        yield path
    elif isinstance(value, dict):
        for name, inner in value.items():
            yield from secret_paths(inner, f"{path}.{name}" if path else name)
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from secret_paths(inner, f"{path}[{index}]")


def secret_texts(value: Any) -> Iterator[str]:
    """Every text inside a secret."""
    if isinstance(value, Secret):
        yield from _texts(plain(value.value))
    elif isinstance(value, dict | list):
        for inner in value.values() if isinstance(value, dict) else value:
            yield from secret_texts(inner)


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, dict | list):
        for inner in value.values() if isinstance(value, dict) else value:
            yield from _texts(inner)
    elif isinstance(value, str) and value not in {"", UNKNOWN}:
        yield value


def _map(value: Any, opened: Any) -> Any:
    if isinstance(value, Secret):
        return opened(value)
    if isinstance(value, dict):
        return {name: _map(inner, opened) for name, inner in value.items()}
    return [_map(inner, opened) for inner in value] if isinstance(value, list) else value


def _read(value: Any) -> Any:
    if isinstance(value, dict):
        if value.get(_SIGNATURE) == _SECRET:
            return Secret(_read(value["value"]))
        return {name: _read(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_read(inner) for inner in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _write(value: Any) -> Any:
    if isinstance(value, Secret):
        return {_SIGNATURE: _SECRET, "value": _write(value.value)}
    if isinstance(value, dict):
        return {name: _write(inner) for name, inner in value.items()}
    return [_write(inner) for inner in value] if isinstance(value, list) else value
