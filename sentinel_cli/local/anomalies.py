"""
ML_DETECT_ANOMALIES of the embedded engine: an autoregressive model per partition, fitted anew for every row.

    history      . . . . [ n rows: min(earlier rows, maxTrainingSize) ] row
    fit                  y(t) = c + phi1 y(t-1) + .. + phip y(t-p) + e, by least squares
    judged                                                              forecast -+ z s

A row never takes part in its own model, and nothing outside the bracket has any influence on it, so a capped history
gives the same bits as a whole one. Of counts that are not large, which is what a rule gives, sums are differences of
running sums in whole numbers, and exact; of other values every sum is taken over the window itself. The formulae, and
what differs from the managed function, stand in docs/anomalies.md; statsmodels' AutoReg is the oracle of the tests.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from statistics import NormalDist
from typing import Any, Final, Self

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from sql.errors import EngineError, PipelineError

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Flags = NDArray[np.bool_]

# Numbers of this engine, none of them a threshold of a rule.
LARGEST: Final = 1e100  # beyond it squares overflow: such a value is a gap, as NaN is
FLAT: Final = 1e-9  # scatter below this share of the values' magnitude is rounding, not scatter
TOLERANCE: Final = 1e-8  # least share of a lag's variance that the other lags must leave unexplained
CELLS: Final = 1 << 19  # numbers in one batch of windows: 4 MB, so that a batch stays near the cache
BATCH: Final = 1 << 14  # windows of counts in one batch, for the same reason

KEYS: Final = {
    "minTrainingSize": "min_training_size",
    "maxTrainingSize": "max_training_size",
    "confidencePercentage": "confidence_percentage",
    "enableStl": "enable_stl",
    "p": "p",
}
REQUIRED: Final = [key for key in KEYS if key != "p"]
TYPES: Final[dict[str, tuple[Any, str]]] = {
    "confidencePercentage": (int | float, "a number"),
    "enableStl": (bool, "true or false"),
}
COLUMNS: Final = ("forecast_value", "lower_bound", "upper_bound", "rmse", "aic")


@dataclass(frozen=True)
class DetectOptions:
    """
    The options object of ML_DETECT_ANOMALIES: training sizes in rows, confidence in percent, p the number of lags.

    Raises PipelineError for a value out of its range and EngineError for enableStl = true.
    """

    min_training_size: int
    max_training_size: int
    confidence_percentage: float
    enable_stl: bool
    p: int = 2

    def __post_init__(self) -> None:
        _check(0 <= self.p <= 10, f"p is {self.p}, but must be 0 to 10 lags")
        least = 2 * self.p + 2  # p rows to start from, p + 1 coefficients, and one residual to estimate the scatter
        _check(
            least <= self.min_training_size <= self.max_training_size,
            f"minTrainingSize {self.min_training_size} must be at least {least} (2 p + 2) "
            f"and at most maxTrainingSize {self.max_training_size}",
        )
        _check(
            0 < self.confidence_percentage < 100,
            f"confidencePercentage is {self.confidence_percentage}, but must lie between 0 and 100, both excluded",
        )
        if self.enable_stl:
            raise EngineError("ML_DETECT_ANOMALIES with enableStl TRUE runs on Confluent Cloud only; set it to FALSE.")

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Read the text that JSON_OBJECT gave; all keys but p are required. Raises as the constructor does."""
        try:
            given = json.loads(text)
        except ValueError as error:
            raise PipelineError(f"The options of ML_DETECT_ANOMALIES are no JSON ({error}): {text!r}.") from error
        _check(isinstance(given, dict), f"a JSON object is expected, not {text!r}")
        unknown = sorted(given.keys() - KEYS)
        _check(not unknown, f"unknown {', '.join(unknown)}; known are {', '.join(KEYS)}")
        missing = [key for key in REQUIRED if key not in given]
        _check(not missing, f"{', '.join(missing)} must be given explicitly: the platform's defaults are not relied on")
        for key, value in given.items():
            kind, words = TYPES.get(key, (int, "a whole number"))
            fits = isinstance(value, kind) and isinstance(value, bool) == (kind is bool)  # to Python true is a number
            _check(fits, f"{key} is {value!r}, but must be {words}")
        return cls(**{KEYS[key]: value for key, value in given.items()})


def _check(holds: bool, otherwise: str) -> None:
    if not holds:
        raise PipelineError(f"The options of ML_DETECT_ANOMALIES: {otherwise}.")


def history_rows(options: DetectOptions) -> int:
    """Count the rows before a row that its result can depend on; rows that are gaps do not count."""
    return options.max_training_size


def usable(value: Floats) -> Flags:
    """Whether each value is none of the gaps that `detect_anomalies` passes over."""
    return np.abs(value) < LARGEST


def detect_anomalies(
    partition: Integers, value: Floats, options: DetectOptions, only: Flags | None = None
) -> dict[str, NDArray[Any]]:
    """
    Judge every row by the rows of its partition before it.

    `partition` and `value` have one element a row; the rows of a partition stand together, in order of time. A value
    that is NaN (SQL NULL), infinite or beyond 1e100 is a gap: its own result is NULL, and the rows after it are judged
    as if it were not there. With `only`, just the rows so flagged are judged and the others, NULL, are history: what a
    step of a stream needs, whose history was judged before.

    Returns forecast_value, lower_bound, upper_bound, rmse and aic (float64, NaN = SQL NULL, in the unit of the value;
    aic has none and is NULL too where the residuals are exactly zero) and is_anomaly (int8: 1, 0, -1 = SQL NULL). All
    six are NULL for the first minTrainingSize rows of a partition.
    """
    result: dict[str, NDArray[Any]] = {name: np.full(len(value), np.nan) for name in COLUMNS}
    result["is_anomaly"] = np.full(len(value), -1, dtype=np.int8)
    rows = np.flatnonzero(usable(value))
    known = value[rows]
    size = np.minimum(_earlier(partition[rows]), options.max_training_size)
    judged = size >= options.min_training_size
    if only is not None:
        judged &= only[rows]
    whole = (known >= 0) & (known == np.floor(known))
    small = whole & (known < np.sqrt(2.0**62) / options.max_training_size)  # n times a sum of squares fits 63 bits
    counts, exact = _throughout(whole, size), _throughout(small, size)
    running = _running_sums(np.where(small, known, 0).astype(np.int64), options.p)
    for at in _batches(np.flatnonzero(judged & exact)):
        sums = _sums_of_counts(running, known, at, size[at], options.p)
        _put(result, rows[at], _judge(sums, known[at], counts[at], options))
    for at in _batches_of_windows(np.flatnonzero(judged & ~exact), size):
        windows = sliding_window_view(known, size[at[0]])[at - size[at[0]]]
        _put(result, rows[at], _judge(_sums_of_windows(windows, options.p), known[at], counts[at], options))
    return result


def _put(result: dict[str, NDArray[Any]], rows: Integers, columns: dict[str, NDArray[Any]]) -> None:
    for name, column in columns.items():
        result[name][rows] = column


def detect_last(values: Sequence[float | None], options_json: str) -> dict[str, float | bool | None]:
    """
    Judge the last of one partition's values, at least one, by those before it.

    Keys as of `detect_anomalies`; None is SQL NULL, in the values too. Raises as `DetectOptions.from_json` does.
    """
    options = DetectOptions.from_json(options_json)
    only = np.arange(1, len(values) + 1) == len(values)
    found = detect_anomalies(np.zeros(len(values), dtype=np.int64), np.array(values, dtype=np.float64), options, only)
    row = {name: column[-1].item() for name, column in found.items()}
    anomaly = {1: True, 0: False}.get(row.pop("is_anomaly"))
    return {name: None if np.isnan(number) else number for name, number in row.items()} | {"is_anomaly": anomaly}


def _earlier(partition: Integers) -> Integers:
    """Count for each row the rows of its partition before it."""
    row = np.arange(len(partition))
    begins = np.diff(partition, prepend=partition[:1]) != 0
    return row - np.maximum.accumulate(np.where(begins, row, 0))


def _throughout(flags: Flags, size: Integers) -> Flags:
    """Whether a flag holds in all of the `size` rows before each row."""
    broken = np.concatenate(([0], np.cumsum(~flags)))
    row = np.arange(len(flags))
    throughout: Flags = broken[row] == broken[row - size]
    return throughout


def _batches(judged: Integers) -> Iterator[Integers]:
    for first in range(0, len(judged), BATCH):
        yield judged[first : first + BATCH]


def _batches_of_windows(judged: Integers, size: Integers) -> Iterator[Integers]:
    """Split the judged rows into batches of equal window size and bounded memory."""
    judged = judged[np.argsort(size[judged], kind="stable")]
    for same in np.split(judged, np.flatnonzero(np.diff(size[judged])) + 1):
        step = CELLS // int(size[same].max(initial=1)) + 1
        for first in range(0, len(same), step):
            yield same[first : first + step]


@dataclass(frozen=True)
class _Sums:
    """What the model needs of m windows; lags 1, .., p and lag 0, the value itself, stand in this order."""

    size: Integers
    """Values in each window (m)."""
    centre: Floats
    """What `lags` and `last` are given about (m)."""
    mean: Floats
    squares: Floats
    """Mean of each window, and sum of squares about it (m)."""
    lags: Floats
    """Mean of each lag (p+1, m)."""
    moments: Floats
    """Sums of the products of two lags about their means (p+1, p+1, m)."""
    last: Floats
    """The last p values, latest first (p, m)."""


def _running_sums(known: Integers, p: int) -> Integers:
    """Sums of the values before each row, and of their products with those 0, .., p before them (p+2, rows+1)."""
    running = np.zeros((p + 2, len(known) + 1), dtype=np.int64)
    np.cumsum(known, out=running[0, 1:])
    for apart in range(p + 1):
        np.cumsum(known[apart:] * known[: len(known) - apart], out=running[apart + 1, apart + 1 :])
    return running  # may wrap around; the difference over a window does not


def _sums_of_counts(running: Integers, known: Floats, at: Integers, size: Integers, p: int) -> _Sums:
    """The sums of the windows before the rows `at`: whole numbers until the last division."""
    n, start = size - p, at - size
    total, squares = running[:2, at] - running[:2, start]
    lag_totals = [running[0, at - lag] - running[0, start + p - lag] for lag in range(p + 1)]
    moments = np.empty((p + 1, p + 1, len(at)))
    for lag in range(p + 1):
        for apart in range(p + 1 - lag):
            products = running[apart + 1, at - lag] - running[apart + 1, start + p - lag]
            about_means = (n * products - lag_totals[lag] * lag_totals[lag + apart]) / n
            moments[lag - 1, lag + apart - 1] = moments[lag + apart - 1, lag - 1] = about_means
    return _Sums(
        size=size,
        centre=np.zeros(len(at)),
        mean=total / size,
        squares=(size * squares - total**2) / size,
        lags=np.array([*lag_totals[1:], lag_totals[0]]) / n,
        moments=moments,
        last=np.array([known[at - lag] for lag in range(1, p + 1)]).reshape(p, len(at)),
    )


def _sums_of_windows(windows: Floats, p: int) -> _Sums:
    """The sums of windows (m, n), which are overwritten."""
    n = windows.shape[1]
    # About the mean of what all lags share, so that no lag is rounded at the scale of an outlier it has not seen.
    centre = windows[:, p : n - p].mean(axis=1)
    windows -= centre[:, np.newaxis]
    total = windows.sum(axis=1)
    lags, moments = _moments(windows, total, p)
    return _Sums(
        size=np.full(len(windows), n),
        centre=centre,
        mean=centre + total / n,
        squares=np.einsum("ij,ij->i", windows, windows) - total**2 / n,
        lags=lags,
        moments=moments,
        last=windows[:, ::-1][:, :p].T,
    )


def _judge(sums: _Sums, value: Floats, counts: Flags, options: DetectOptions) -> dict[str, NDArray[Any]]:
    """Forecast one step beyond each of m windows, and compare with the value (m) that came."""
    p, mean = options.p, sums.mean
    level = np.sqrt(mean**2 + sums.squares / sums.size)
    regular, step, residual = _autoregression(sums, p, FLAT * level)

    forecast = np.where(regular, sums.centre + step, mean)
    fitted = np.where(regular, sums.size - p, sums.size)
    variance = np.where(regular, residual, sums.squares) / fitted
    variance[variance <= (FLAT * level) ** 2] = 0.0
    rmse = np.sqrt(variance)
    # A count of independent arrivals scatters by the root of its mean, and none moves by less than one.
    floor = np.where(counts, np.sqrt(np.maximum(mean, 1.0)), FLAT * level)
    margin = -NormalDist().inv_cdf((1 - options.confidence_percentage / 100) / 2) * np.maximum(rmse, floor)
    lower, upper = forecast - margin, forecast + margin
    return {
        "forecast_value": forecast,
        "lower_bound": lower,
        "upper_bound": upper,
        "is_anomaly": ((value < lower) | (value > upper)).astype(np.int8),
        "rmse": rmse,
        "aic": _aic(variance, fitted, np.where(regular, p + 2, 2)),
    }


def _aic(variance: Floats, fitted: Integers, parameters: Integers) -> Floats:
    """Akaike's criterion of a Gaussian model; NaN where the variance is zero and the likelihood has no bound."""
    known = np.where(variance > 0, variance, np.nan)
    aic: Floats = fitted * (np.log(2 * np.pi * known) + 1) + 2 * parameters
    return aic


def _autoregression(sums: _Sums, p: int, flat: Floats) -> tuple[Flags, Floats, Floats]:
    """
    Regress each window on its own p lags and a constant.

    Returns whether the equations are regular, the forecast about the same centre, and the residual sum of squares, each
    (m). They are not regular when a lag scatters by no more than `flat` (m), or when the lags before it explain all of
    it but TOLERANCE; the other two results mean nothing there.
    """
    mean, moments = sums.lags, sums.moments
    spread = np.sqrt(np.maximum(np.diagonal(moments).T, 0.0))
    varies = spread > flat * np.sqrt(sums.size - p)
    unit = np.where(varies, spread, 1.0)
    regular, phi, unexplained = _solve(moments / (unit[:, np.newaxis] * unit), np.all(varies[:p], axis=0))
    step = mean[p] + unit[p] * (phi * (sums.last - mean[:p]) / unit[:p]).sum(axis=0)
    return regular, step, np.maximum(unexplained, 0.0) * unit[p] ** 2


def _moments(windows: Floats, total: Floats, p: int) -> tuple[Floats, Floats]:
    """
    Give means (p+1, m) and centred cross products (p+1, p+1, m) of lag 1, .., lag p and lag 0, the value itself.

    Lag 0 stands last: index -1. Its rows are the elements p, .., n-1 of a window (m, n); those of lag k begin k before.
    """
    n = windows.shape[1]
    mean, moments = np.empty((p + 1, len(windows))), np.empty((p + 1, p + 1, len(windows)))
    for lag in range(p + 1):
        outside = windows[:, : p - lag].sum(axis=1) + windows[:, n - lag :].sum(axis=1)
        mean[lag - 1] = (total - outside) / (n - p)
    for apart in range(p + 1):
        common = _products(windows, apart, p, n - p + apart)  # most of the sum, the same for all lags so far apart
        for lag in range(p + 1 - apart):
            before, after = _products(windows, apart, p - lag, p), _products(windows, apart, n - p + apart, n - lag)
            product = common + before + after - (n - p) * mean[lag - 1] * mean[lag + apart - 1]
            moments[lag - 1, lag + apart - 1] = moments[lag + apart - 1, lag - 1] = product
    return mean, moments


def _products(windows: Floats, apart: int, first: int, end: int) -> Floats:
    """Sum the products of the elements first, .., end - 1 of each window with those that stand `apart` before them."""
    total: Floats = np.einsum("ij,ij->i", windows[:, first:end], windows[:, first - apart : end - apart])
    return total


def _solve(correlation: Floats, regular: Flags) -> tuple[Flags, Floats, Floats]:
    """
    Eliminate the p lags from m correlation matrices (p+1, p+1, m), whose last row is the value's.

    Returns what is still regular (m), the coefficients (p, m) and the unexplained share of the value's squares (m).
    The pivot of a lag is the share of its variance that the lags before it leave unexplained.
    """
    p = len(correlation) - 1
    pivot, phi = np.ones((p, regular.size)), np.zeros((p, regular.size))
    for k in range(p):
        regular = regular & (correlation[k, k] > TOLERANCE)
        pivot[k] = np.where(regular, correlation[k, k], 1.0)
        for i in range(k + 1, p + 1):
            correlation[i] -= correlation[i, k] / pivot[k] * correlation[k]
    for k in reversed(range(p)):
        phi[k] = (correlation[k, p] - (correlation[k, k + 1 : p] * phi[k + 1 :]).sum(axis=0)) / pivot[k]
    return regular, phi, correlation[p, p]
