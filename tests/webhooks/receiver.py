"""Receivers of webhooks on loopback, good and bad: raw sockets, so that they may lie."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from standardwebhooks.webhooks import Webhook

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nthanks"
Behaviour = Callable[[asyncio.StreamWriter, int], Awaitable[None]]


@dataclass(frozen=True)
class Received:
    """A request as it came."""

    head: str
    headers: dict[str, str]
    body: bytes

    def verified(self, secret: str) -> Any:
        """What it says, if it was signed with a secret. Raises WebhookVerificationError."""
        return Webhook(secret).verify(self.body, self.headers)

    @property
    def id(self) -> str:
        return self.headers["webhook-id"]


def says(answer: bytes) -> Behaviour:
    """Answers so each time, and hangs up."""

    async def behave(writer: asyncio.StreamWriter, _: int) -> None:
        writer.write(answer)
        await writer.drain()

    return behave


def status(code: int, *headers: str, body: str = "") -> Behaviour:
    """Answers with a status each time."""
    lines = [f"HTTP/1.1 {code} So", *headers, f"Content-Length: {len(body)}", "", body]
    return says("\r\n".join(lines).encode())


@dataclass
class Receiver:
    """What came to it. `behave` is given the writer and the number of the request, from 1."""

    port: int = 0
    received: list[Received] = field(default_factory=list)
    connections: int = 0
    behave: Behaviour = field(default_factory=lambda: says(OK))
    sent_bytes: int = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hook"

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        # Cancelled: the test is over, and it hangs still.
        with contextlib.suppress(
            ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError
        ):
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            lines = head.split("\r\n")
            headers = {
                k.lower(): v.strip() for k, _, v in (one.partition(":") for one in lines[1:])
            }
            body = await reader.readexactly(int(headers.get("content-length", "0")))
            self.received.append(Received(lines[0], headers, body))
            await self.behave(writer, len(self.received))
        writer.close()


@asynccontextmanager
async def receiving(behave: Behaviour | None = None) -> AsyncIterator[Receiver]:
    """A receiver for as long as the block runs."""
    receiver = Receiver()
    if behave is not None:
        receiver.behave = behave
    server = await asyncio.start_server(receiver.serve, "127.0.0.1", 0)
    receiver.port = server.sockets[0].getsockname()[1]
    try:
        yield receiver
    finally:
        server.close()
