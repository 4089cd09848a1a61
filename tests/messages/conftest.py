"""A business whose messages are sent by a real worker to a real mail server."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from bookonce.availability.installation import Installation
from bookonce.business.document import Business
from bookonce.followers import registry
from bookonce.messages.lane import MessageLane, Pace
from bookonce.messages.outgoing import MAIL, Ways
from bookonce.messages.send import Sender
from bookonce.messages.smtp import Smtp
from bookonce.platform.database import Database
from bookonce.queue.relay import relay
from bookonce.queue.worker import Tempo, Worker
from tests.messages.post import Post, open_post

Open = Callable[[Business], Awaitable[str]]
BRISK = Tempo(poll_s=0.1, silent_s=2, grace_s=5)
QUICK = Pace(poll_s=0.05, silent_s=2, grace_s=5)
SENDER = "bookings@book.example"
PUBLIC_URL = "https://book.example"
DEADLINE_S = 60


@pytest.fixture
def post() -> Iterator[Post]:
    """A mail server of the test's own."""
    with open_post() as opened:
        yield opened


class Desk:
    """Where a test makes messages, has them sent and asks what became of them."""

    def __init__(self, installation: Installation, ways: Ways) -> None:
        self.installation, self.ways = installation, ways
        self.database: Database = installation.database

    def sender(self) -> Sender:
        mailer = Smtp(self.ways.smtp_url) if self.ways.smtp_url else None
        return Sender(self.installation, self.ways, mailer)

    async def rows(self, query: str, *arguments: Any) -> list[asyncpg.Record]:
        async with self.database.connection() as connection:
            return await connection.fetch(query, *arguments)

    async def messages(self, **where: str) -> list[asyncpg.Record]:
        """The messages that there are, in the order in which they were made."""
        found = await self.rows("SELECT * FROM message ORDER BY event_at, recipient, who")
        return [row for row in found if all(row[name] == value for name, value in where.items())]

    async def statuses(self, **where: str) -> list[str]:
        return [row["status"] for row in await self.messages(**where)]

    async def make(self) -> None:
        """Make the messages about what has happened, as a worker does."""
        jobs = registry()
        while await relay(self.database, jobs):
            pass
        stop = asyncio.Event()
        worker = Worker(self.database, self.installation, jobs, BRISK)
        running = asyncio.create_task(worker.run(stop))
        try:
            await self.until(self._no_jobs, "all jobs are done")
        finally:
            stop.set()
            await running

    async def _no_jobs(self) -> bool:
        waiting = await self.rows(
            "SELECT FROM job WHERE status IN ('waiting', 'running') AND event_id IS NOT NULL"
        )
        return not waiting and not await self.rows("SELECT FROM event WHERE is_unrelayed")

    @asynccontextmanager
    async def sending(
        self, way: str = MAIL, sender: Sender | None = None
    ) -> AsyncIterator[MessageLane]:
        """A lane for as long as the block runs."""
        stop = asyncio.Event()
        sender = sender or self.sender()
        lane = MessageLane(sender, way, QUICK)
        running = asyncio.create_task(lane.run(stop))
        try:
            yield lane
        finally:
            stop.set()
            await running
            if isinstance(sender.mailer, Smtp):
                await sender.mailer.close()

    async def at_rest(self) -> None:
        """Make all messages, and send all that are due."""
        await self.make()
        async with self.sending():
            await self.until(self._none_due, "no message is due")

    async def _none_due(self) -> bool:
        return not await self.rows(
            "SELECT FROM message WHERE status = 'sending' OR (status = 'waiting' AND next_at <= now())"
        )

    async def until(self, condition: Callable[[], Awaitable[Any]], what: str) -> Any:
        """Poll until something holds; fail, naming it, when it doesn't."""
        try:
            async with asyncio.timeout(DEADLINE_S):
                while not (found := await condition()):
                    await asyncio.sleep(0.02)
        except TimeoutError:
            raise AssertionError(what) from None
        return found

    async def due_now(self, message_id: UUID) -> None:
        """As if the time of a message's next attempt had come."""
        await self.rows("UPDATE message SET next_at = now() WHERE message_id = $1", message_id)


@pytest.fixture
def desk(installation: Installation, post: Post) -> Desk:
    """With that mail server."""
    return Desk(installation, Ways(post.url, SENDER, None, PUBLIC_URL))


@pytest.fixture
def bare_desk(installation: Installation) -> Desk:
    """Without any server."""
    return Desk(installation, Ways(public_url=PUBLIC_URL))
