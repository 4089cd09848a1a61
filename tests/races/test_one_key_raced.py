"""One key sent twice at the same time, while somebody else changes what it is about."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

import asyncpg

from bookonce.availability.installation import Installation
from bookonce.booking.book import book
from bookonce.booking.cancel import cancel
from bookonce.booking.move import MoveRequest, move
from bookonce.business.document import Business
from bookonce.events.idempotency import Idempotency
from bookonce.platform.actor import VISITOR
from bookonce.platform.errors import BookonceError
from bookonce.torture.waiting import until
from tests.factories import a_booking, a_business, tomorrow_at


async def test_a_move_to_where_it_is_already_has_one_answer_though_it_is_cancelled_meanwhile(
    installation: Installation,
    open_business: Callable[[Business], Awaitable[str]],
    database_url: str,
) -> None:
    """Found by `bookonce torture --faults crash --seed 31`."""
    slug, now = await open_business(a_business()), datetime.now(UTC)
    held = await book(installation, slug, a_booking(tomorrow_at(10)), actor=VISITOR, now=now)
    stranger = await asyncpg.connect(database_url)

    async def ask() -> str:
        request = MoveRequest(tomorrow_at(10))
        try:
            await move(
                installation,
                slug,
                held.appointment.id,
                request,
                actor=VISITOR,
                now=now,
                idempotency=Idempotency.of("k", "move", str(held.appointment.id), request),
            )
        except BookonceError as refusal:
            return refusal.code
        return "done"

    async def one_waits() -> bool:
        return bool(
            await stranger.fetchval(
                "SELECT true FROM pg_locks WHERE locktype = 'transactionid' AND NOT granted"
            )
        )

    used = stranger.transaction()
    await used.start()  # somebody is about to use the key, and won't
    await stranger.execute(
        """
        INSERT INTO idempotency (business_id, key_hash, request_hash, event_id, created_at)
        SELECT business_id, $1, '', event_id, at FROM event WHERE appointment_id IS NOT NULL
        """,
        Idempotency.of("k").key_hash,
    )
    first = asyncio.create_task(ask())
    await until(one_waits, 10, "the first is about to remember its answer")
    cancelled = asyncio.create_task(
        cancel(installation, slug, held.appointment.id, actor=VISITOR, now=now)
    )
    await asyncio.wait([cancelled], timeout=0.5)
    second = asyncio.create_task(ask())
    await asyncio.wait([second], timeout=0.5)
    await used.rollback()
    answers = {await first, await second}

    await cancelled
    await stranger.close()
    assert len(answers) == 1
