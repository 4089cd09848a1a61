"""What schedules do: take away holds that have run out, and look after money that nobody is at."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

import structlog

from bookonce.availability import hold_rows
from bookonce.availability.installation import Installation
from bookonce.payments import payment_rows
from bookonce.payments.provider import ProviderError, RefusedByProviderError
from bookonce.payments.settle import settle
from bookonce.platform.errors import BookonceError

log = structlog.get_logger("bookonce.payments")

OVERDUE = timedelta(minutes=1)
"""How long a browser, a message or a job has to see to something before the schedule looks."""
AT_ONCE_MAX = 200


async def expire_holds(installation: Installation, *, now: datetime) -> int:
    """Take away the holds that have run out; how many there were. Nobody waits for this: whoever
    meets such a hold takes it away. It is for pages and for those who count.
    """
    database = installation.database
    found = 0
    due = await database.run(hold_rows.businesses_with_expired, now)
    for business_id in due:
        while expired := await database.run(hold_rows.expire_all, business_id, now):
            found += expired
    return found


async def reconcile(installation: Installation, *, now: datetime) -> int:
    """Ask the provider about every attempt that has been under way for a while and every refund
    that hasn't been made, and go on from what it says; how many there were.

    One that can't be settled doesn't keep the others from it; the next round tries again.
    """
    unfinished = await installation.database.run(
        payment_rows.unfinished, now - OVERDUE, AT_ONCE_MAX
    )
    for business_id, appointment_id in unfinished:
        await _settle_or_tell(installation, business_id, appointment_id, now)
    return len(unfinished)


async def _settle_or_tell(
    installation: Installation, business_id: UUID, appointment_id: UUID, now: datetime
) -> None:
    try:
        await settle(installation, business_id, appointment_id, now=now)
    except (ProviderError, RefusedByProviderError, BookonceError) as error:
        log.warning(
            "a payment isn't settled yet",
            business_id=str(business_id),
            appointment_id=str(appointment_id),
            reason=f"{type(error).__name__}: {error}",
        )
