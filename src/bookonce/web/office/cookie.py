"""The cookie that has a session's id, and where it is set."""

from __future__ import annotations

from http.cookies import SimpleCookie
from typing import Any

from litestar import Request
from litestar.enums import ScopeType
from litestar.types import ASGIApp, Message, Receive, Scope, Send

from bookonce.accounts.sessions import LIFETIME
from bookonce.platform.settings import Settings
from bookonce.web.requests import base_url

PLAIN_NAME = "bookonce_office"
SAFE_NAME = f"__Host-{PLAIN_NAME}"
"""Browsers take a cookie of such a name only over TLS, for this very host and from itself: another
host of the domain can't put one in its place.
"""
_STATE = "office_cookie"


def is_safe(request: Request[Any, Any, Any], settings: Settings) -> bool:
    """Whether the browser came over TLS."""
    return base_url(request, settings).startswith("https:")


def session_token(request: Request[Any, Any, Any], settings: Settings) -> str | None:
    """The session id that the browser has sent."""
    return request.cookies.get(SAFE_NAME if is_safe(request, settings) else PLAIN_NAME)


def give(request: Request[Any, Any, Any], settings: Settings, token: str | None) -> None:
    """Have the answer set the cookie; None takes it away."""
    safe = is_safe(request, settings)
    name = SAFE_NAME if safe else PLAIN_NAME
    cookie: SimpleCookie = SimpleCookie({name: token or ""})
    morsel = cookie[name]
    morsel["path"], morsel["httponly"], morsel["samesite"] = "/", True, "Lax"
    morsel["max-age"] = int(LIFETIME.total_seconds()) if token else 0
    if safe:
        morsel["secure"] = True
    request.scope["state"][_STATE] = morsel.OutputString()


class Cookies:
    """ASGI middleware: sets the cookie that a guard or a handler has given, whatever the answer is.

    An answer that sets one, or that was made for whoever has one, is kept nowhere.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != ScopeType.HTTP:
            await self._app(scope, receive, send)
            return

        async def send_with_cookie(message: Message) -> None:
            if message["type"] == "http.response.start":
                given = scope["state"].get(_STATE)
                if given is not None:
                    message["headers"] = [
                        *message["headers"],
                        (b"set-cookie", given.encode("latin-1")),
                    ]
            await send(message)

        await self._app(scope, receive, send_with_cookie)
