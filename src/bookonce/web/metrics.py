"""What Prometheus can ask: requests, bookings by outcome, attempts, the pool.

With several workers each writes to files in one folder (`PROMETHEUS_MULTIPROC_DIR`), so that
whichever worker is asked answers for all of them.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from functools import lru_cache

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
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from bookonce.platform.build_identity import identity
from bookonce.queue.depth_rows import Depth

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


@lru_cache(maxsize=1_000)
def request_metrics(method: str, route: str, status: int) -> tuple[Counter, Histogram]:
    """Where a request is counted and timed; looking that up takes longer than counting."""
    return REQUESTS.labels(method, route, status), REQUEST_SECONDS.labels(method, route)


BOOKINGS = Counter("bookonce_bookings", "Booking requests by outcome", ["outcome"])
CHANGES = Counter("bookonce_changes", "Moves and cancellations by outcome", ["verb", "outcome"])
PROVIDER_EVENTS = Counter(
    "bookonce_provider_events", "Messages of payment providers by outcome", ["provider", "outcome"]
)
ATTEMPTS = Counter(
    "bookonce_database_attempts", "Attempts at database operations, retries included"
)
CONNECTIONS_ENDED = Counter(
    "bookonce_connections_ended", "Clients' connections that were ended to make room for others"
)
POOL_OPEN = Gauge(
    "bookonce_pool_connections_open", "Database connections open", multiprocess_mode="livesum"
)
POOL_IDLE = Gauge(
    "bookonce_pool_connections_idle", "Database connections unused", multiprocess_mode="livesum"
)


class JobMetrics(Collector):
    """The queue, which belongs to the database and not to one of its servers: as it is there."""

    def __init__(self, depth: Depth, outcomes: Sequence[tuple[str, str, int]]) -> None:
        self._depth = depth
        self._outcomes = outcomes

    def collect(self) -> Iterator[Metric]:
        """As of when this was made."""
        waiting = "Jobs, and events that lead to some, that are to be done"
        yield GaugeMetricFamily("bookonce_jobs_waiting", waiting, self._depth.waiting)
        dead = "Jobs that were given up"
        yield GaugeMetricFamily("bookonce_jobs_dead", dead, self._depth.dead)
        done = CounterMetricFamily(
            "bookonce_jobs_done", "Attempts at jobs by outcome", labels=["job", "outcome"]
        )
        for name, outcome, total in self._outcomes:
            done.add_metric([name, outcome], total)
        yield done


class BuildMetrics(Collector):
    """Which build answers, as a label."""

    def collect(self) -> Iterator[Metric]:
        """Always 1."""
        build = GaugeMetricFamily("bookonce_build_info", "Which build this is", labels=["version"])
        build.add_metric([identity()], 1)
        yield build


def exposition(jobs: JobMetrics | None) -> tuple[bytes, str]:
    """All metrics in Prometheus's text format, and its content type. Without `jobs` if the database
    can't be asked."""
    registry: CollectorRegistry = REGISTRY
    if "PROMETHEUS_MULTIPROC_DIR" in os.environ:
        registry = CollectorRegistry()
        MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    text = generate_latest(registry)
    apart = CollectorRegistry()
    apart.register(BuildMetrics())
    if jobs is not None:
        apart.register(jobs)
    return text + generate_latest(apart), CONTENT_TYPE_LATEST
