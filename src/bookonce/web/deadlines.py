"""Deadlines of a request: for its body to come, for its answer to be read, and how many one client
may have under way.

The server below waits for a body and for a reader as long as they like. Here both have an end, and
what waits is bounded: where too many do, those that have waited longest give way, so that whoever
comes next is served.
"""

from __future__ import annotations

import asyncio
from collections import Counter, OrderedDict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial

from litestar.enums import ScopeType
from litestar.exceptions import HTTPException
from litestar.types import (
    ASGIApp,
    HTTPResponseBodyEvent,
    Message,
    Receive,
    ReceiveMessage,
    Scope,
    Send,
)

from bookonce.availability.effort import begin
from bookonce.platform.settings import Network
from bookonce.web.client_address import client_address, network_of
from bookonce.web.rate_limit import refuse

BODY_S_MAX = 20.0
"""For the whole of a body, which has 64 KiB at most."""
BODIES_OF_A_CLIENT_MAX = 16
BODIES_MAX = 1_024
"""Bodies that a worker waits for at the same time."""
READ_S_MAX = 30.0
"""For a client to make room for the next piece of an answer."""
PIECE_BYTES = 16 * 1024
UNREAD_OF_A_CLIENT_MAX = 16
"""Long answers that one client reads at the same time."""
UNREAD_BYTES_MAX = 32 * 1024 * 1024
"""Of all answers that a worker holds for those who haven't read them."""
UNDER_WAY_MAX = 64
"""Requests of one client that a worker answers at the same time."""


class SlowBodyError(HTTPException):
    """The body didn't come in time."""

    status_code = 408


class _Wait:
    """A wait for a client, within a deadline; it can be ended early and then stays ended."""

    def __init__(self, timeout: asyncio.Timeout) -> None:
        self._timeout = timeout
        self._is_over = False

    def end(self) -> None:
        """Raise TimeoutError in whoever waits."""
        if not self._is_over and not self._timeout.expired():
            self._is_over = True
            self._timeout.reschedule(0)

    def renew(self, seconds: float) -> None:
        """Give the client so long from now on."""
        if not self._is_over and not self._timeout.expired():
            self._timeout.reschedule(asyncio.get_running_loop().time() + seconds)

    def close(self) -> None:
        """Nobody waits any more."""
        self._is_over = True


class _Waiting:
    """What waits for clients, the longest first, with the weight of each."""

    def __init__(self, weight_max: int) -> None:
        self._weight_max = weight_max
        self._weight = 0
        self._waits: OrderedDict[_Wait, int] = OrderedDict()

    def add(self, wait: _Wait, weight: int) -> None:
        """Let one more wait; who has waited longest gives way if it is too many."""
        self._waits[wait] = weight
        self._weight += weight
        while self._weight > self._weight_max and len(self._waits) > 1:
            longest = next(iter(self._waits))
            self.remove(longest)
            longest.end()

    def remove(self, wait: _Wait) -> None:
        """It waits no longer."""
        self._weight -= self._waits.pop(wait, 0)

    def __bool__(self) -> bool:
        return bool(self._waits)


class _Shared:
    """What waits for all clients together, bounded by weight, and for each, bounded by number."""

    def __init__(self, weight_max: int, of_client_max: int | None) -> None:
        self._all = _Waiting(weight_max)
        self._of_client_max = of_client_max
        self._by_client: dict[str, _Waiting] = {}

    @contextmanager
    def holding(self, client: str, timeout: asyncio.Timeout, weight: int = 1) -> Iterator[_Wait]:
        """Wait within a timeout, which ends early if others need the room."""
        wait = _Wait(timeout)
        self._all.add(wait, weight)
        of_client = None
        if self._of_client_max is not None:
            of_client = self._by_client.setdefault(client, _Waiting(self._of_client_max))
            of_client.add(wait, 1)
        try:
            yield wait
        finally:
            wait.close()
            self._all.remove(wait)
            if of_client is not None:
                of_client.remove(wait)
                if not of_client and self._by_client.get(client) is of_client:
                    del self._by_client[client]


class Deadlines:
    """ASGI middleware: bounds what waits for clients. `counts_clients`: what one client may have
    under way, too.
    """

    def __init__(self, app: ASGIApp, proxies: Sequence[Network], *, counts_clients: bool) -> None:
        self._app = app
        self._proxies = proxies
        self.counts_clients = counts_clients
        self._under_way: Counter[str] = Counter()
        self.bodies = _Shared(BODIES_MAX, BODIES_OF_A_CLIENT_MAX if counts_clients else None)
        self.answers = _Shared(UNREAD_BYTES_MAX, UNREAD_OF_A_CLIENT_MAX if counts_clients else None)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != ScopeType.HTTP:
            await self._app(scope, receive, send)
            return
        client = network_of(client_address(scope, self._proxies))
        begin(client)
        exchange = _Exchange(self, client, receive, send)
        if self.counts_clients:
            if self._under_way[client] >= UNDER_WAY_MAX:
                await refuse(1, scope, exchange.receive, exchange.send)
                return
            self._under_way[client] += 1
            exchange.when_answered = partial(self._answered, client)
        try:
            await self._app(scope, exchange.receive, exchange.send)
        finally:
            exchange.answered()

    def _answered(self, client: str) -> None:
        self._under_way[client] -= 1
        if not self._under_way[client]:
            del self._under_way[client]


class _Exchange:
    """One request and its answer."""

    def __init__(self, all_: Deadlines, client: str, receive: Receive, send: Send) -> None:
        self._all = all_
        self._client = client
        self._receive = receive
        self._send = send
        self._ends_at: float | None = None
        self._is_whole = False
        self._is_abandoned = False
        self.when_answered: Callable[[], None] | None = None

    def answered(self) -> None:
        """It no longer counts: an answer is there, or there will be none."""
        if self.when_answered is not None:
            self.when_answered()
            self.when_answered = None

    async def receive(self) -> ReceiveMessage:
        """The next piece of the body, until all of it is there. Raises SlowBodyError."""
        if self._is_whole:
            return await self._receive()
        if self._ends_at is None:
            self._ends_at = asyncio.get_running_loop().time() + BODY_S_MAX
        try:
            async with asyncio.timeout_at(self._ends_at) as timeout:
                with self._all.bodies.holding(self._client, timeout):
                    message = await self._receive()
        except TimeoutError:
            self._is_whole = True
            raise SlowBodyError(
                f"The request's body didn't come within {BODY_S_MAX:.0f} seconds.",
                headers={"Connection": "close"},
            ) from None
        self._is_whole = not message.get("more_body")
        return message

    async def send(self, message: Message) -> None:
        """Send the answer, a long body piece by piece, each when the client has made room."""
        if message["type"] != "http.response.body":
            await self._send(message)
            return
        self.answered()
        if self._is_abandoned:
            return
        body = message["body"]
        if len(body) <= PIECE_BYTES and not message.get("more_body"):
            await self._send(message)
            return
        await self._send_long(body, is_end=not message.get("more_body"))

    async def _send_long(self, body: bytes, *, is_end: bool) -> None:
        """An answer that nobody reads is left as it is; the server ends the connection then, as it
        is shorter than its head has said.
        """
        try:
            async with asyncio.timeout(READ_S_MAX) as timeout:
                with self._all.answers.holding(self._client, timeout, len(body)) as wait:
                    gone = asyncio.create_task(self._until_gone(wait))
                    try:
                        await self._send_pieces(body, wait, is_end=is_end)
                    finally:
                        gone.cancel()
        except TimeoutError:
            self._is_abandoned = True

    async def _send_pieces(self, body: bytes, wait: _Wait, *, is_end: bool) -> None:
        for start in range(0, max(len(body), 1), PIECE_BYTES):
            end = start + PIECE_BYTES
            event: HTTPResponseBodyEvent = {
                "type": "http.response.body",
                "body": body[start:end],
                "more_body": not is_end or end < len(body),
            }
            await self._send(event)
            wait.renew(READ_S_MAX)

    async def _until_gone(self, wait: _Wait) -> None:
        """Ends the wait when the client has closed the connection."""
        while (await self._receive())["type"] != "http.disconnect":
            pass
        wait.end()
