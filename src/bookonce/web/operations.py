"""What an operator's tools ask: alive, ready, how much."""

from __future__ import annotations

import asyncio

import asyncpg
from litestar import Response, get

from bookonce.platform.schema import pending_versions
from bookonce.queue import depth_rows
from bookonce.web.dependencies import Here
from bookonce.web.errors import problem
from bookonce.web.metrics import POOL_IDLE, POOL_OPEN, JobMetrics, exposition

READY_TIMEOUT_S = 3
JOBS_TIMEOUT_S = 1


@get("/healthz", include_in_schema=False)
async def healthz() -> dict[str, str]:
    """This process answers."""
    return {"status": "alive"}


@get("/readyz", include_in_schema=False)
async def readyz(installation: Here) -> Response[bytes] | dict[str, str]:
    """The database is reachable and its schema is the one this code needs."""
    try:
        async with asyncio.timeout(READY_TIMEOUT_S):
            async with installation.database.connection() as connection:
                pending = await pending_versions(connection)
    except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError):
        return problem(
            503, "TRY_AGAIN", "The database can't be reached.", headers={"Retry-After": "1"}
        )
    if pending:
        return problem(
            503,
            "TRY_AGAIN",
            f"The schema lacks {', '.join(pending)}; run bookonce migrate.",
            headers={"Retry-After": "5"},
        )
    return {"status": "ready"}


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
    except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError):
        return None
