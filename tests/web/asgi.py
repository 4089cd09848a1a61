"""The application in this process: requests that no client library would send, at thousands a
second, and what was logged of them.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import structlog
from litestar import Litestar
from litestar.types import ASGIApp

from bookonce.platform.settings import Settings

Headers = Sequence[tuple[bytes, bytes]]


@dataclass(frozen=True, slots=True)
class Request:
    """One request, as a server would hand it over: `path` is percent-encoded."""

    method: str
    path: bytes
    query: bytes = b""
    headers: Headers = ()
    body: bytes = b""
    peer: str = "198.51.100.7"

    def __str__(self) -> str:
        query = b"?" + self.query if self.query else b""
        return f"{self.method} {(self.path + query)[:300]!r} {list(self.headers)!r:.600} {self.body[:400]!r}"


@dataclass(slots=True)
class Answer:
    """What came of it. `headers` has names in lower case."""

    status: int = 0
    headers: list[tuple[bytes, bytes]] = field(default_factory=list)
    body: bytes = b""

    def header(self, name: str) -> str | None:
        """A header's value, if it is there."""
        found = [value.decode("latin-1") for key, value in self.headers if key == name.encode()]
        return found[-1] if found else None


def litestar_in(app: ASGIApp) -> Litestar:
    """The application without what stands around it."""
    while not isinstance(app, Litestar):
        app = vars(app)["_app"]
    return app


class InProcess:
    """An application that is asked without a socket."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self.litestar = litestar_in(app)
        self.faults: list[dict[str, Any]] = []
        """What was logged as a fault of ours."""

    async def ask(self, request: Request, *, pieces: Sequence[dict[str, Any]] = ()) -> Answer:
        """Send one request and read its whole answer. `pieces`: what the server says of the body,
        in place of it.
        """
        answer = Answer()
        told = iter(pieces or [{"type": "http.request", "body": request.body, "more_body": False}])

        async def receive() -> Any:
            piece = next(told, None)
            if piece is None:
                await asyncio.Event().wait()
            return piece

        async def send(message: Any) -> None:
            if message["type"] == "http.response.start":
                assert not answer.status, "an answer begins once"
                answer.status = message["status"]
                answer.headers = [(name.lower(), value) for name, value in message["headers"]]
            elif message["type"] == "http.response.body":
                answer.body += message.get("body", b"")

        await self.app(_scope(request), receive, send)  # type: ignore[arg-type]
        return answer


def _scope(request: Request) -> dict[str, Any]:
    from urllib.parse import unquote_to_bytes

    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": request.method,
        "scheme": "http",
        "path": unquote_to_bytes(request.path).decode("utf-8", "replace"),
        "raw_path": request.path,
        "query_string": request.query,
        "root_path": "",
        "headers": [(name.lower(), value) for name, value in request.headers],
        "client": (request.peer, 50000),
        "server": ("127.0.0.1", 8000),
        "extensions": {},
        "state": {},
    }


@asynccontextmanager
async def in_process(settings: Settings) -> AsyncIterator[InProcess]:
    """The whole application on a database, for as long as the block runs."""
    from bookonce.web.application import create_application

    asked = InProcess(create_application(settings))

    def keep(_: Any, level: str, event: Any) -> Any:
        if level == "error":
            asked.faults.append(event)
        raise structlog.DropEvent

    before = structlog.get_config()
    structlog.configure(processors=[keep], wrapper_class=structlog.BoundLogger)
    try:
        async with _alive(asked.app):
            yield asked
    finally:
        structlog.configure(**before)


@asynccontextmanager
async def _alive(app: ASGIApp) -> AsyncIterator[None]:
    """Start and stop it as a server does: in a task of its own, as some of what it opens needs."""
    told: asyncio.Queue[Any] = asyncio.Queue()
    said: asyncio.Queue[Any] = asyncio.Queue()
    scope: Any = {"type": "lifespan", "asgi": {"version": "3.0"}, "state": {}}
    life = asyncio.ensure_future(app(scope, told.get, said.put))
    await told.put({"type": "lifespan.startup"})
    assert (await said.get())["type"] == "lifespan.startup.complete"
    try:
        yield
    finally:
        await told.put({"type": "lifespan.shutdown"})
        await life
