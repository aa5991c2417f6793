import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from sentinel_cli.local._histories import Histories

VALUES = st.integers(0, 99) | st.sampled_from([float("nan"), 2_049, -70_000, 2**24 + 1, 0.1, 1e20])
steps = st.lists(st.lists(st.tuples(st.integers(0, 4), VALUES), max_size=50))


@settings(deadline=None)
@given(steps, st.integers(1, 40))
def test_each_key_has_its_latest_values_before_the_new_ones(steps: list[list[tuple[int, float]]], most: int) -> None:
    histories, lists = Histories(most), dict[int, list[float]]()
    for step in steps:
        rows = sorted(step, key=lambda row: row[0])
        key, value = np.array([k for k, _ in rows], dtype=np.int64), np.array([v for _, v in rows], dtype=np.float64)
        keys, values, is_new = histories.before(key, value)
        expected = []
        for number in sorted(set(key.tolist())):
            new = [v for k, v in rows if k == number]
            old = lists.setdefault(number, [])
            expected += [(number, v, False) for v in old[-most:]] + [(number, v, True) for v in new]
            old += [v for v in new if not np.isnan(v)]
        np.testing.assert_array_equal(keys, [k for k, _, _ in expected])
        np.testing.assert_array_equal(values, [v for _, v, _ in expected])
        np.testing.assert_array_equal(is_new, [n for _, _, n in expected])
        histories.add(key, value)
        kept = [min(len(known), most) for known in lists.values() if known]
        assert histories.mean == (sum(kept) / len(kept) if kept else 0)


def test_a_key_takes_no_more_room_than_its_own_history_needs() -> None:
    histories = Histories(288)
    histories.add(np.repeat(np.arange(1_000), 3), np.arange(3_000.0))
    assert histories.taken == 1_000
    histories.add(np.full(300, 7), np.arange(300.0))
    assert histories.taken == 1_000 + 288 // 16 - 1
    assert histories.latest(np.array([7]))[1].tolist() == [float(n) for n in range(12, 300)]
    histories.forget(np.array([7]))
    histories.add(np.full(20, 1_000), np.arange(20.0))
    assert histories.taken == 1_000 + 288 // 16 - 1, "pages are taken again that were given back"
    assert histories.latest(np.array([0, 7, 1_000]))[1].tolist() == [0.0, 1.0, 2.0, *map(float, range(20))]


def test_what_is_kept_goes_into_another_ring() -> None:
    first, second = Histories(4), Histories(4)
    key = np.array([0, 0, 0, 0, 0, 0, 2])
    first.add(key, np.arange(7.0))
    keys, values = first.latest(np.array([0, 1, 2]))
    assert (keys.tolist(), values.tolist()) == ([0, 0, 0, 0, 2], [2.0, 3.0, 4.0, 5.0, 6.0])
    second.add(keys + 1, values)
    assert second.latest(np.array([1, 3]))[1].tolist() == values.tolist()
    second.forget(np.array([1]))
    assert second.latest(np.array([1, 3]))[1].tolist() == [6.0]
