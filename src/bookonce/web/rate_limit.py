"""How often one client address may try to change something."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from typing import Any

from limits import parse
from limits.aio.storage import MemoryStorage
from limits.aio.strategies import MovingWindowRateLimiter
from litestar import MediaType, Response
from litestar.enums import ScopeType
from litestar.types import ASGIApp, HTTPScope, Receive, Scope, Send

from bookonce.platform.settings import Network
from bookonce.web.booking_page.problem import too_many_requests
from bookonce.web.client_address import client_address, header, network_of
from bookonce.web.errors import problem

MUTATING = frozenset({"POST", "PUT", "PATCH", "DELETE"})
SIGNED = "/webhooks/"
"""Messages of payment providers come in bursts from few addresses, and are known by signature."""


def _refusal(scope: HTTPScope, wait_s: int) -> Response[Any]:
    """For people as a page in their language, for programs as problem details."""
    if MediaType.HTML in (header(scope, b"accept") or ""):
        return too_many_requests(header(scope, b"accept-language"), wait_s)
    detail = f"Too many requests from your address; try again in {wait_s} seconds."
    return problem(429, "RATE_LIMITED", detail)


class RateLimit:
    """ASGI middleware that answers 429 with Retry-After. Each worker counts for itself."""

    def __init__(self, app: ASGIApp, rate: str, proxies: Sequence[Network]) -> None:
        self._app = app
        self._proxies = proxies
        self._limit = parse(rate)
        self._limiter = MovingWindowRateLimiter(MemoryStorage())

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request pass, or refuse it."""
        if (
            scope["type"] == ScopeType.HTTP
            and scope["method"] in MUTATING
            and not scope["path"].startswith(SIGNED)
        ):
            key = network_of(client_address(scope, self._proxies))
            if not await self._limiter.hit(self._limit, key):
                stats = await self._limiter.get_window_stats(self._limit, key)
                wait_s = max(1, math.ceil(stats.reset_time - time.time()))
                response = _refusal(scope, wait_s)
                response.headers["Retry-After"] = str(wait_s)
                await response.to_asgi_response(None, None)(scope, receive, send)  # type: ignore[arg-type]
                return
        await self._app(scope, receive, send)
