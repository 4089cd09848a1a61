"""Nobody waits long behind a stranger. Each test would hang if the wait had no bound."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from uuid import UUID

import asyncpg
import pytest

from bookonce.availability.installation import Installation
from bookonce.booking.book import book
from bookonce.booking.cancel import cancel
from bookonce.booking.find import Found
from bookonce.booking.move import MoveRequest, move
from bookonce.business.document import Business
from bookonce.platform.actor import VISITOR
from bookonce.platform.errors import TryAgainError
from tests.factories import a_booking, a_business, a_visitor, tomorrow_at
from tests.races.harness import assert_sound, count

Open = Callable[[Business], Awaitable[str]]


@asynccontextmanager
async def a_stranger_holding(url: str, statement: str) -> AsyncIterator[None]:
    """A transaction that has done something and doesn't end."""
    connection = await asyncpg.connect(url)
    transaction = connection.transaction()
    await transaction.start()
    await connection.execute(statement)
    try:
        yield
    finally:
        await transaction.rollback()
        await connection.close()


async def test_a_booking_behind_an_unfinished_one_is_told_to_try_again(
    installation: Installation, open_business: Open, database_url: str
) -> None:
    slug = await open_business(a_business())
    now, start = datetime.now(UTC), tomorrow_at(10)
    directory = await installation.current(slug)
    unfinished = f"""
        INSERT INTO claim (business_id, claim_id, resource_id, during, kind)
        VALUES ('{directory.business_id}', gen_random_uuid(), '{directory.staff_ids["ada"]}',
                tstzrange('{start}', '{start}'::timestamptz + interval '1 hour'), 'blocked')
    """
    async with a_stranger_holding(database_url, unfinished):
        with pytest.raises(TryAgainError) as refusal:
            await book(installation, slug, a_booking(start), actor=VISITOR, now=now)
        assert isinstance(refusal.value.__cause__, asyncpg.LockNotAvailableError)
        assert await count(database_url, "appointment") == 0

    await book(installation, slug, a_booking(start), actor=VISITOR, now=now)
    await assert_sound(database_url)


def cancelling(installation: Installation, slug: str, id_: UUID) -> Awaitable[Found]:
    return cancel(installation, slug, id_, actor=VISITOR, now=datetime.now(UTC))


def moving(installation: Installation, slug: str, id_: UUID) -> Awaitable[Found]:
    request = MoveRequest(tomorrow_at(12))
    return move(installation, slug, id_, request, actor=VISITOR, now=datetime.now(UTC))


@pytest.mark.parametrize("changing", [cancelling, moving])
async def test_a_change_behind_an_unfinished_one_is_told_to_try_again(
    installation: Installation,
    open_business: Open,
    database_url: str,
    changing: Callable[[Installation, str, UUID], Awaitable[Found]],
) -> None:
    slug = await open_business(a_business())
    held = await book(
        installation, slug, a_booking(tomorrow_at(10)), actor=VISITOR, now=datetime.now(UTC)
    )
    async with a_stranger_holding(database_url, "SELECT FROM appointment FOR UPDATE"):
        with pytest.raises(TryAgainError):
            await changing(installation, slug, held.appointment.id)
    await assert_sound(database_url)


async def test_a_booking_elsewhere_is_not_held_up(
    installation: Installation, open_business: Open, database_url: str
) -> None:
    slug = await open_business(a_business())
    now = datetime.now(UTC)
    await book(installation, slug, a_booking(tomorrow_at(10)), actor=VISITOR, now=now)
    async with a_stranger_holding(database_url, "SELECT FROM appointment FOR UPDATE"):
        held = await book(
            installation,
            slug,
            a_booking(tomorrow_at(11), client=a_visitor("Yan")),
            actor=VISITOR,
            now=now,
        )
    assert held.appointment.start == tomorrow_at(11)
