import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from sentinel_cli.local._histories import Histories

steps = st.lists(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 99) | st.just(float("nan"))), max_size=50))


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


def test_a_ring_is_as_wide_as_the_longest_history_needs() -> None:
    histories = Histories(288)
    histories.add(*_room(histories, [0, 0, 1], [1.0, 2.0, 3.0]))
    assert histories.values.shape[1] == 16
    histories.add(*_room(histories, [1] * 300, list(range(300))))
    assert histories.values.shape[1] == 288


def _room(histories: Histories, key: list[int], value: list[float]) -> tuple[np.ndarray, np.ndarray]:
    keys, values = np.array(key, dtype=np.int64), np.array(value, dtype=np.float64)
    histories.before(keys, values)
    return keys, values


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
