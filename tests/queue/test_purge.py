"""What is too old goes, what somebody may still need stays."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import asyncpg
import pytest

from bookonce.availability.busy_rows import KEPT_S_MAX
from bookonce.availability.installation import Installation
from bookonce.availability.look import offer
from bookonce.availability.selection import Choice
from bookonce.booking.book import book
from bookonce.booking.cancel import cancel
from bookonce.platform.actor import VISITOR
from bookonce.platform.database import Database
from bookonce.queue import purge_rows as store
from bookonce.queue.handlers import Context
from bookonce.queue.job_rows import Subject
from bookonce.queue.purge import RELEASES_KEPT, purge
from tests.factories import a_booking, a_business, tomorrow_at
from tests.queue.conftest import Open

NOW = datetime.now(UTC)
TEN = tomorrow_at(10)


@pytest.fixture
async def connection(database_url: str) -> AsyncIterator[Any]:
    connection = await asyncpg.connect(database_url)
    yield connection
    await connection.close()


async def run_purge(database: Database) -> None:
    await purge(Context(database, None), Subject())


async def a_day_passes(connection: Any) -> None:
    """For marks: they become older than releases are kept."""
    await connection.execute("UPDATE transaction_mark SET marked_at = marked_at - interval '25 h'")


async def releases(connection: Any) -> int:
    found: int = await connection.fetchval("SELECT count(*) FROM claim_release")
    return found


async def free_at_ten(reader: Installation, slug: str) -> bool:
    _, found = await offer(reader, slug, Choice.of("cut"), TEN.date(), TEN.date(), now=NOW)
    return bool(found.by_start().get(int(TEN.timestamp())))


async def test_releases_go_a_day_after_a_purge_saw_them(
    database: Database, installation: Installation, open_business: Open, connection: Any
) -> None:
    slug = await open_business(a_business())
    held = await book(installation, slug, a_booking(TEN), actor=VISITOR, now=NOW)
    await cancel(installation, slug, held.appointment.id, actor=VISITOR, now=NOW)
    await run_purge(database)
    await run_purge(database)
    assert await releases(connection) == 1
    await a_day_passes(connection)
    await run_purge(database)
    assert await releases(connection) == 0


async def test_releases_are_kept_much_longer_than_any_reader_remembers() -> None:
    assert 100 * timedelta(seconds=KEPT_S_MAX) < RELEASES_KEPT


async def test_a_look_is_exact_though_a_purge_ran_since_the_last(
    database: Database, installation: Installation, open_business: Open, connection: Any
) -> None:
    """The transaction that gives the time back began before the mark and ended after the reader's
    look. A purge that went by ages, or by what has ended by now, would take its row away.
    """
    slug = await open_business(a_business())
    held = await book(installation, slug, a_booking(TEN), actor=VISITOR, now=NOW)
    reader = Installation(database)
    slow = await asyncpg.connect(database.url)
    try:
        transaction = slow.transaction()
        await transaction.start()
        await slow.execute("SELECT pg_current_xact_id()")
        await book(
            installation, slug, a_booking(tomorrow_at(15)), actor=VISITOR, now=NOW
        )  # begun later, ended
        await run_purge(database)
        await a_day_passes(connection)
        assert not await free_at_ten(reader, slug)
        await slow.execute(
            """
            WITH gone AS (DELETE FROM claim WHERE appointment_id = $1 RETURNING *)
            INSERT INTO claim_release (business_id, resource_id)
            SELECT business_id, resource_id FROM gone
            """,
            held.appointment.id,
        )
        await transaction.commit()
        await run_purge(database)
        assert await free_at_ten(reader, slug)
    finally:
        await slow.close()


async def test_a_restored_copy_does_not_go_by_its_original_s_marks(
    database: Database, connection: Any
) -> None:
    await connection.execute(
        "INSERT INTO transaction_mark VALUES ('another server', now() - interval '2 days', '9999999')"
    )
    assert await database.run(lambda c: store.ended_by(c, RELEASES_KEPT)) is None


async def test_idempotency_keys_go_after_thirty_days_and_their_events_stay(
    database: Database,
    installation: Installation,
    open_business: Open,
    connection: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(store, "ROWS_MAX", 2)
    slug = await open_business(a_business())
    for hour in range(10, 15):
        await book(installation, slug, a_booking(tomorrow_at(hour)), actor=VISITOR, now=NOW)
    keys = "SELECT count(*) FROM idempotency"
    assert await connection.fetchval(keys) == 5
    await connection.execute(
        "UPDATE idempotency SET created_at = now() - interval '29 days' WHERE ctid IN"
        " (SELECT ctid FROM idempotency LIMIT 1)"
    )
    await run_purge(database)
    assert await connection.fetchval(keys) == 5
    await connection.execute(
        "UPDATE idempotency SET created_at = now() - interval '31 days'"
        " WHERE created_at > now() - interval '1 day'"
    )
    events = await connection.fetchval("SELECT count(*) FROM event")
    await run_purge(database)
    assert await connection.fetchval(keys) == 1
    assert await connection.fetchval("SELECT count(*) FROM event") == events


async def test_a_visitor_s_bookings_go_when_they_are_over_or_cancelled(
    database: Database, installation: Installation, open_business: Open, connection: Any
) -> None:
    slug = await open_business(a_business(protection={"bookings_per_email": 5}))
    booked = [
        await book(installation, slug, a_booking(tomorrow_at(hour)), actor=VISITOR, now=NOW)
        for hour in (10, 11, 12)
    ]
    counted = "SELECT appointment_id FROM visitor_booking"
    assert len({row[0] for row in await connection.fetch(counted)}) == 3
    await cancel(installation, slug, booked[0].appointment.id, actor=VISITOR, now=NOW)
    await connection.execute(
        "UPDATE appointment SET starts_at = now() - interval '2 h', ends_at = now() - interval '1 h'"
        " WHERE appointment_id = $1",
        booked[1].appointment.id,
    )
    await run_purge(database)
    assert {row[0] for row in await connection.fetch(counted)} == {booked[2].appointment.id}


async def test_provider_s_events_and_done_jobs_go_and_dead_ones_stay(
    database: Database, open_business: Open, connection: Any
) -> None:
    await open_business(a_business())
    for ref, days in (("old", 91), ("new", 89)):
        await connection.execute(
            "INSERT INTO provider_event SELECT business_id, 'till', $1, now() - $2::interval"
            " FROM business",
            ref,
            timedelta(days=days),
        )
    for status, days in (("done", 8), ("done", 6), ("dead", 99)):
        await connection.execute(
            "INSERT INTO job (job_id, name, status, attempts_max, ended_at)"
            " VALUES ($1, 'look', $2, 1, now() - $3::interval)",
            uuid4(),
            status,
            timedelta(days=days),
        )
    await run_purge(database)
    assert await connection.fetchval("SELECT array_agg(event_ref) FROM provider_event") == ["new"]
    left = await connection.fetch("SELECT status FROM job ORDER BY status")
    assert [row["status"] for row in left] == ["dead", "done"]
