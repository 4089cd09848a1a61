"""What was acknowledged outlives the primary, when a synchronous standby takes over."""

from __future__ import annotations

import asyncio
import contextlib
import tempfile
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import asyncpg
import pytest

from bookonce.availability.installation import Installation
from bookonce.booking import apply_file
from bookonce.booking.book import book
from bookonce.booking.replay import Booked
from bookonce.platform.actor import VISITOR
from bookonce.platform.database import Database
from bookonce.platform.errors import TryAgainError
from bookonce.platform.schema import migrate
from bookonce.platform.settings import Settings
from bookonce.torture.databases import ReplicatedDatabase
from bookonce.torture.waiting import until
from tests.factories import a_booking, a_business, tomorrow_at


@pytest.fixture
async def pair(scratch: Path) -> AsyncIterator[ReplicatedDatabase]:
    folder = Path(tempfile.mkdtemp(prefix="f", dir=scratch))
    folder.chmod(0o711)
    pair = ReplicatedDatabase(folder, Settings.read().postgres_bin)
    await pair.start()
    await migrate(pair.primary_url)
    yield pair
    await pair.stop()


async def test_a_commit_that_stopped_waiting_is_not_acknowledged_before_the_standby_has_it(
    pair: ReplicatedDatabase,
) -> None:
    """The driver gives up a commit that waits for a standby that is away. Asked again with the
    key, we must not say that it is booked: the primary may be lost before the standby hears of it.
    """
    database = Database(pair.url)
    await database.open()
    installation, business, now = Installation(database), a_business(), datetime.now(UTC)
    slug = business.business.slug
    await apply_file.apply(database, business, now=now)

    async def ask() -> Booked:
        return await book(
            installation,
            slug,
            a_booking(tomorrow_at(10)),
            actor=VISITOR,
            now=now,
            idempotency_key="k",
        )

    pair.standby.kill()
    first = asyncio.create_task(ask())
    await until(lambda: waits_for_the_standby(pair), 10, "the booking waits for the standby")
    first.cancel()
    with pytest.raises(asyncio.CancelledError):
        await first

    acknowledged = None
    with contextlib.suppress(TryAgainError, TimeoutError):
        acknowledged = await asyncio.wait_for(ask(), 5)
    pair.primary.kill()
    await asyncio.to_thread(pair.standby.revive)
    await asyncio.to_thread(pair.standby.promote)

    there = await asyncpg.connect(pair.url)
    kept = await there.fetchval("SELECT count(*) FROM appointment")
    await there.close()
    await database.close()
    assert acknowledged is None or kept == 1


async def waits_for_the_standby(pair: ReplicatedDatabase) -> bool:
    return bool(
        await pair.primary.ask("SELECT true FROM pg_stat_activity WHERE wait_event = 'SyncRep'")
    )
