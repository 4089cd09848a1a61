"""Notice: a payment provider tells that something has happened. It is a hint where to look."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from bookonce.availability.installation import Installation
from bookonce.events import event_rows
from bookonce.events.catalogue import PAYMENT_NOTIFIED, NoFacts
from bookonce.payments import notice_rows
from bookonce.payments.provider import ProviderEvent
from bookonce.platform.actor import SYSTEM
from bookonce.platform.connection import Connection
from bookonce.platform.ids import new_id


async def take_notice(
    installation: Installation, provider: str, told: ProviderEvent, *, now: datetime
) -> bool:
    """Have somebody look at what a provider's message is about, once for each message.

    What it says isn't believed: messages come twice, late, and in any order. Whoever looks asks the
    provider. False if there is nothing to look at, or it was heard before.
    """
    if told.business_id is not None and told.payment_id is not None:
        found: tuple[UUID, UUID] | None = (told.business_id, told.payment_id)
    elif told.provider_ref is not None:
        found = await installation.database.run(notice_rows.by_ref, provider, told.provider_ref)
    else:
        found = None
    if found is None:
        return False
    (business_id, payment_id), event_id = found, new_id()

    async def work(connection: Connection) -> bool:
        appointment_id = await notice_rows.appointment_of(connection, business_id, payment_id)
        if appointment_id is None:
            return False
        if not await notice_rows.take_notice(
            connection, business_id, provider, told.event_ref, now
        ):
            return False
        await event_rows.append(
            connection, business_id, event_id, PAYMENT_NOTIFIED, NoFacts(),
            actor=SYSTEM, now=now, appointment_id=appointment_id,
        )  # fmt: skip
        return True

    return await installation.database.transaction(work)
