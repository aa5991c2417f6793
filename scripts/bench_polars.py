"""
The rules structuring and geo, written by hand in Polars: what the embedded engine is measured against.

The file's rows pass the same checks of the contract, and a row is dropped if its window had closed before it arrived.
Of an alert only account, window, count and total are computed, neither evidence nor id nor severity. The streaming
engine, one group-by a rule: faster than the in-memory engine, and than to look for three countries among candidates.
"""

from datetime import UTC, datetime
from pathlib import Path

import polars as pl

TYPES = ["CASH_DEPOSIT", "CASH_WITHDRAWAL", "EFT", "WIRE", "CARD", "CHECK", "TRANSFER", "HEARTBEAT"]
MINUTE = 60_000
DAY = 1440 * MINUTE
DELAY = 10_000
"""Of the watermark, in milliseconds."""


def polars_alerts(path: Path) -> list[tuple[str, str, int, int, int | None]]:
    """Rule, account, window start (epoch milliseconds), count and total (cents) of each alert, sorted."""
    good = _good(pl.scan_parquet(path)).select(
        "account_id", "transaction_type", "currency", "country", "event_time", "watermark", cents=_cents()
    )
    found = pl.collect_all([_structuring(good), _geo(good)], engine="streaming")
    return sorted(
        (rule, *row) for rule, alerts in zip(("structuring", "geo"), found, strict=True) for row in alerts.iter_rows()
    )


def _cents() -> pl.Expr:
    return (pl.col("amount") * 100).round().cast(pl.Int64)


def _good(rows: pl.LazyFrame) -> pl.LazyFrame:
    """The rows that keep the contract, with the watermark before each of them."""
    now = int(datetime.now(UTC).timestamp() * 1000)
    amount, time, kind = pl.col("amount"), pl.col("event_time"), pl.col("transaction_type")
    mark = pl.when(time > now + DAY).then(0).otherwise(time - DELAY)
    checks = [
        *(pl.col(name).str.len_chars().is_between(1, 64) for name in ("event_id", "account_id", "customer_id")),
        kind.is_in(TYPES) & (kind != "HEARTBEAT"),
        amount.is_finite() & (amount > 0) & (amount <= 1e12) & (amount.round(2) == amount),
        pl.col("currency").str.contains(r"^[A-Z]{3}$"),
        pl.col("direction").is_in(["IN", "OUT"]),
        pl.col("country").str.contains(r"^[A-Z]{2}$"),
        pl.col("counterparty_id").str.len_chars().is_between(1, 64).fill_null(True),
        time.is_between(631_152_000_000, now + DAY),
    ]
    return rows.with_columns(watermark=mark.cum_max().shift(1)).filter(*checks)


def _windowed(rows: pl.LazyFrame, minutes: int) -> pl.LazyFrame:
    """Rows with the start of their tumbling window, without those that came after its end."""
    size = minutes * MINUTE
    start = pl.col("event_time") // size * size
    on_time = pl.col("watermark").is_null() | (start + size - 1 > pl.col("watermark"))
    return rows.filter(on_time).with_columns(window_start=start)


def _structuring(rows: pl.LazyFrame) -> pl.LazyFrame:
    wanted = pl.col("transaction_type").is_in(["CASH_DEPOSIT", "CASH_WITHDRAWAL", "EFT"]) & (
        pl.col("currency") == "USD"
    )
    return (
        _windowed(rows.filter(wanted), 60)
        .group_by("account_id", "window_start")
        .agg(count=pl.len(), below=(pl.col("cents") < 1_000_000).sum(), total=pl.col("cents").sum())
        .filter(pl.col("count") >= 5, pl.col("below") >= 4, pl.col("total") >= 3_000_000)
        .select("account_id", "window_start", "count", "total")
    )


def _geo(rows: pl.LazyFrame) -> pl.LazyFrame:
    single = pl.col("lowest") == pl.col("highest")
    return (
        _windowed(rows, 30)
        .group_by("account_id", "window_start")
        .agg(
            count=pl.len(),
            countries=pl.col("country").n_unique(),
            total=pl.col("cents").sum(),
            lowest=pl.col("currency").min(),
            highest=pl.col("currency").max(),
        )
        .filter(pl.col("countries") >= 3)
        .select("account_id", "window_start", "count", pl.when(single).then("total"))
    )
