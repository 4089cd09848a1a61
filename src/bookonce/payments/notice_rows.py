"""What a provider's message is about, and which messages were heard."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from bookonce.platform.connection import Connection
from bookonce.platform.statements import Statement

APPOINTMENT_OF = Statement(
    """
    SELECT appointment_id FROM payment
    WHERE business_id = :business_id AND payment_id = :payment_id
    """
)


async def appointment_of(
    connection: Connection, business_id: UUID, payment_id: UUID
) -> UUID | None:
    """What an attempt is to pay for."""
    appointment_id: UUID | None = await APPOINTMENT_OF.value(
        connection, business_id=business_id, payment_id=payment_id
    )
    return appointment_id


HEAR = Statement(
    """
    INSERT INTO provider_event (business_id, provider, event_ref, received_at)
    VALUES (:business_id, :provider, :event_ref, :now) ON CONFLICT DO NOTHING
    """
)


async def take_notice(
    connection: Connection, business_id: UUID, provider: str, event_ref: str, now: datetime
) -> bool:
    """Write down that a provider's message was heard; False if it was before."""
    written = await HEAR.run(
        connection, business_id=business_id, provider=provider, event_ref=event_ref, now=now
    )
    return written == 1


BY_REF = Statement(
    """
    SELECT business_id, payment_id FROM payment
    WHERE provider = :provider AND provider_ref = :provider_ref
    LIMIT 1
    """
)


async def by_ref(
    connection: Connection, provider: str, provider_ref: str
) -> tuple[UUID, UUID] | None:
    """Business and attempt by what the provider calls it: asked of all businesses, so only for the
    few messages that tell no ids of ours.
    """
    row = await BY_REF.row(connection, provider=provider, provider_ref=provider_ref)
    return (row["business_id"], row["payment_id"]) if row else None
