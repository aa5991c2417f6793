"""Figures of the running service: for Prometheus, for the health endpoint, and as a line on stderr."""

import json
import threading
import time
from collections.abc import Callable, Iterable
from typing import cast
from wsgiref.simple_server import WSGIRequestHandler, make_server

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, make_wsgi_app
from prometheus_client.exposition import ThreadingWSGIServer

from sql.errors import ServiceError

_SILENCE = 60
"""Seconds without a finished step after which a loop is not well."""


class Figures:
    """What the loops count."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.events = Counter("sentinel_events", "Transactions read", registry=self.registry)
        self.rejected = Counter(
            "sentinel_rejected", "Records that could not be read or break the contract", registry=self.registry
        )
        self.late = Counter("sentinel_late", "Transactions that arrived behind the watermark", registry=self.registry)
        self.alerts = Counter("sentinel_alerts", "Alerts written", ["rule"], registry=self.registry)
        self.dispositions = Counter(
            "sentinel_dispositions", "Dispositions written", ["decision"], registry=self.registry
        )
        self.aborted = Counter(
            "sentinel_transactions_aborted", "Kafka transactions aborted", ["loop"], registry=self.registry
        )
        self.lag = Gauge("sentinel_lag_records", "Records not yet read", ["loop", "partition"], registry=self.registry)
        self.watermark = Gauge(
            "sentinel_watermark_seconds", "Watermark, seconds since 1970", ["partition"], registry=self.registry
        )
        self.step = Histogram("sentinel_step_seconds", "One step, reading to commit", ["loop"], registry=self.registry)
        self.totals = dict.fromkeys(("events", "rejected", "late", "alerts", "dispositions"), 0)
        self.lags: dict[tuple[str, int], int] = {}
        self.beats: dict[str, float] = {}
        self.last_step = 0.0
        self.lock = threading.Lock()
        """Of the totals, to which several threads add."""

    def add(self, name: str, count: int) -> None:
        """Count events, rejected or late records."""
        if count:
            getattr(self, name).inc(count)
            with self.lock:
                self.totals[name] += count

    def add_labelled(self, name: str, labels: Iterable[str]) -> None:
        """Count alerts by rule, or dispositions by decision."""
        for label in labels:
            getattr(self, name).labels(label).inc()
            with self.lock:
                self.totals[name] += 1

    def beat(self, loop: str, seconds: float | None = None) -> None:
        """Note that a loop has come round, and how long its step took, if it did one."""
        self.beats[loop] = time.monotonic()
        if seconds is not None:
            self.step.labels(loop).observe(seconds)
            self.last_step = seconds

    def behind(self, loop: str, partition: int, records: int | None) -> None:
        """Note how many records of a partition have not been read; what is not known stays as it was."""
        if records is None:
            return
        self.lag.labels(loop, str(partition)).set(records)
        self.lags[loop, partition] = records

    def line(self) -> str:
        """The figures in one line."""
        totals = ", ".join(f"{name} {count:,}" for name, count in self.totals.items())
        return f"{totals}, lag {sum(self.lags.values()):,}, last step {self.last_step:.2f} s"

    def is_well(self) -> bool:
        """Whether every loop has come round lately."""
        return bool(self.beats) and all(time.monotonic() - beat < _SILENCE for beat in self.beats.values())


def serve(figures: Figures, port: int) -> Callable[[], None]:
    """
    Serve `/metrics` for Prometheus and `/health` on a port of this machine; what ends it.

    Raises:
        ServiceError: the port is taken.
    """
    metrics = make_wsgi_app(figures.registry)

    def app(environment: dict[str, object], respond: Callable[..., object]) -> Iterable[bytes]:
        if environment["PATH_INFO"] == "/metrics":
            return cast("Iterable[bytes]", metrics(environment, respond))
        if environment["PATH_INFO"] != "/health":
            respond("404 Not Found", [("Content-Type", "text/plain")])
            return [b"/metrics or /health\n"]
        well = figures.is_well()
        respond("200 OK" if well else "503 Service Unavailable", [("Content-Type", "application/json")])
        return [json.dumps({"status": "up" if well else "down", **figures.totals}).encode()]

    try:
        server = make_server("127.0.0.1", port, app, _Server, _Silent)
    except OSError as error:
        raise ServiceError(f"Port {port} cannot be used for metrics: {error.strerror}.") from None
    threading.Thread(target=server.serve_forever, daemon=True).start()

    def end() -> None:
        server.shutdown()
        server.server_close()

    return end


class _Server(ThreadingWSGIServer):
    """A thread for each request: a connection on which none comes must hold up neither others nor the end."""

    def handle_error(self, *_: object) -> None:
        """Say nothing of a client that has gone."""


class _Silent(WSGIRequestHandler):
    timeout = 10
    """Seconds for which a request is waited for."""

    def log_message(self, *_: object) -> None:
        """Say nothing of requests."""
