"""Workers in the test's own loop, and what stands in the queue."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from bookonce.availability.installation import Installation
from bookonce.business.document import Business
from bookonce.events import event_rows
from bookonce.events.catalogue import Kind, NoFacts
from bookonce.platform.actor import SYSTEM
from bookonce.platform.connection import Connection
from bookonce.platform.database import Database
from bookonce.platform.ids import new_id
from bookonce.queue.handlers import Registry
from bookonce.queue.worker import Tempo, Worker
from tests.factories import a_business

Open = Callable[[Business], Awaitable[str]]
DEADLINE_S = 40
BRISK = Tempo(poll_s=0.1, silent_s=2, grace_s=5)


async def until(condition: Callable[[], Awaitable[Any]], what: str) -> Any:
    """Poll until something holds, and tell what it came to; fail, naming it, when it doesn't."""
    async with asyncio.timeout(DEADLINE_S):
        while True:
            try:
                if found := await condition():
                    return found
            except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
                pass  # the database is away for a while in some tests
            await asyncio.sleep(0.02)
    raise AssertionError(what)


@pytest.fixture(autouse=True)
def things_are_followed(monkeypatch: pytest.MonkeyPatch) -> None:
    """The kinds of these tests stand in no catalogue; each has followers, and no other kind has."""
    monkeypatch.setattr(event_rows, "is_followed", lambda kind: kind.startswith("thing"))


@asynccontextmanager
async def working(
    database: Database, registry: Registry[Any], tempo: Tempo = BRISK
) -> AsyncIterator[Worker[Any]]:
    """A worker for as long as the block runs, which is then told to stop."""
    stop = asyncio.Event()
    worker = Worker[Any](database, None, registry, tempo)
    running = asyncio.create_task(worker.run(stop))
    try:
        yield worker
    finally:
        stop.set()
        await running


class Salon:
    """A business to which things happen."""

    def __init__(self, database: Database, business_id: UUID) -> None:
        self.database = database
        self.business_id = business_id

    async def write(self, connection: Connection, kind: str) -> UUID:
        """An event to follow up, in a transaction of the caller's."""
        event_id = new_id()
        await event_rows.append(
            connection, self.business_id, event_id, Kind(kind, NoFacts, "", "0.1"), NoFacts(),
            actor=SYSTEM, now=datetime.now(UTC),
        )  # fmt: skip
        return event_id

    async def happen(self, kind: str = "thing.happened") -> UUID:
        """An event to follow up."""
        return await self.database.transaction(lambda connection: self.write(connection, kind))

    async def rows(self, query: str, *arguments: Any) -> list[asyncpg.Record]:
        """Ask the database."""
        async with self.database.connection() as connection:
            return await connection.fetch(query, *arguments)

    async def job(self, name: str) -> asyncpg.Record:
        """The one job of a name."""
        (row,) = await self.rows("SELECT * FROM job WHERE name = $1", name)
        return row

    async def jobs(self, name: str, status: str) -> list[asyncpg.Record]:
        """The jobs of a name that are in a state."""
        return await self.rows("SELECT * FROM job WHERE name = $1 AND status = $2", name, status)


async def a_salon(database: Database, open_business: Open) -> Salon:
    """A business of the test's own."""
    slug = await open_business(a_business())
    found = await Installation(database).current(slug)
    return Salon(database, found.business_id)


@pytest.fixture
async def salon(database: Database, open_business: Open) -> Salon:
    """A business of the test's own."""
    return await a_salon(database, open_business)
