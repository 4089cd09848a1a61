"""How often one client address may try to change something."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence

from limits import parse
from limits.aio.storage import MemoryStorage
from limits.aio.strategies import MovingWindowRateLimiter
from litestar.enums import ScopeType
from litestar.types import ASGIApp, Receive, Scope, Send

from bookonce.settings import Network
from bookonce.web.client_address import client_address, network_of
from bookonce.web.errors import problem

MUTATING = frozenset({"POST", "PUT", "PATCH", "DELETE"})


class RateLimit:
    """ASGI middleware that answers 429 with Retry-After. Each worker counts for itself."""

    def __init__(self, app: ASGIApp, rate: str, proxies: Sequence[Network]) -> None:
        self._app = app
        self._proxies = proxies
        self._limit = parse(rate)
        self._limiter = MovingWindowRateLimiter(MemoryStorage())

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request pass, or refuse it."""
        if scope["type"] == ScopeType.HTTP and scope["method"] in MUTATING:
            key = network_of(client_address(scope, self._proxies))
            if not await self._limiter.hit(self._limit, key):
                stats = await self._limiter.get_window_stats(self._limit, key)
                wait_s = max(1, math.ceil(stats.reset_time - time.time()))
                response = problem(
                    429,
                    "RATE_LIMITED",
                    f"Too many requests from your address; try again in {wait_s} seconds.",
                    headers={"Retry-After": str(wait_s)},
                )
                await response.to_asgi_response(None, None)(scope, receive, send)  # type: ignore[arg-type]
                return
        await self._app(scope, receive, send)
