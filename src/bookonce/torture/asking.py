"""Asking for a wish once, over HTTP or of the service, and writing down what came of it."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from random import Random
from typing import Any
from uuid import UUID

import aiohttp
import msgspec

import bookonce.followers  # noqa: F401 - declares who follows events
from bookonce.availability.block import block, unblock
from bookonce.availability.installation import Installation
from bookonce.events import catalogue
from bookonce.payments.pay import receive
from bookonce.platform.actor import SYSTEM
from bookonce.platform.errors import BookonceError, TryAgainError
from bookonce.platform.retry import DATABASE_ERRORS
from bookonce.torture.history import Answer, Attempt, History, Kind, Outcome, Part, Place, Wish

ANSWER_TIMEOUT_S = 15.0
GUESTS = 500
"""Mail addresses that visitors share, so that some are new to a business and some are known."""


class Clock:
    """Seconds since the run began."""

    def __init__(self) -> None:
        self._began_s = time.monotonic()
        self.began_at_s = time.time()
        """When the run began, in seconds since the epoch."""

    def of_instant(self, instant: datetime) -> float:
        """When it is by this clock at an instant of the calendar's."""
        return instant.timestamp() - self.began_at_s

    def now_s(self) -> float:
        """By the monotonic clock."""
        return time.monotonic() - self._began_s


class Caller:
    """One client's way to the servers: each request goes to any of them."""

    def __init__(
        self,
        client: str,
        session: aiohttp.ClientSession,
        addresses: Callable[[], list[str]],
        history: History,
        clock: Clock,
        random: Random,
    ) -> None:
        self._client = client
        self._session = session
        self._addresses = addresses
        self._history = history
        self._clock = clock
        self._random = random

    async def ask(self, wish: Wish) -> Attempt:
        """Send the request that says this wish; the same wish is always the same request."""
        path, body = _request(wish)
        headers = {"Idempotency-Key": wish.key} if wish.key else {}
        url = f"{self._random.choice(self._addresses())}/api/v1/{wish.slug}/{path}"
        called_s = self._clock.now_s()
        try:
            async with self._session.post(url, json=body, headers=headers) as response:
                status, text = response.status, await response.read()
        except (aiohttp.ClientError, TimeoutError, ConnectionError) as error:
            outcome, code, answer = Outcome.UNKNOWN, type(error).__name__, None
        else:
            outcome, code, answer = _understood(status, text, self._clock)
        returned_s = self._clock.now_s()
        return self._history.record(self._client, wish, called_s, returned_s, outcome, code, answer)


def _request(wish: Wish) -> tuple[str, dict[str, Any]]:
    start = datetime.fromtimestamp(wish.start_s, UTC).isoformat()
    staff = {"staff": wish.staff} if wish.staff else {}
    if wish.kind is Kind.BOOK:
        guest = wish.number % GUESTS
        client = {"name": f"Guest {guest}", "email": f"guest{guest}@example.com"}
        body = {"start": start, "client": client, "notes": wish.label}
        if len(wish.services) == 1:
            return "book", {"service": wish.services[0]} | body | staff
        return "book", {"services": list(wish.services)} | body | staff
    if wish.kind is Kind.MOVE:
        return f"appointments/{wish.token}/move", {"start": start} | staff
    return f"appointments/{wish.token}/cancellation", {}


class _Part(msgspec.Struct):
    service: str
    staff: str
    start: datetime
    end: datetime


class _Body(msgspec.Struct):
    """What of an answer is looked at: an appointment, or a problem."""

    code: str = ""
    id: UUID | None = None
    status: str | int = ""
    parts: tuple[_Part, ...] = ()
    manage_url: str = ""
    resources: tuple[str, ...] = ()
    hold_expires_at: datetime | None = None


def _understood(status: int, text: bytes, clock: Clock) -> tuple[Outcome, str, Answer | None]:
    try:
        body = msgspec.json.decode(text, type=_Body)
    except msgspec.DecodeError:
        return Outcome.UNKNOWN, f"HTTP {status} that isn't JSON", None
    if status in (200, 201) and body.id and body.parts:
        answer = Answer(
            subject_id=body.id,
            place=_place(body.parts, body.resources),
            status=str(body.status),
            token=body.manage_url.rpartition("/")[2],
            hold_until_s=clock.of_instant(body.hold_expires_at)
            if body.hold_expires_at
            else math.inf,
        )
        return Outcome.DONE, str(status), answer
    known = status < 500 and body.code
    return (Outcome.REFUSED if known else Outcome.UNKNOWN), body.code or f"HTTP {status}", None


def _place(parts: Iterable[_Part | catalogue.Part], resources: tuple[str, ...]) -> Place:
    return Place(
        tuple(
            Part(one.service, one.staff, int(one.start.timestamp()), int(one.end.timestamp()))
            for one in parts
        ),
        resources,
    )


class Office:
    """The business itself, which blocks time: not over HTTP, but by the same services."""

    def __init__(
        self, client: str, installation: Installation, history: History, clock: Clock
    ) -> None:
        self._client = client
        self._installation = installation
        self._history = history
        self._clock = clock

    async def ask(self, wish: Wish) -> Attempt:
        """Block time, give it back, or tell that a deposit was paid."""
        called_s = self._clock.now_s()
        outcome, code, answer = await self._do(wish)
        returned_s = self._clock.now_s()
        return self._history.record(self._client, wish, called_s, returned_s, outcome, code, answer)

    async def _do(self, wish: Wish) -> tuple[Outcome, str, Answer | None]:
        try:
            answer = await (
                self._receive(wish) if wish.kind is Kind.PAY else self._block_or_unblock(wish)
            )
        except TryAgainError as error:
            return Outcome.UNKNOWN, error.code, None
        except BookonceError as error:
            return Outcome.REFUSED, error.code, None
        except DATABASE_ERRORS as error:
            return Outcome.UNKNOWN, f"INTERNAL {error!r}", None
        return Outcome.DONE, "", answer

    async def _receive(self, wish: Wish) -> Answer:
        assert wish.subject_id is not None
        paid = await receive(self._installation, wish.slug, wish.subject_id, now=datetime.now(UTC))
        return Answer(
            paid.id,
            place=_place(paid.parts, paid.resources),
            status=paid.status.value,
        )

    async def _block_or_unblock(self, wish: Wish) -> Answer:
        now = datetime.now(UTC)
        if wish.kind is Kind.UNBLOCK:
            assert wish.subject_id is not None
            await unblock(self._installation, wish.slug, wish.subject_id, actor=SYSTEM, now=now)
            return Answer(wish.subject_id)
        made = await block(
            self._installation,
            wish.slug,
            wish.staff or "",
            datetime.fromtimestamp(wish.start_s, UTC),
            datetime.fromtimestamp(wish.end_s, UTC),
            actor=SYSTEM,
            now=now,
            reason=wish.label,
        )
        return Answer(made.id)
