"""What schedules do: take away holds that have run out, and look after money that nobody is at."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

import structlog

from bookonce.availability import hold_rows
from bookonce.availability.installation import Installation
from bookonce.payments import open_rows
from bookonce.payments.provider import ProviderError, RefusedByProviderError
from bookonce.payments.settle import settle
from bookonce.platform.errors import BookonceError

log = structlog.get_logger("bookonce.payments")

OVERDUE = timedelta(minutes=1)
"""How long a browser, a message or a job has to see to something before the schedule looks."""
AT_ONCE_MAX = 200
LOOK_AFTER_FAILURE = timedelta(hours=1)
LOOKED_AFTER = timedelta(days=180)
"""Refunds fail within weeks, and payers have up to four months for a dispute."""


async def expire_holds(installation: Installation, *, now: datetime) -> int:
    """Take away the holds that have run out; how many there were. Nobody waits for this: whoever
    meets such a hold takes it away. It is for pages and for those who count.
    """
    database = installation.database
    found = 0
    due = await database.run(hold_rows.businesses_with_expired, now)
    for business_id in due:
        while expired := await database.transaction(hold_rows.expire_all, business_id, now):
            found += expired
    return found


async def reconcile(
    installation: Installation, *, now: datetime, overdue: timedelta = OVERDUE
) -> int:
    """Ask the provider about every attempt that has been under way for a while, every refund that
    hasn't been made and every payment of which too much was kept, and go on from what it says; how
    many there were. The queue is not needed for it.

    One that can't be settled doesn't keep the others from it; the next round tries again.
    """
    unfinished = await installation.database.run(
        open_rows.unfinished, now - overdue, now, AT_ONCE_MAX
    )
    for business_id, appointment_id in unfinished:
        await _settle_or_tell(installation, business_id, appointment_id, now)
    return len(unfinished)


async def look_again(installation: Installation, *, now: datetime) -> int:
    """Look at the provider's books of captured payments, each after a tenth of its age: of what is
    done there past us (a refund, a dispute, a refund that the bank sends back) no message may come.
    """
    without_books = [
        name for name, provider in installation.providers.items() if not provider.takes_cards
    ]
    due = await installation.database.run(
        open_rows.to_look_at, now - LOOKED_AFTER, now, without_books, AT_ONCE_MAX
    )
    for business_id, appointment_id in due:
        if not await _settle_or_tell(installation, business_id, appointment_id, now):
            await installation.database.run(
                open_rows.look_later, business_id, appointment_id, now + LOOK_AFTER_FAILURE
            )
    return len(due)


async def _settle_or_tell(
    installation: Installation, business_id: UUID, appointment_id: UUID, now: datetime
) -> bool:
    try:
        await settle(installation, business_id, appointment_id, now=now)
    except (ProviderError, RefusedByProviderError, BookonceError) as error:
        log.warning(
            "a payment isn't settled yet",
            business_id=str(business_id),
            appointment_id=str(appointment_id),
            reason=f"{type(error).__name__}: {error}",
        )
        return False
    return True
