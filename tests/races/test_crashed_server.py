"""A process of the database dies under it, as when memory is short; the server starts afresh with
the same postmaster, and gives numbers of transactions that left no trace to others.
"""

from __future__ import annotations

import tempfile
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import asyncpg
import pytest

from bookonce.availability.installation import Installation
from bookonce.availability.look import offer
from bookonce.availability.selection import Choice
from bookonce.booking import apply_file
from bookonce.booking.book import book
from bookonce.platform.actor import VISITOR
from bookonce.platform.database import Database
from bookonce.platform.schema import migrate
from bookonce.platform.settings import Settings
from bookonce.torture.databases import SingleDatabase
from tests.factories import a_booking, a_business, a_visitor, tomorrow_at


@pytest.fixture
async def alone(scratch: Path) -> AsyncIterator[SingleDatabase]:
    """A server that may be broken."""
    folder = Path(tempfile.mkdtemp(prefix="c", dir=scratch))
    folder.chmod(0o711)
    server = SingleDatabase(folder, Settings.read().postgres_bin)
    await server.start()
    await migrate(server.url)
    yield server
    await server.stop()


async def test_a_look_after_the_crash_sees_what_was_booked_after_it(
    alone: SingleDatabase,
) -> None:
    """What was read before it is as of transactions whose numbers mean others now."""
    here, elsewhere = Database(alone.url), Database(alone.url)
    await here.open()
    await elsewhere.open()
    reader, writer = Installation(here), Installation(elsewhere)
    business, now = a_business(), datetime.now(UTC)
    slug = business.business.slug
    await apply_file.apply(elsewhere, business, now=now)
    assert await is_offered(reader, slug, now)
    await leave_no_trace(alone.url, transactions=20)
    assert await is_offered(reader, slug, now)

    assert alone.primary.kill_one_backend()
    await alone.answers()

    warm_up = a_booking(tomorrow_at(18), client=a_visitor("Warm"))
    await book(writer, slug, warm_up, actor=VISITOR, now=now)
    await book(writer, slug, a_booking(START), actor=VISITOR, now=now)
    assert not await is_offered(reader, slug, now)
    await here.close()
    await elsewhere.close()


START = tomorrow_at(10)


async def is_offered(installation: Installation, slug: str, now: datetime) -> bool:
    """Whether the start is on offer, as seen by one process."""
    day = START.date()
    _, offered = await offer(installation, slug, Choice.of("cut", "ada"), day, day, now=now)
    return int(START.timestamp()) in offered.by_start()


async def leave_no_trace(url: str, transactions: int) -> None:
    """Use up numbers of transactions that are then given up."""
    connection = await asyncpg.connect(url)
    for _ in range(transactions):
        transaction = connection.transaction()
        await transaction.start()
        await connection.execute("SELECT pg_current_xact_id()")
        await transaction.rollback()
    await connection.close()
