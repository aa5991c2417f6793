from collections.abc import Iterator

import duckdb
import pytest

from sentinel_cli.local._chunks import Chunks

ROWS = 100_000
"""Of a chunk."""


@pytest.fixture
def chunks() -> Iterator[Chunks]:
    """Three chunks in two partitions; the rows of number n matter up to n seconds, those of partition 1 a minute on."""
    with duckdb.connect() as connection:
        chunks = Chunks(connection, "kept", "t")
        for number in (1, 2, 3):
            later = f"INTERVAL (60 * (i % 2) + {number}) SECOND"
            chunks.add(
                f"(SELECT i % 2 AS __partition, {number} AS number, TIMESTAMP '1970-01-01' + {later} AS t "
                f"FROM range({ROWS}) AS r(i))"
            )
        yield chunks


def numbers(chunks: Chunks, instants: dict[int, int]) -> list[tuple[int, int]]:
    query = f"SELECT number, count(*) FROM {chunks.since(instants, 'number')} GROUP BY ALL ORDER BY ALL"
    return chunks.connection.execute(query).fetchall()


def test_a_chunk_is_left_out_once_none_of_its_rows_matters_in_any_partition(chunks: Chunks) -> None:
    assert numbers(chunks, {0: 1_000, 1: 61_000}) == [(1, ROWS), (2, ROWS), (3, ROWS)]
    assert numbers(chunks, {0: 9_000, 1: 61_000}) == [(1, ROWS), (2, ROWS), (3, ROWS)]
    assert numbers(chunks, {0: 1_001, 1: 61_001}) == [(2, ROWS), (3, ROWS)]
    assert numbers(chunks, {0: 9_000, 1: 69_000}) == [(3, ROWS)], "the chunk that is added to is always looked at"


def test_a_partition_of_which_nothing_is_said_may_need_all_its_rows(chunks: Chunks) -> None:
    assert numbers(chunks, {0: 9_000}) == numbers(chunks, {}) == [(1, ROWS), (2, ROWS), (3, ROWS)]


def test_a_partition_that_has_left_keeps_no_chunk(chunks: Chunks) -> None:
    numbers(chunks, {0: 0, 1: 0})
    chunks.remove(1)
    assert numbers(chunks, {0: 1_001}) == [(2, ROWS // 2), (3, ROWS // 2)]


def test_rows_that_were_taken_up_keep_their_columns_beside_later_ones() -> None:
    with duckdb.connect() as connection:
        chunks = Chunks(connection, "kept", "t")
        columns = "0 AS __partition, TIMESTAMP '1970-01-01' AS t"
        chunks.add(f"(SELECT 'A' AS account_id, 'e' AS event_id, {columns} FROM range({ROWS}))")
        chunks.add(f"(SELECT {columns}, 'e' AS event_id, 'A' AS account_id)")
        assert len(chunks.chunks) == 2
        for rows in (chunks.name, chunks.since({})):
            found = connection.execute(f"SELECT DISTINCT account_id, event_id FROM {rows}").fetchall()
            assert found == [("A", "e")]
