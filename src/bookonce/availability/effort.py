"""How much work a request is, and whose turn it is to have dear work done.

Working out what is on offer is arithmetic, and while it is done this process answers nobody else.
So it is done in slices of a few milliseconds, few at a time, and clients take turns: whoever asks
for much waits for themselves.
"""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict, deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from contextvars import ContextVar

from bookonce.platform.errors import FieldError, ValidationError

SLICE_S = 0.004
CHEAP_AT_ONCE, DEAR_AT_ONCE = 8, 2
DEAR_FROM = 300_000
"""Starts times people and rooms: a month in quarters of an hour of a hundred people."""
WORK_OF_A_QUESTION = 250_000
WORK_MAX = 60_000_000
"""Of one request: a second or two. 62 days in minutes of three hundred people are half of it."""


class Effort:
    """What one request has taken so far, and whose it is."""

    __slots__ = ("_since_s", "client", "work")

    def __init__(self, client: str = "") -> None:
        self.client = client
        self.work = 0
        self._since_s = time.perf_counter()

    @property
    def extra_questions(self) -> int:
        """As how many more questions it counts, where questions are limited."""
        return self.work // WORK_OF_A_QUESTION

    def spend(self, work: int, field: str) -> None:
        """Take on more work. Raises ValidationError, naming `field` as what to narrow, if it is too
        much for one request.
        """
        self.work += work
        if self.work > WORK_MAX:
            message = (
                "this is too much to work out at once; ask for fewer days, for one person (staff), "
                "or for fewer services"
            )
            raise ValidationError([FieldError(field, message)])

    async def breathe(self) -> None:
        """Let others have their turn, if this has worked for a slice."""
        if time.perf_counter() - self._since_s > SLICE_S:
            await asyncio.sleep(0)
            self._since_s = time.perf_counter()


_effort: ContextVar[Effort | None] = ContextVar("effort", default=None)


def begin(client: str) -> Effort:
    """The effort of the request that this task is about to answer."""
    effort = Effort(client)
    _effort.set(effort)
    return effort


def present() -> Effort:
    """The effort of the request that is being answered."""
    return _effort.get() or Effort()


class Turns:
    """A number of places, given to clients in turn."""

    def __init__(self, places: int) -> None:
        self._free = places
        self._waiting: OrderedDict[str, deque[asyncio.Future[None]]] = OrderedDict()

    @asynccontextmanager
    async def taken(self, client: str) -> AsyncIterator[None]:
        """Have a place for this block, when it is the client's turn."""
        if self._free:
            self._free -= 1
        else:
            await self._wait(client)
        try:
            yield
        finally:
            self._give_back()

    async def _wait(self, client: str) -> None:
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(client, deque()).append(turn)
        try:
            await turn
        except asyncio.CancelledError:
            if not turn.cancelled():  # the place was given in the same moment
                self._give_back()
            raise

    def _give_back(self) -> None:
        while self._waiting:
            client, queue = self._waiting.popitem(last=False)
            turn = queue.popleft()
            if queue:
                self._waiting[client] = queue  # behind everybody else
            if not turn.done():
                turn.set_result(None)
                return
        self._free += 1


class Lanes:
    """Places of a process for work that is cheap, and for work that is dear."""

    def __init__(self) -> None:
        self._cheap = Turns(CHEAP_AT_ONCE)
        self._dear = Turns(DEAR_AT_ONCE)

    def for_(self, work: int) -> Turns:
        """Where so much work has its turn."""
        return self._cheap if work < DEAR_FROM else self._dear
