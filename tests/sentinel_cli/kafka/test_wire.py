"""Confluent's wire format."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sentinel_cli.kafka.wire import FrameError, frame, unframe


@given(st.integers(0, 2**32 - 1), st.binary())
def test_what_is_framed_comes_out_again(schema_id: int, record: bytes) -> None:
    assert unframe(frame(schema_id, record)) == (schema_id, record)


def test_a_frame_is_a_zero_byte_and_four_of_the_id() -> None:
    assert frame(258, b"{}") == b"\x00\x00\x00\x01\x02{}"


@pytest.mark.parametrize(
    ("value", "says"),
    [
        (None, "there is no value"),
        (b"", "0 bytes"),
        (b"\x00\x00\x00\x00", "4 bytes"),
        (b"\x01" + bytes(16), "magic byte 0x01"),
        (b"\x02" + bytes(16), "magic byte 0x02"),
        (b'{"a":1}', "magic byte 0x7b"),
        (b"\xff" + bytes(16), "magic byte 0xff"),
    ],
)
def test_other_bytes_are_named(value: bytes | None, says: str) -> None:
    with pytest.raises(FrameError, match=says):
        unframe(value)
