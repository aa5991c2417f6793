"""Kafka's murmur2, by values of its own tests and against librdkafka."""

import pytest

from sentinel_cli.kafka.partitioner import _murmur2, partition_of


@pytest.mark.parametrize(
    ("key", "hashed"),
    [
        (b"21", -973932308),
        (b"foobar", -790332482),
        (b"a-little-bit-long-string", -985981536),
        (b"a-little-bit-longer-string", -1486304829),
        (b"lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58897971),
        (b"abc", 479470107),
    ],
)
def test_the_values_of_kafkas_own_test(key: bytes, hashed: int) -> None:
    """UtilsTest.testMurmur2 of Apache Kafka."""
    assert _murmur2(key) == hashed & 0xFFFFFFFF


def test_a_partition_is_one_of_those_that_there_are() -> None:
    assert {partition_of(f"ACC-{n:06d}".encode(), 6) for n in range(1000)} == set(range(6))
