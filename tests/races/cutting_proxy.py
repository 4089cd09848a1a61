"""Between a server and its database: passes everything on, and cuts the line where told.

Speaks enough of PostgreSQL's protocol to know when a statement was sent and when it was done.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from enum import Enum
from pathlib import Path
from urllib.parse import parse_qs, urlencode, urlsplit, urlunsplit

SOCKET_NAME = ".s.PGSQL.5432"
EXECUTE, SIMPLE_QUERY = b"E", b"Q"
COMMAND_COMPLETE, PORTAL_SUSPENDED = b"C", b"s"  # the latter when the driver wants one row


class Cut(Enum):
    """Where the line is cut, once."""

    BEFORE_THE_STATEMENT = "the database never sees it"
    AFTER_THE_STATEMENT = "the database has it, and nobody waits for the answer"
    BEFORE_THE_ANSWER = "the database has committed, and nobody hears of it"


class CuttingProxy:
    """Cuts once, at the statement it was armed for."""

    def __init__(self, target: Path) -> None:
        self._target = target
        self._cut: Cut | None = None
        self._statements_before = 0
        self.cuts = 0

    def arm(self, cut: Cut, statement: int = 1) -> None:
        """Cut at the nth statement from now on."""
        self._cut = cut
        self._statements_before = statement - 1

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, until either side or the cut ends it."""
        upstream_reader, upstream_writer = await asyncio.open_unix_connection(str(self._target))
        line = _Line(self, writer, upstream_writer)
        await asyncio.gather(
            line.pump(reader, upstream_writer, from_client=True),
            line.pump(upstream_reader, writer, from_client=False),
        )

    def cut_at(self, chunk: bytes, *, from_client: bool) -> Cut | None:
        """How to cut at this piece, if it is the one."""
        if from_client is (self._cut is Cut.BEFORE_THE_ANSWER):
            return None
        kinds = (EXECUTE, SIMPLE_QUERY) if from_client else (COMMAND_COMPLETE, PORTAL_SUSPENDED)
        if not any(_holds(chunk, kind) for kind in kinds):
            return None
        if self._statements_before:
            self._statements_before -= 1
            return None
        cut, self._cut = self._cut, None
        self.cuts += cut is not None
        return cut


class _Line:
    def __init__(self, proxy: CuttingProxy, *ends: asyncio.StreamWriter) -> None:
        self._proxy = proxy
        self._ends = ends

    async def pump(
        self, source: asyncio.StreamReader, sink: asyncio.StreamWriter, *, from_client: bool
    ) -> None:
        with suppress(ConnectionError):
            while chunk := await source.read(65536):
                cut = self._proxy.cut_at(chunk, from_client=from_client)
                if cut in (None, Cut.AFTER_THE_STATEMENT):
                    sink.write(chunk)
                    await sink.drain()
                if cut:
                    break
        for end in self._ends:
            end.close()


def _holds(chunk: bytes, kind: bytes) -> bool:
    """Whether a run of whole protocol messages has one of this kind."""
    position = 0
    while position + 5 <= len(chunk):
        if chunk[position : position + 1] == kind:
            return True
        position += 1 + int.from_bytes(chunk[position + 1 : position + 5], "big")
    return False


@asynccontextmanager
async def cutting_proxy(database_url: str, folder: Path) -> AsyncIterator[tuple[str, CuttingProxy]]:
    """The database's address through a proxy, and the proxy."""
    parts = urlsplit(database_url)
    host = parse_qs(parts.query)["host"][0]
    proxy = CuttingProxy(Path(host) / SOCKET_NAME)
    folder.mkdir(parents=True)
    server = await asyncio.start_unix_server(proxy.serve, str(folder / SOCKET_NAME))
    async with server:
        yield urlunsplit(parts._replace(query=urlencode({"host": str(folder)}))), proxy
