"""How often one client address may ask, and how often it may try to change something."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

from litestar import MediaType, Response
from litestar.enums import ScopeType
from litestar.types import ASGIApp, HTTPScope, Message, Receive, Scope, Send

from bookonce.availability.effort import present
from bookonce.platform.settings import Network
from bookonce.web.booking_page.problem import too_many_requests
from bookonce.web.client_address import client_address, header, network_of
from bookonce.web.counts import Counts, Kind
from bookonce.web.errors import problem

MUTATING = frozenset({"POST", "PUT", "PATCH", "DELETE"})
UNCOUNTED = ("/webhooks/", "/healthz", "/readyz", "/metrics")
"""Messages of payment providers come in bursts from few addresses, and are known by signature; what
an operator's tools ask tells whether the server lives.
"""


FOR_PROGRAMS = ("/api/", "/mcp")
"""Whoever writes a program wants to know where they stand before they are refused."""


def _telling(send: Send, counts: Counts, client: str) -> Send:
    """Have an answer say how much is allowed, and how much of it is left."""

    async def told(message: Message) -> None:
        if message["type"] == "http.response.start":
            rate, left = counts.rate, counts.left(client, time.time())
            message["headers"] = [
                *message["headers"],
                (b"ratelimit-policy", b'"default";q=%d;w=%d' % (rate.count, rate.seconds)),
                (b"ratelimit", b'"default";r=%d;t=%d' % (left, rate.seconds)),
            ]
        await send(message)

    return told


async def refuse(wait_s: int, scope: HTTPScope, receive: Receive, send: Send) -> None:
    """Answer 429 with Retry-After: to people with a page, to programs with problem details."""
    response = _refusal(scope, wait_s)
    response.headers["Retry-After"] = str(wait_s)
    await response.to_asgi_response(None, None)(scope, receive, send)  # type: ignore[arg-type]


def _refusal(scope: HTTPScope, wait_s: int) -> Response[Any]:
    if MediaType.HTML in (header(scope, b"accept") or ""):
        return too_many_requests(header(scope, b"accept-language"), wait_s)
    detail = f"Too many requests from your address; try again in {wait_s} seconds."
    return problem(429, "RATE_LIMITED", detail)


class RateLimit:
    """ASGI middleware that answers 429 with Retry-After. All workers of a server count together.

    A question that was dear to answer counts as several.
    """

    def __init__(self, app: ASGIApp, changes: str, reads: str, proxies: Sequence[Network]) -> None:
        self._app = app
        self._proxies = proxies
        self._changes = Counts(Kind.CHANGES, changes)
        self._reads = Counts(Kind.READS, reads)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request pass, or refuse it."""
        if scope["type"] == ScopeType.HTTP and not scope["path"].startswith(UNCOUNTED):
            counts = self._changes if scope["method"] in MUTATING else self._reads
            client = network_of(client_address(scope, self._proxies))
            if scope["path"].startswith(FOR_PROGRAMS):
                send = _telling(send, counts, client)
            if wait_s := counts.wait_s(client, time.time()):
                await refuse(wait_s, scope, receive, send)
                return
            try:
                await self._app(scope, receive, send)
            finally:
                if extra := present().extra_questions:
                    self._reads.add(client, time.time(), extra)
            return
        await self._app(scope, receive, send)
