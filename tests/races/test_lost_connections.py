"""A connection lost under a change leaves the outcome unknown; asking again resolves it."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import asyncpg
import pytest

from bookonce.availability.block import block, unblock
from bookonce.availability.installation import Installation
from bookonce.booking.appointment import Status
from bookonce.booking.book import book
from bookonce.booking.cancel import cancel
from bookonce.booking.find import find
from bookonce.booking.move import MoveRequest, move
from bookonce.business.document import Business
from bookonce.platform.actor import SYSTEM, VISITOR
from bookonce.platform.database import Database
from bookonce.platform.errors import TryAgainError
from bookonce.platform.retry import RetryPolicy
from bookonce.torture.proxies import Cut, Proxy, proxy_to
from tests.factories import a_booking, a_business, a_staff_member, a_visitor, tomorrow_at
from tests.races.harness import assert_sound, count

Open = Callable[[Business], Awaitable[str]]
QUICK = RetryPolicy(base_ms=1)
ONCE = RetryPolicy(attempts=1)


@pytest.fixture
async def proxy(database_url: str, scratch: Path) -> AsyncIterator[tuple[str, Proxy]]:
    with tempfile.TemporaryDirectory(dir=scratch) as folder:
        async with proxy_to(database_url, Path(folder) / "s") as proxied:
            yield proxied


@pytest.fixture
async def cut_off(proxy: tuple[str, Proxy]) -> AsyncIterator[Installation]:
    """An installation whose connection to the database can be cut."""
    database = Database(proxy[0], connections_max=1, retry=QUICK)
    await database.open()
    yield Installation(database)
    await database.close()


@pytest.mark.parametrize("staff", ["ada", None])
@pytest.mark.parametrize("cut", Cut)
@pytest.mark.parametrize("key", ["given", None])
async def test_a_booking_cut_off_is_made_once(
    cut_off: Installation,
    proxy: tuple[str, Proxy],
    open_business: Open,
    database_url: str,
    cut: Cut,
    key: str | None,
    staff: str | None,
) -> None:
    slug = await open_business(a_business(staff=[a_staff_member("ada"), a_staff_member("bob")]))
    await warm_up(cut_off, slug)
    proxy[1].arm(cut)

    held = await book(
        cut_off,
        slug,
        a_booking(tomorrow_at(10), staff=staff),
        actor=VISITOR,
        now=datetime.now(UTC),
        idempotency_key=key,
    )

    assert proxy[1].cuts == 1
    assert await count(database_url, "appointment") == 2
    assert (
        await find(cut_off, slug, held.appointment.id, now=datetime.now(UTC))
    ).appointment.status is Status.CONFIRMED
    await assert_sound(database_url)


async def warm_up(installation: Installation, slug: str) -> None:
    """One booking, after which the driver sends nothing but the statements it is told to."""
    await book(
        installation,
        slug,
        a_booking(tomorrow_at(20), client=a_visitor("Warm")),
        actor=VISITOR,
        now=datetime.now(UTC),
    )


async def test_after_attempts_ran_out_the_same_key_finds_the_booking(
    proxy: tuple[str, Proxy],
    installation: Installation,
    open_business: Open,
    database_url: str,
) -> None:
    slug = await open_business(a_business())
    database = Database(proxy[0], connections_max=1, retry=ONCE)
    await database.open()
    impatient = Installation(database)
    await warm_up(impatient, slug)
    request, now = a_booking(tomorrow_at(10)), datetime.now(UTC)
    proxy[1].arm(Cut.BEFORE_THE_ANSWER)
    with pytest.raises(TryAgainError):
        await book(impatient, slug, request, actor=VISITOR, now=now, idempotency_key="k")

    held = await book(installation, slug, request, actor=VISITOR, now=now, idempotency_key="k")

    assert await count(database_url, "appointment") == 2
    assert (
        await find(installation, slug, held.appointment.id, now=datetime.now(UTC))
    ).appointment.start == tomorrow_at(10)
    await database.close()


@pytest.mark.parametrize("staff", ["ada", None])
async def test_a_lost_attempt_that_is_still_writing_is_not_mistaken_for_a_rival(
    cut_off: Installation,
    proxy: tuple[str, Proxy],
    open_business: Open,
    database_url: str,
    staff: str | None,
) -> None:
    """The next attempt runs into the claim of the lost one, which commits only then."""
    slug = await open_business(a_business(staff=[a_staff_member("ada"), a_staff_member("bob")]))
    await warm_up(cut_off, slug)
    directory = await cut_off.current(slug)
    stranger = await asyncpg.connect(database_url)
    hold_up = stranger.transaction()
    await hold_up.start()
    # The booking writes its claim and then waits to learn whether the client exists already.
    await stranger.execute(
        "INSERT INTO client (business_id, client_id, email, name, created_at)"
        " VALUES ($1, gen_random_uuid(), $2, 'Zoe', now())",
        directory.business_id,
        a_visitor().email,
    )
    proxy[1].arm(Cut.AFTER_THE_REQUEST)
    request = a_booking(tomorrow_at(9), staff=staff)
    booking = asyncio.create_task(
        book(cut_off, slug, request, actor=VISITOR, now=datetime.now(UTC))
    )
    await both_are_waiting(database_url)

    await hold_up.rollback()
    held = await booking

    await stranger.close()
    assert proxy[1].cuts == 1
    assert (
        await find(cut_off, slug, held.appointment.id, now=datetime.now(UTC))
    ).appointment.status is Status.CONFIRMED
    assert await count(database_url, "appointment") == 2
    await assert_sound(database_url)


async def both_are_waiting(url: str) -> None:
    """Until the lost attempt and the next one wait for locks."""
    watcher = await asyncpg.connect(url)
    async with asyncio.timeout(30):
        while (
            await watcher.fetchval(
                "SELECT count(*) FROM pg_stat_activity"
                " WHERE datname = current_database() AND wait_event_type = 'Lock'"
            )
            < 2
        ):
            await asyncio.sleep(0.01)
    await watcher.close()


@pytest.mark.parametrize("statement", range(1, 10))
@pytest.mark.parametrize("cut", Cut)
async def test_a_move_cut_off_at_any_statement_is_made_once(
    cut_off: Installation,
    proxy: tuple[str, Proxy],
    installation: Installation,
    open_business: Open,
    database_url: str,
    cut: Cut,
    statement: int,
) -> None:
    slug = await open_business(a_business())
    now = datetime.now(UTC)
    held = await book(installation, slug, a_booking(tomorrow_at(9)), actor=VISITOR, now=now)
    await warm_up(cut_off, slug)
    proxy[1].arm(cut, statement)

    moved = await move(
        cut_off, slug, held.appointment.id, MoveRequest(tomorrow_at(12)), actor=VISITOR, now=now
    )

    assert moved.appointment.start == tomorrow_at(12)
    assert moved.appointment.sequence == 1
    assert (
        await find(installation, slug, held.appointment.id, now=datetime.now(UTC))
    ).appointment.sequence == 1
    await assert_sound(database_url)


@pytest.mark.parametrize("statement", range(1, 4))
@pytest.mark.parametrize("cut", Cut)
async def test_a_cancellation_cut_off_at_any_statement_is_made_once(
    cut_off: Installation,
    proxy: tuple[str, Proxy],
    installation: Installation,
    open_business: Open,
    database_url: str,
    cut: Cut,
    statement: int,
) -> None:
    slug = await open_business(a_business())
    now = datetime.now(UTC)
    held = await book(installation, slug, a_booking(tomorrow_at(9)), actor=VISITOR, now=now)
    await warm_up(cut_off, slug)
    proxy[1].arm(cut, statement)

    cancelled = await cancel(cut_off, slug, held.appointment.id, actor=VISITOR, now=now)

    assert cancelled.appointment.status is Status.CANCELLED
    await book(
        installation,
        slug,
        a_booking(tomorrow_at(9), client=a_visitor("Next")),
        actor=VISITOR,
        now=now,
    )
    await assert_sound(database_url)


@pytest.mark.parametrize("statement", range(1, 6))
@pytest.mark.parametrize("cut", Cut)
async def test_a_block_cut_off_at_any_statement_is_made_once(
    cut_off: Installation,
    proxy: tuple[str, Proxy],
    open_business: Open,
    database_url: str,
    cut: Cut,
    statement: int,
) -> None:
    slug = await open_business(a_business())
    start = tomorrow_at(9)
    await warm_up(cut_off, slug)
    proxy[1].arm(cut, statement)

    await block(
        cut_off, slug, "ada", start, start + timedelta(hours=1), actor=SYSTEM, now=datetime.now(UTC)
    )

    assert await count(database_url, "claim WHERE kind = 'blocked'") == 1
    assert await count(database_url, "event WHERE kind = 'time.blocked'") == 1


@pytest.mark.parametrize("statement", range(1, 6))
@pytest.mark.parametrize("cut", Cut)
async def test_a_block_given_back_and_cut_off_at_any_statement_is_gone(
    cut_off: Installation,
    proxy: tuple[str, Proxy],
    open_business: Open,
    database_url: str,
    cut: Cut,
    statement: int,
) -> None:
    slug = await open_business(a_business())
    start = tomorrow_at(9)
    now = datetime.now(UTC)
    made = await block(
        cut_off, slug, "ada", start, start + timedelta(hours=1), actor=SYSTEM, now=now
    )
    await warm_up(cut_off, slug)
    proxy[1].arm(cut, statement)

    await unblock(cut_off, slug, made.id, actor=SYSTEM, now=now)

    assert await count(database_url, "claim WHERE kind = 'blocked'") == 0
    assert await count(database_url, "event WHERE kind = 'time.unblocked'") == 1
