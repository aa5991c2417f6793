import duckdb
from hypothesis import given, settings
from hypothesis import strategies as st

from sentinel_cli.local._keys import Keys

accounts = st.none() | st.sampled_from(["A", "B", "|", "0|A", "", "é", "A "])
steps = st.lists(st.lists(st.tuples(st.integers(0, 11), accounts), min_size=1, max_size=9), max_size=6)


@settings(deadline=None)
@given(steps)
def test_a_key_has_one_number_in_its_partition_and_none_without_an_account(
    steps: list[list[tuple[int, str | None]]],
) -> None:
    with duckdb.connect() as connection:
        keys, numbers = Keys(connection), dict[tuple[int, str], int]()
        for rows in steps:
            connection.execute(
                "CREATE OR REPLACE TABLE rows AS SELECT unnest(?::INTEGER[]) AS __partition, unnest(?::VARCHAR[]) AS "
                "account_id, unnest(?::INTEGER[]) AS place",
                [[p for p, _ in rows], [account for _, account in rows], list(range(len(rows)))],
            )
            beside = keys.beside("rows", "beside")
            found = connection.execute(f"SELECT __key, place FROM {beside} ORDER BY place").fetchall()
            known = [None if account is None else numbers.setdefault((p, account), len(numbers)) for p, account in rows]
            assert [number for number, _ in found] == known
        table = connection.execute("SELECT __partition, account_id, __key FROM __keys ORDER BY __key").fetchall()
        assert table == [(p, account, number) for (p, account), number in numbers.items()]
        assert keys.count == len(numbers)
