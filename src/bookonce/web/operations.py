"""What an operator's tools ask: alive, ready, how much."""

from __future__ import annotations

import asyncio

import structlog
from litestar import Response, get

from bookonce.platform.retry import DATABASE_ERRORS
from bookonce.queue import depth_rows
from bookonce.web.dependencies import Here, Watched
from bookonce.web.errors import problem
from bookonce.web.metrics import POOL_IDLE, POOL_OPEN, JobMetrics, exposition

JOBS_TIMEOUT_S = 1

log = structlog.get_logger("bookonce.web")


@get("/healthz", include_in_schema=False)
async def healthz() -> dict[str, str]:
    """This process answers."""
    return {"status": "alive"}


@get("/readyz", include_in_schema=False)
async def readyz(readiness: Watched) -> Response[bytes] | dict[str, str]:
    """Requests may be sent: the database is there, is what this code needs, and can be written."""
    faults = await readiness.faults()
    if not faults:
        return {"status": "ready"}
    for fault in faults:
        log.warning("not ready", subject=fault.subject, found=fault.found, cause=fault.said)
    # What the database said stays in the log: it can name users and hosts.
    detail = " ".join(f"{fault.subject}: {fault.found}; {fault.advice}." for fault in faults)
    return problem(503, "TRY_AGAIN", detail, headers={"Retry-After": "1"})


@get("/metrics", include_in_schema=False)
async def metrics(installation: Here) -> Response[bytes]:
    """Prometheus's text format, for all workers together."""
    POOL_OPEN.set(installation.database.connections_open)
    POOL_IDLE.set(installation.database.connections_idle)
    content, media_type = exposition(await _job_metrics(installation))
    return Response(content, media_type=media_type)


async def _job_metrics(installation: Here) -> JobMetrics | None:
    try:
        async with asyncio.timeout(JOBS_TIMEOUT_S):
            async with installation.database.connection() as connection:
                depth = await depth_rows.depth(connection)
                return JobMetrics(depth, await depth_rows.outcomes(connection))
    except DATABASE_ERRORS:
        return None
