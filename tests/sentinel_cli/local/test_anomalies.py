import csv
import gzip
import json
import subprocess
import sys
import tracemalloc
from collections.abc import Sequence
from fractions import Fraction
from itertools import chain
from pathlib import Path
from statistics import NormalDist
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from statsmodels.tsa.ar_model import AutoReg

from sentinel_cli.local.anomalies import (
    DetectOptions,
    Floats,
    _moments,
    _solve,
    detect_anomalies,
    detect_last,
    history_rows,
)
from sql.errors import EngineError, PipelineError

ROOT = Path(__file__).parents[3]
JSON = {"minTrainingSize": 16, "maxTrainingSize": 288, "confidencePercentage": 99.0, "enableStl": False}
RULE = DetectOptions.from_json(json.dumps(JSON))
Z99 = NormalDist().inv_cdf(0.995)


def detect(values: Any, options: DetectOptions = RULE) -> dict[str, NDArray[Any]]:
    """The values as one partition."""
    value = np.array(values, dtype=np.float64)
    return detect_anomalies(np.zeros(len(value), dtype=np.int64), value, options)


def last(values: Sequence[float | None]) -> dict[str, float | bool | None]:
    return detect_last(values, json.dumps(JSON))


def walk(rng: np.random.Generator, rows: int) -> Floats:
    return rng.normal(size=rows).cumsum() + 40


def wave(rng: np.random.Generator, rows: int) -> Floats:
    return 1e6 + 300 * np.sin(np.arange(rows) / 5) + rng.normal(size=rows)


def bursts(rng: np.random.Generator, rows: int) -> Floats:
    return np.where(rng.random(rows) < 0.05, 50.0, 1.0) * rng.lognormal(size=rows)


def counts(rng: np.random.Generator, rows: int) -> Floats:
    """Counts that scatter more than independent arrivals, as those of people do."""
    return rng.negative_binomial(2, 0.05, rows).astype(np.float64)


# --- the oracle


def elb(_: np.random.Generator, rows: int) -> Floats:
    """Requests to a load balancer every five minutes (NAB)."""
    with gzip.open(ROOT / "tests/data/nab/elb_request_count_8c0756.csv.gz", "rt") as file:
        return np.array([float(row["value"]) for row in csv.DictReader(file)])[:rows]


@pytest.mark.parametrize(("series", "most"), [(walk, 40), (wave, 40), (bursts, 40), (counts, 40), (elb, 288)])
@pytest.mark.parametrize("p", [0, 1, 2, 4])
def test_every_row_equals_autoreg_on_the_rows_before_it(series: Any, most: int, p: int) -> None:
    value = series(np.random.default_rng(p), 3 * most)
    found = detect(value, DetectOptions(16, most, 99.0, False, p))
    for row in range(16, len(value), most // 12):
        window = value[max(0, row - most) : row]
        model = AutoReg(window, p, trend="c").fit()
        lower, upper = model.get_prediction(len(window), len(window)).conf_int(alpha=0.01)[0]
        expected = {
            "forecast_value": model.forecast(1)[0],
            "lower_bound": lower,
            "upper_bound": upper,
            "rmse": np.sqrt(model.sigma2),
            "aic": model.aic,
            "is_anomaly": 0 if lower <= value[row] <= upper else 1,
        }
        for name, number in expected.items():
            assert found[name][row] == pytest.approx(number, rel=1e-6), (name, row)


def test_the_coefficients_equal_those_of_autoreg() -> None:
    window = walk(np.random.default_rng(3), 200)
    about_40 = (window - 40)[np.newaxis]
    _, moments = _moments(about_40, about_40.sum(axis=1), 2)
    regular, phi, unexplained = _solve(moments.copy(), np.array([True]))
    fit = AutoReg(window, 2, trend="c").fit()
    assert regular.all()
    assert phi[:, 0] == pytest.approx(fit.params[1:], rel=1e-9)
    assert unexplained[0] == pytest.approx((fit.resid**2).sum(), rel=1e-9)


def exact_forecast(window: Floats) -> float:
    """An autoregression of order 1 in rational numbers."""
    y = [Fraction(number) for number in window.tolist()]
    earlier, later, rows = y[:-1], y[1:], len(y) - 1
    m, n = sum(earlier, Fraction()) / rows, sum(later, Fraction()) / rows
    slope = sum((a - m) * (b - n) for a, b in zip(earlier, later, strict=True)) / sum((a - m) ** 2 for a in earlier)
    return float(n + slope * (y[-1] - m))


@pytest.mark.parametrize("level", [0.0, 1e8])
@pytest.mark.parametrize("jump", [0.0, 1e7])
def test_forecasts_are_exact_where_autoreg_takes_its_equations_for_singular(level: float, jump: float) -> None:
    window = level + np.random.default_rng(6).normal(size=60)
    window[-1] += jump
    found = detect([*window, 0.0], DetectOptions(16, 60, 99.0, False, 1))
    assert found["forecast_value"][-1] == pytest.approx(exact_forecast(window), rel=1e-10)


@pytest.mark.parametrize(
    "history",
    [
        pytest.param([0.5 + 0.25 * t for t in range(30)], id="a line: each lag is the other plus a constant"),
        pytest.param([1.5] * 29 + [7.25], id="the only departure is the last value, which no lag has seen"),
        pytest.param([1.5] * 28 + [7.25, 1.5], id="the second lag is still flat"),
        pytest.param([0.5, 2.5] * 15, id="the lags mirror each other"),
    ],
)
def test_lags_that_depend_on_each_other_leave_the_constant_model(history: list[float]) -> None:
    found = last([*history, 0.0])
    model = AutoReg(history, 0, trend="c").fit()
    assert found["forecast_value"] == pytest.approx(np.mean(history))
    assert found["upper_bound"] == pytest.approx(np.mean(history) + Z99 * np.sqrt(model.sigma2))
    assert found["rmse"] == pytest.approx(np.sqrt(model.sigma2))
    assert found["aic"] == pytest.approx(model.aic)


# --- flat and steady histories


@pytest.mark.parametrize(
    ("usual", "count", "alarm"),
    [
        *[(1, 1, False), (1, 2, False), (1, 3, False), (1, 4, True), (1, 12, True)],
        *[(0, 2, False), (0, 3, True), (25, 37, False), (25, 38, True), (25, 13, False), (25, 12, True)],
    ],
)
def test_a_perfectly_steady_count_is_judged_as_independent_arrivals(usual: int, count: int, alarm: bool) -> None:
    found = last([usual] * 50 + [count])
    assert found["is_anomaly"] is alarm
    assert found["forecast_value"] == usual
    assert found["upper_bound"] == pytest.approx(usual + Z99 * max(usual, 1) ** 0.5)
    assert (found["rmse"], found["aic"]) == (0.0, None)


@pytest.mark.parametrize("level", [0.1, 45.25, -3.7e9, 1e-30])
def test_a_flat_measurement_is_silent_until_it_moves(level: float) -> None:
    assert last([level] * 50 + [level])["is_anomaly"] is False
    assert last([level] * 50 + [level * 1.001])["is_anomaly"] is True


def test_nab_flatline_is_silent_at_any_confidence() -> None:
    flat = np.full(4000, 45.0)
    found = detect(flat, DetectOptions(16, 288, 50.0, False))
    assert set(found["is_anomaly"][16:]) == {0}


# --- what a row depends on

numbers = st.one_of(
    st.integers(0, 9).map(float),
    st.floats(-10, 10, width=32),
    st.sampled_from([0.1, 0.2, 0.3, 1e6, 1e6 + 0.1, -1e6, 1e12, float("nan"), float("inf"), 1e300]),
)
histories = st.one_of(st.lists(st.integers(0, 6).map(float), max_size=60), st.lists(numbers, max_size=60))


def same(one: dict[str, NDArray[Any]], other: dict[str, NDArray[Any]]) -> None:
    for name, column in one.items():
        np.testing.assert_array_equal(column, other[name], err_msg=name) if name != "aic" else None
    np.testing.assert_allclose(one["aic"], other["aic"], rtol=1e-9)


@given(histories, st.integers(0, 3), st.integers(0, 12), st.integers(0, 12))
def test_a_capped_history_gives_the_same_result(values: list[float], p: int, more: int, longer: int) -> None:
    options = DetectOptions(2 * p + 2 + more, 2 * p + 2 + more + longer, 95.0, False, p)
    whole = detect(values, options)
    known = np.flatnonzero(np.abs(np.array(values, dtype=np.float64)) < 1e100)
    for index, row in enumerate(known):
        kept = known[max(0, index - history_rows(options)) : index + 1]
        capped = detect(np.array(values)[kept], options)
        same({name: column[[row]] for name, column in whole.items()}, {n: c[-1:] for n, c in capped.items()})


@given(st.lists(histories, max_size=5))
def test_partitions_know_nothing_of_each_other(accounts: list[list[float]]) -> None:
    partition = np.repeat(np.arange(len(accounts)) * 7, [len(values) for values in accounts]).astype(np.int64)
    together = detect_anomalies(partition, np.array([*chain(*accounts)], dtype=np.float64), RULE)
    apart = [detect(values) for values in accounts]
    for account, alone in enumerate(apart):
        same(alone, {name: column[partition == account * 7] for name, column in together.items()})


@given(histories.filter(len))
def test_one_list_gives_the_last_row_of_the_table(values: list[float]) -> None:
    row = {name: column[-1] for name, column in detect(values).items()}
    null = row["is_anomaly"] == -1
    single = last(values)
    assert single["is_anomaly"] == (None if null else bool(row["is_anomaly"]))
    assert {name for name, number in single.items() if number is None} >= (set(row) if null else set())
    for name, number in single.items():
        assert np.isnan(row[name]) if number is None and name != "is_anomaly" else number == pytest.approx(number)


def test_rows_that_only_serve_as_history_are_null_and_change_nothing() -> None:
    value, only = walk(np.random.default_rng(1), 90), np.arange(90) % 7 == 0
    partition = np.repeat(np.arange(3), 30)
    whole, some = detect_anomalies(partition, value, RULE), detect_anomalies(partition, value, RULE, only)
    same({n: c[only] for n, c in whole.items()}, {n: c[only] for n, c in some.items()})
    assert set(some["is_anomaly"][~only]) == {-1}


def test_a_gap_is_null_and_as_if_it_were_not_there() -> None:
    value = walk(np.random.default_rng(2), 40)
    gaps = np.insert(value, [5, 20, 30], np.nan)
    found, known = detect(gaps), np.isfinite(gaps)
    same({name: column[known] for name, column in found.items()}, detect(value))
    assert set(found["is_anomaly"][~known]) == {-1}
    assert last([*value.tolist(), None, 3.0]) == last([*value.tolist(), 3.0])


@pytest.mark.parametrize("p", [0, 1, 3])
def test_running_sums_of_counts_give_what_the_sums_of_each_window_give(p: int) -> None:
    value, options = counts(np.random.default_rng(p), 200), DetectOptions(16, 40, 99.0, False, p)
    whole, halves = detect(value, options), detect(value / 2, options)  # halves are no counts
    for name in ("forecast_value", "rmse"):
        np.testing.assert_allclose(whole[name], 2 * halves[name], rtol=1e-9, err_msg=name)


def test_large_counts_wrap_no_sum() -> None:
    value = np.floor(np.sqrt(2.0**62) / 288) - np.random.default_rng(0).integers(1, 1000, 5000)
    found = detect(value)
    window = value[-289:-1]
    assert found["forecast_value"][-1] == pytest.approx(AutoReg(window, 2, trend="c").fit().forecast(1)[0], rel=1e-9)


def test_warm_up_is_null() -> None:
    found = detect([1.0] * 17)
    assert found["is_anomaly"].tolist() == [-1] * 16 + [0]
    assert np.isnan(found["upper_bound"]).tolist() == [True] * 16 + [False]
    assert set(last([1.0] * 16).values()) == {None}


def test_memory_does_not_grow_with_the_windows() -> None:
    value = walk(np.random.default_rng(4), 60_000)  # its windows of 288 would take 138 MB
    tracemalloc.start()
    detect(value)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 40e6


# --- options


def test_options_are_read_from_the_json_object() -> None:
    assert DetectOptions(16, 288, 99.0, False, 2) == RULE
    assert DetectOptions.from_json(json.dumps(JSON | {"p": 1, "confidencePercentage": 99})).p == 1


@pytest.mark.parametrize("key", list(JSON))
def test_each_option_must_be_explicit(key: str) -> None:
    with pytest.raises(PipelineError, match=f"{key} must be given explicitly"):
        DetectOptions.from_json(json.dumps({name: value for name, value in JSON.items() if name != key}))


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"minTraningSize": 16}, "unknown minTraningSize; known are minTrainingSize, maxTrainingSize"),
        ({"minTrainingSize": 16.0}, "minTrainingSize is 16.0, but must be a whole number"),
        ({"minTrainingSize": True}, "minTrainingSize is True, but must be a whole number"),
        ({"minTrainingSize": 5}, "must be at least 6"),
        ({"minTrainingSize": 300}, "at most maxTrainingSize 288"),
        ({"confidencePercentage": 100}, "between 0 and 100"),
        ({"confidencePercentage": "99"}, "but must be a number"),
        ({"confidencePercentage": float("nan")}, "between 0 and 100"),
        ({"enableStl": 0}, "enableStl is 0, but must be true or false"),
        ({"p": 11}, "p is 11"),
        ({"p": None}, "p is None, but must be a whole number"),
    ],
)
def test_a_wrong_option_is_named(change: dict[str, Any], says: str) -> None:
    with pytest.raises(PipelineError, match=says):
        DetectOptions.from_json(json.dumps(JSON | change))


@pytest.mark.parametrize("text", ["", "[1]", "99"])
def test_options_that_are_no_object_are_refused(text: str) -> None:
    with pytest.raises(PipelineError, match="options of ML_DETECT_ANOMALIES"):
        DetectOptions.from_json(text)


def test_seasonal_decomposition_is_the_platforms_alone() -> None:
    with pytest.raises(EngineError, match="enableStl"):
        DetectOptions.from_json(json.dumps(JSON | {"enableStl": True}))


@pytest.mark.parametrize("confidence", [1e-300, 99.99999999999999])
def test_extreme_confidence_gives_finite_bounds(confidence: float) -> None:
    found = detect(walk(np.random.default_rng(0), 20), DetectOptions(16, 288, confidence, False))
    assert np.isfinite(found["upper_bound"][16:]).all()


# --- the documentation


def test_the_tables_of_the_docs_are_those_of_the_script() -> None:
    script = [sys.executable, str(ROOT / "scripts" / "nab.py")]
    printed = subprocess.run(script, check=True, capture_output=True, text=True, cwd=ROOT).stdout
    for table in printed.strip().split("\n\n"):
        assert table in (ROOT / "docs" / "anomalies.md").read_text()
