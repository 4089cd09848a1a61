"""What Prometheus can ask: requests, bookings by outcome, attempts, the pool.

With several workers each writes to files in one folder (`PROMETHEUS_MULTIPROC_DIR`), so that
whichever worker is asked answers for all of them.
"""

from __future__ import annotations

import os

from prometheus_client import (
    CONTENT_TYPE_LATEST,
    REGISTRY,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    disable_created_metrics,
    generate_latest,
)
from prometheus_client.multiprocess import MultiProcessCollector

disable_created_metrics()  # type: ignore[no-untyped-call]

REQUESTS = Counter(
    "bookonce_http_requests", "HTTP requests answered", ["method", "route", "status"]
)
REQUEST_SECONDS = Histogram(
    "bookonce_http_request_seconds",
    "Time from a request's arrival to its answer",
    ["method", "route"],
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
)
BOOKINGS = Counter("bookonce_bookings", "Booking requests by outcome", ["outcome"])
CHANGES = Counter("bookonce_changes", "Moves and cancellations by outcome", ["verb", "outcome"])
PROVIDER_EVENTS = Counter(
    "bookonce_provider_events", "Messages of payment providers by outcome", ["provider", "outcome"]
)
ATTEMPTS = Counter(
    "bookonce_database_attempts", "Attempts at database operations, retries included"
)
POOL_OPEN = Gauge(
    "bookonce_pool_connections_open", "Database connections open", multiprocess_mode="livesum"
)
POOL_IDLE = Gauge(
    "bookonce_pool_connections_idle", "Database connections unused", multiprocess_mode="livesum"
)


def exposition() -> tuple[bytes, str]:
    """All metrics in Prometheus's text format, and its content type."""
    registry: CollectorRegistry = REGISTRY
    if "PROMETHEUS_MULTIPROC_DIR" in os.environ:
        registry = CollectorRegistry()
        MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    return generate_latest(registry), CONTENT_TYPE_LATEST
