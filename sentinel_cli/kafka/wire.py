"""Confluent's wire format: a zero byte, the schema's id in four bytes, then the record's own bytes."""

import struct

_HEADER = struct.Struct(">bI")
HEADER_SIZE = _HEADER.size


class FrameError(ValueError):
    """Bytes that do not begin as Confluent's serializers begin; says how they do."""


def frame(schema_id: int, record: bytes) -> bytes:
    """A record as Confluent's serializers write it."""
    return _HEADER.pack(0, schema_id) + record


def unframe(value: bytes | None) -> tuple[int, bytes]:
    """
    The schema's id and the record's own bytes.

    Raises:
        FrameError: there is no value, it is too short, or it begins with another byte. 0x01, which announces a schema
            by its GUID, is one of those: every producer of this topic writes ids.
    """
    if value is None:
        raise FrameError("there is no value")
    if len(value) < _HEADER.size:
        raise FrameError(f"{len(value)} bytes, too short for a schema id")
    magic, schema_id = _HEADER.unpack_from(value)
    if magic:
        raise FrameError(f"magic byte 0x{value[0]:02x} instead of 0x00")
    return schema_id, value[_HEADER.size :]
