"""One request to a receiver that may be anything: hostile, slow, endless, or not what its name says.

The address is checked that is really connected to, and nothing else is trusted: no redirect is
followed, no proxy of the environment is used, no answer is read for long.
"""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from functools import partial
from ipaddress import ip_address
from typing import Any

import aiohttp
import psutil
from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.typedefs import LooseHeaders
from yarl import URL

from bookonce.webhooks.addresses import Reach
from bookonce.webhooks.retrying import Answer, Problem

WORDS_BYTES_MAX = 4096
LOOKUPS_AT_ONCE = 64
"""A name server that doesn't answer keeps a thread for half a minute; others must not wait for it."""
HERE_KNOWN_S = 30.0
"""How long this machine's addresses are taken for known; asking costs a tenth of a delivery."""
AddressInfo = tuple[Any, ...]
Lookup = Callable[[str, int], list[AddressInfo]]
Require = Callable[[str, int], None]
"""Raises RefusedError for an address and port that aren't sent to."""


class RefusedError(OSError):
    """The address is one that we don't send to."""


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a receiver may take: until its status is there, to be connected to, and for the body
    of its answer after that.
    """

    total_s: float = 15.0
    connect_s: float = 5.0
    words_s: float = 1.0


def system_lookup(host: str, port: int) -> list[AddressInfo]:
    """What the system makes of a name, or of a number that is meant as an address."""
    return socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)


class Poster:
    """Sends. One for each process; `close` it."""

    def __init__(
        self,
        reach: Reach,
        patience: Patience | None = None,
        lookup: Lookup = system_lookup,
    ) -> None:
        self._reach, self._patience, self._lookup = reach, patience or Patience(), lookup
        self._threads = ThreadPoolExecutor(LOOKUPS_AT_ONCE, thread_name_prefix="lookup")
        self._sessions: dict[str, aiohttp.ClientSession] = {}
        self._here: set[str] = set()
        self._here_until_s = 0.0

    async def post(self, url: str, body: bytes, headers: dict[str, str]) -> Answer:
        """Send a body, and tell what came of it. Never raises for what a receiver does."""
        if self._reach.problem(url) is not None:
            return Answer(problem=Problem.REFUSED)
        sent: LooseHeaders = {
            "Content-Type": "application/json",
            "User-Agent": "Bookonce-Webhooks/1.0",
            "Accept-Encoding": "identity",
        } | headers
        try:
            return await self._exchange(url, body, sent)
        except (aiohttp.ClientError, OSError, ValueError) as error:
            return Answer(problem=_problem(error))

    async def close(self) -> None:
        """End what is open."""
        for session in self._sessions.values():
            await session.close()
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def _exchange(self, url: str, body: bytes, headers: LooseHeaders) -> Answer:
        address = URL(url, encoded=True)
        async with asyncio.timeout(self._patience.total_s):
            response = await self._session(address.scheme).post(
                address, data=body, headers=headers, allow_redirects=False
            )
        try:
            words = await self._first_words(response)
            return Answer(response.status, words, retry_after=_retry_after(response))
        finally:
            response.close()  # what is still to come isn't waited for

    async def _first_words(self, response: aiohttp.ClientResponse) -> str:
        """What the body begins with. The status says all; the body is for people, and may be a lie,
        have no end, or come byte by byte.
        """
        read = bytearray()
        try:
            async with asyncio.timeout(self._patience.words_s):
                while len(read) < WORDS_BYTES_MAX:
                    some = await response.content.read(WORDS_BYTES_MAX - len(read))
                    if not some:
                        break
                    read += some
        except (TimeoutError, aiohttp.ClientError, OSError):
            pass  # then these are its first words
        text = bytes(read).decode("utf-8", errors="replace")
        return "".join(c if c.isprintable() else " " for c in text).strip()

    def _session(self, scheme: str) -> aiohttp.ClientSession:
        """One for each scheme: they differ in where they may lead."""
        if scheme not in self._sessions:
            require = self._require if scheme == "https" else self._require_listed
            connector = aiohttp.TCPConnector(
                resolver=_Resolver(self._threads, self._lookup, require),
                use_dns_cache=False,
                socket_factory=partial(_socket, require),
                force_close=True,
                limit=0,
            )
            self._sessions[scheme] = aiohttp.ClientSession(
                connector=connector,
                cookie_jar=aiohttp.DummyCookieJar(),
                trust_env=False,
                auto_decompress=False,
                read_bufsize=WORDS_BYTES_MAX,
                timeout=aiohttp.ClientTimeout(total=None, sock_connect=self._patience.connect_s),
            )
        return self._sessions[scheme]

    def _require_listed(self, address: str, port: int) -> None:
        """Raises RefusedError. What isn't encrypted leads to what the operator lists, and nowhere
        else.
        """
        self._require(address, port)
        if not self._reach.lists(ip_address(address)):
            raise RefusedError("not encrypted")

    def _require(self, address: str, port: int) -> None:
        """Raises RefusedError. This machine's own addresses are private, too, unless the operator
        lists them; the port where we are reached ourselves is in no case sent to.
        """
        if not self._reach.has(address):
            raise RefusedError("a private or reserved address")
        own = self._reach.own
        if time.monotonic() >= self._here_until_s:
            self._here, self._here_until_s = _addresses_here(), time.monotonic() + HERE_KNOWN_S
        if address in self._here and (
            not self._reach.lists(ip_address(address)) or (own is not None and port == own.port)
        ):
            raise RefusedError("an address of this machine")


def _socket(require: Require, info: AddressInfo) -> socket.socket:
    """Made only for an address that we send to: the last look before the connection."""
    family, kind, protocol, _, address = info
    require(address[0], address[1])
    return socket.socket(family, kind, protocol)


class _Resolver(AbstractResolver):
    """Looks names up in threads, and refuses a name if any of its addresses is refused."""

    def __init__(self, threads: ThreadPoolExecutor, lookup: Lookup, require: Require) -> None:
        self._threads, self._lookup, self._require = threads, lookup, require

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """The addresses of a name. Raises RefusedError, and OSError if it has none."""
        loop = asyncio.get_running_loop()
        found = await loop.run_in_executor(self._threads, self._lookup, host, port)
        for info in found:
            self._require(info[4][0], port)
        return [
            ResolveResult(
                hostname=host,
                host=info[4][0],
                port=port,
                family=info[0],
                proto=info[2],
                flags=socket.AI_NUMERICHOST | socket.AI_NUMERICSERV,
            )
            for info in found
        ]

    async def close(self) -> None:
        """The threads are the poster's."""


def _addresses_here() -> set[str]:
    return {
        one.address.partition("%")[0]
        for interface in psutil.net_if_addrs().values()
        for one in interface
    }


def _problem(error: BaseException) -> Problem:
    cause = getattr(error, "os_error", None) or error
    if isinstance(cause, RefusedError) or isinstance(error, aiohttp.InvalidURL):
        return Problem.REFUSED
    if isinstance(error, TimeoutError):
        return Problem.TIMEOUT
    if isinstance(error, aiohttp.ClientConnectorDNSError) or isinstance(cause, socket.gaierror):
        return Problem.NO_HOST
    if isinstance(error, aiohttp.ClientSSLError):
        return Problem.TLS
    if isinstance(error, aiohttp.ClientConnectorError):
        return Problem.UNREACHABLE
    return Problem.NO_ANSWER


def _retry_after(response: aiohttp.ClientResponse) -> timedelta | None:
    """How long the receiver wants to be left alone: seconds, or a time."""
    text = response.headers.get("Retry-After", "").strip()
    if text.isascii() and text.isdigit():
        return timedelta(seconds=int(text[:9]))
    try:
        at = parsedate_to_datetime(text)
    except ValueError:
        return None
    return max(timedelta(), (at if at.tzinfo else at.replace(tzinfo=UTC)) - datetime.now(UTC))
