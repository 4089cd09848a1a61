"""Proxies on loopback that pass everything on until they are told to cut a connection.

One stands between a server and its database and speaks enough of PostgreSQL's protocol to know
when a statement was sent and when it was done; one stands between clients and a server and knows
the same of HTTP. A cut ends one connection on both sides at once.
"""

from __future__ import annotations

import asyncio
import re
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from enum import Enum
from pathlib import Path
from urllib.parse import parse_qs, urlencode, urlsplit, urlunsplit

from bookonce.platform.embedded import SOCKET_NAME

CHUNK_BYTES = 65_536

Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class Cut(Enum):
    """Where a connection is cut."""

    BEFORE_THE_REQUEST = "the other side never sees the request"
    AFTER_THE_REQUEST = "the other side has the request, and nobody waits for the answer"
    BEFORE_THE_ANSWER = "the other side has done it, and nobody hears of it"


class Talk(ABC):
    """What one connection says, as far as it has to be understood."""

    @abstractmethod
    def asks(self, chunk: bytes) -> bool:
        """Whether a request is complete with this piece from the client."""

    @abstractmethod
    def answers(self, chunk: bytes) -> bool:
        """Whether this piece from the other side has an answer."""


class PostgresTalk(Talk):
    """PostgreSQL's protocol as asyncpg uses it: pieces are whole messages."""

    EXECUTE, SIMPLE_QUERY = b"E", b"Q"
    COMMAND_COMPLETE, PORTAL_SUSPENDED = b"C", b"s"  # the latter when the driver wants one row

    def asks(self, chunk: bytes) -> bool:
        """Whether it has a statement to carry out."""
        return self._holds(chunk, self.EXECUTE, self.SIMPLE_QUERY)

    def answers(self, chunk: bytes) -> bool:
        """Whether it tells that a statement is done."""
        return self._holds(chunk, self.COMMAND_COMPLETE, self.PORTAL_SUSPENDED)

    @staticmethod
    def _holds(chunk: bytes, *kinds: bytes) -> bool:
        """Whether a run of whole messages has one of these kinds."""
        position = 0
        while position + 5 <= len(chunk):
            if chunk[position : position + 1] in kinds:
                return True
            position += 1 + int.from_bytes(chunk[position + 1 : position + 5], "big")
        return False


class HttpTalk(Talk):
    """HTTP/1.1 without pipelining; only requests that change something count."""

    _LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)

    def __init__(self) -> None:
        self._request = b""
        self._asked = False

    def asks(self, chunk: bytes) -> bool:
        """Whether a request for a change is complete with it."""
        if chunk.startswith((b"POST ", b"GET ")):
            self._request = b""
        self._request += chunk
        head, separator, body = self._request.partition(b"\r\n\r\n")
        if not separator or not head.startswith(b"POST "):
            return False
        length = self._LENGTH.search(head)
        self._asked = len(body) >= (int(length[1]) if length else 0)
        return self._asked

    def answers(self, chunk: bytes) -> bool:
        """Whether it begins the answer to such a request."""
        answered, self._asked = self._asked, False
        return answered and chunk.startswith(b"HTTP/1.")


class Proxy:
    """A proxy in front of one target; each connection through it is `Talk` of one kind."""

    def __init__(self, connect: Callable[[], Awaitable[Streams]], talk: Callable[[], Talk]) -> None:
        self._connect = connect
        self._talk = talk
        self._cut: Cut | None = None
        self._passed_first = 0
        self._cuts_left = 0
        self._spent = asyncio.Event()
        self._live: set[asyncio.StreamWriter] = set()
        self.cuts = 0

    def arm(self, cut: Cut, request: int = 1, times: int = 1) -> None:
        """Cut at the nth request from now on, and at those after it, so many in all."""
        self._cut = cut
        self._passed_first = request - 1
        self._cuts_left = times
        self._spent.clear()

    async def spent(self) -> None:
        """Return when it has made all the cuts that it was armed for."""
        await self._spent.wait()

    def disarm(self) -> None:
        """Cut no more."""
        self._cuts_left = 0
        self._spent.set()

    def cut_all(self) -> int:
        """End every connection as it stands; how many there were."""
        ended = self.hang_up()
        self.cuts += ended
        return ended

    def hang_up(self) -> int:
        """The same as no fault."""
        ends, self._live = self._live, set()
        for end in ends:
            end.transport.abort()
        return len(ends) // 2

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, until either side or a cut ends it."""
        try:
            far_reader, far_writer = await self._connect()
        except OSError:  # nobody is there
            writer.close()
            return
        ends = {writer, far_writer}
        self._live |= ends
        talk = self._talk()
        try:
            await asyncio.gather(
                self._pump(reader, far_writer, talk.asks, ends, from_client=True),
                self._pump(far_reader, writer, talk.answers, ends, from_client=False),
            )
        finally:
            self._live -= ends

    async def _pump(
        self,
        source: asyncio.StreamReader,
        sink: asyncio.StreamWriter,
        holds: Callable[[bytes], bool],
        ends: set[asyncio.StreamWriter],
        *,
        from_client: bool,
    ) -> None:
        with suppress(OSError):
            while chunk := await source.read(CHUNK_BYTES):
                cut = self._cut_here(from_client=from_client) if holds(chunk) else None
                if cut in (None, Cut.AFTER_THE_REQUEST):
                    sink.write(chunk)
                    await sink.drain()
                if cut:
                    break
        for end in ends:
            end.close()

    def _cut_here(self, *, from_client: bool) -> Cut | None:
        """How to cut at this request or answer, if it is one to cut at."""
        if not self._cuts_left or from_client is (self._cut is Cut.BEFORE_THE_ANSWER):
            return None
        if self._passed_first:
            self._passed_first -= 1
            return None
        self._cuts_left -= 1
        self.cuts += 1
        if not self._cuts_left:
            self._spent.set()
        return self._cut


@asynccontextmanager
async def database_proxy(folder: Path, target: Callable[[], Path]) -> AsyncIterator[Proxy]:
    """A proxy to a database's socket, wherever that is when somebody connects; it listens in a
    folder that is made for it."""

    async def connect() -> Streams:
        return await asyncio.open_unix_connection(str(target()))

    proxy = Proxy(connect, PostgresTalk)
    folder.mkdir(parents=True, mode=0o700)  # noqa: ASYNC240
    server = await asyncio.start_unix_server(proxy.serve, str(folder / SOCKET_NAME))
    async with _listening(server, proxy):
        yield proxy


@asynccontextmanager
async def http_proxy(target_port: int) -> AsyncIterator[tuple[int, Proxy]]:
    """A proxy to a server's port; its own port, and the proxy."""

    async def connect() -> Streams:
        return await asyncio.open_connection("127.0.0.1", target_port)

    proxy = Proxy(connect, HttpTalk)
    server = await asyncio.start_server(proxy.serve, "127.0.0.1", 0)
    async with _listening(server, proxy):
        port: int = server.sockets[0].getsockname()[1]
        yield port, proxy


@asynccontextmanager
async def proxy_to(database_url: str, folder: Path) -> AsyncIterator[tuple[str, Proxy]]:
    """A database's address through a proxy, and the proxy. The database has one host, a socket."""
    parts = urlsplit(database_url)
    host = parse_qs(parts.query)["host"][0]
    async with database_proxy(folder, lambda: Path(host) / SOCKET_NAME) as proxy:
        yield urlunsplit(parts._replace(query=urlencode({"host": str(folder)}))), proxy


@asynccontextmanager
async def _listening(server: asyncio.Server, proxy: Proxy) -> AsyncIterator[None]:
    """Let the proxy work for as long as the block runs, and then end what still uses it."""
    try:
        yield
    finally:
        server.close()
        proxy.hang_up()
        await server.wait_closed()
