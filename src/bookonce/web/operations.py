"""What an operator's tools ask: alive, ready, how much."""

from __future__ import annotations

import asyncio
from typing import Any

import structlog
from litestar import Request, Response, get
from litestar.exceptions import NotFoundException
from litestar.types import HTTPScope

from bookonce.availability.installation import Installation
from bookonce.platform.retry import DATABASE_ERRORS
from bookonce.platform.settings import host_name, is_loopback
from bookonce.queue import depth_rows
from bookonce.web.client_address import header, peer_address
from bookonce.web.dependencies import Configured, Here, Watched
from bookonce.web.errors import problem
from bookonce.web.metrics import POOL_IDLE, POOL_OPEN, JobMetrics, exposition

JOBS_TIMEOUT_S = 1
PASSED_ON = (b"forwarded", b"via", b"x-real-ip", b"cf-connecting-ip", b"true-client-ip")
"""Headers of proxies, beside those that begin with X-Forwarded."""

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
async def metrics(
    request: Request[Any, Any, Any], installation: Here, settings: Configured
) -> Response[bytes]:
    """The same as on the operators' listener, where visitors and operators are the same people."""
    if settings.is_public or not _is_from_this_machine(request.scope):
        raise NotFoundException
    content, media_type = await measured(installation)
    return Response(content, media_type=media_type)


def _is_from_this_machine(scope: HTTPScope) -> bool:
    """Whether nobody stands between us and a program on this machine. A proxy on it does, if it
    says so or asks for a name that isn't this machine's.
    """
    if not is_loopback(peer_address(scope)) or not is_loopback(host_name(header(scope, b"host"))):
        return False
    return not any(
        name.startswith(b"x-forwarded") or name in PASSED_ON for name, _ in scope["headers"]
    )


async def measured(installation: Installation) -> tuple[bytes, str]:
    """Prometheus's text format, for all workers together, and its content type."""
    POOL_OPEN.set(installation.database.connections_open)
    POOL_IDLE.set(installation.database.connections_idle)
    return exposition(await _job_metrics(installation))


async def _job_metrics(installation: Here) -> JobMetrics | None:
    try:
        async with asyncio.timeout(JOBS_TIMEOUT_S):
            async with installation.database.connection() as connection:
                depth = await depth_rows.depth(connection)
                return JobMetrics(depth, await depth_rows.outcomes(connection))
    except DATABASE_ERRORS:
        return None
