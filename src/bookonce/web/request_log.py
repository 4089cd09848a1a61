"""Around every request: an id, a line in the log, two metrics, and headers that tell the time it
took and keep pages safe.
"""

from __future__ import annotations

import re
import secrets
import time
from collections.abc import Sequence

import structlog
from litestar.enums import ScopeType
from litestar.types import ASGIApp, HTTPResponseStartEvent, Message, Receive, Scope, Send

from bookonce.business.document import is_slug
from bookonce.platform.settings import Network, host_name
from bookonce.web.booking_page.problem import no_such_host, nothing_here
from bookonce.web.client_address import client_address, header
from bookonce.web.metrics import request_metrics
from bookonce.web.whole_body import whole_body

log = structlog.get_logger("bookonce.access")
_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
_PARAMETER = re.compile(r"\{(\w+)\}")
UNMATCHED = "unmatched"
PART_LENGTH_MAX = 200
METHODS = frozenset({"GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"})
CONTENT_SECURITY_POLICY = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'"
_SAFE_HEADERS = {
    b"x-content-type-options": b"nosniff",
    b"referrer-policy": b"no-referrer",  # addresses of appointments are capabilities
    b"content-security-policy": CONTENT_SECURITY_POLICY.encode(),
    b"cache-control": b"no-store",
}
_ENCRYPTED_ONLY = {b"strict-transport-security": b"max-age=31536000"}
# To our own pages alone, so that browsers without Sec-Fetch-Site say where a form was sent from.
_OF_PAGES = {b"referrer-policy": b"same-origin"}


class RequestLog:
    """Outermost ASGI layer. A request id is taken from the caller if it is a plain one."""

    def __init__(self, app: ASGIApp, proxies: Sequence[Network], *, is_encrypted: bool) -> None:
        self._app = app
        self._proxies = proxies
        self._safe_headers = _SAFE_HEADERS | (_ENCRYPTED_ONLY if is_encrypted else {})

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != ScopeType.HTTP:
            await self._app(scope, receive, send)
            return
        started = time.perf_counter()
        given_id = header(scope, b"x-request-id")
        known = given_id is not None and _REQUEST_ID.fullmatch(given_id)
        request_id = given_id if known and given_id else secrets.token_hex(8)
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request_id=request_id)
        status = 500
        asked_method = scope["method"]
        if asked_method == "HEAD":
            scope["method"] = "GET"  # the same answer, without its body

        async def send_noting(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.body" and asked_method == "HEAD":
                message["body"] = b""
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = list(message["headers"])
                present = {name.lower() for name, _ in headers}
                safe = self._safe_headers | (_OF_PAGES if _is_page(message) else {})
                headers += [pair for pair in safe.items() if pair[0] not in present]
                headers.append((b"x-request-id", request_id.encode()))
                spent_ms = (time.perf_counter() - started) * 1000
                headers.append((b"server-timing", f"app;dur={spent_ms:.2f}".encode()))
                message["headers"] = headers
            await send(message)

        app = self._app if _could_be(scope["path"]) else nothing_here
        if (host := header(scope, b"host")) and not host_name(host):
            app = no_such_host
        try:
            await app(scope, whole_body(receive), send_noting)
        finally:
            seconds = time.perf_counter() - started
            route = scope.get("path_template") or UNMATCHED
            method = asked_method if asked_method in METHODS else UNMATCHED
            count, time_taken = request_metrics(method, route, status)
            count.inc()
            time_taken.observe(seconds)
            log.info(
                "request",
                method=method,
                path=_told_path(scope, route, status),
                status=status,
                ms=round(seconds * 1000, 1),
                client=client_address(scope, self._proxies),
            )


def _is_page(start: HTTPResponseStartEvent) -> bool:
    return any(
        name.lower() == b"content-type" and value.startswith(b"text/html")
        for name, value in start["headers"]
    )


def _told_path(scope: Scope, route: str, status: int) -> str:
    """The route that was asked for, and of which business; nothing else of the address.

    A manage token opens an appointment wherever it stands, and links are mangled on their way. So
    what stood in the address is told only where it can't be one: the slug of a business that there
    is. Where nothing was found, half a link may have been taken for a slug.
    """
    slug = scope.get("path_params", {}).get("slug")
    if status == 404 or not isinstance(slug, str) or not is_slug(slug):
        return route
    return _PARAMETER.sub(lambda match: slug if match[1] == "slug" else match[0], route)


def _could_be(path: str) -> bool:
    """Whether a file system or a database could know any of an address's parts."""
    return "\0" not in path and all(len(part) <= PART_LENGTH_MAX for part in path.split("/"))
