"""A server that is about to stop says so first, so that a proxy sends requests elsewhere.

The process that was told to stop marks it with a file, which its workers look for: they are
processes of their own, and a signal would stop them.
"""

from __future__ import annotations

import os
from pathlib import Path

from litestar.enums import ScopeType
from litestar.types import ASGIApp, Message, Receive, Scope, Send

PLACE = "_BOOKONCE_DRAIN_FILE"
"""The variable by which a server tells its workers where the mark is. Not a setting."""


def is_draining() -> bool:
    """Whether this server is about to stop."""
    place = os.environ.get(PLACE)
    return place is not None and os.access(place, os.F_OK)


def mark_draining() -> None:
    """Tell the workers that this server is about to stop."""
    Path(os.environ[PLACE]).touch()


class Drain:
    """ASGI layer: while the server drains, each answer is the last of its connection. A proxy that
    keeps connections would otherwise send a request on one just as it is closed.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != ScopeType.HTTP or not is_draining():
            await self._app(scope, receive, send)
            return

        async def send_last(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], (b"connection", b"close")]
            await send(message)

        await self._app(scope, receive, send_last)
