"""Conditional GET: an answer that hasn't changed isn't sent again.

The answer is always made anew, so that a slot that was taken is never confirmed as free; what is
saved is sending it. `no-cache` lets a browser keep it, but use it only after asking.
"""

from __future__ import annotations

import hashlib
import re

from litestar.enums import ScopeType
from litestar.types import ASGIApp, HTTPResponseStartEvent, Message, Receive, Scope, Send

from bookonce.web.client_address import header

PATHS = ("/api/v1/",)
NEVER_KEPT = re.compile(r"/appointments/|^/api/v1/[^/]+/office(/|$)")
"""What is personal."""


class ConditionalGet:
    """ASGI middleware: ETag and Cache-Control on public answers, 304 for If-None-Match."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if (
            scope["type"] != ScopeType.HTTP
            or scope["method"] != "GET"
            or not scope["path"].startswith(PATHS)
            or NEVER_KEPT.search(scope["path"])
        ):
            await self._app(scope, receive, send)
            return
        start: HTTPResponseStartEvent | None = None
        body = b""

        async def send_tagged(message: Message) -> None:
            nonlocal start, body
            if message["type"] == "http.response.start":
                start = message
                return
            if message["type"] != "http.response.body" or start is None:
                await send(message)
                return
            body += message["body"]
            if message.get("more_body"):
                return
            if start["status"] == 200:
                tag = f'"{hashlib.blake2b(body, digest_size=16).hexdigest()}"'
                headers = [
                    *start["headers"],
                    (b"etag", tag.encode()),
                    (b"cache-control", b"no-cache"),
                ]
                if is_known(header(scope, b"if-none-match"), tag):
                    headers = [
                        pair
                        for pair in headers
                        if pair[0] not in (b"content-length", b"content-type")
                    ]
                    start, body = {**start, "status": 304}, b""
                start["headers"] = headers
            await send(start)
            await send({**message, "body": body})

        await self._app(scope, receive, send_tagged)


def is_known(condition: str | None, tag: str) -> bool:
    """If-None-Match, compared weakly as RFC 9110 has it."""
    if condition is None:
        return False
    known = [one.strip().removeprefix("W/") for one in condition.split(",")]
    return tag in known or known == ["*"]
