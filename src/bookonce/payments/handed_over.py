"""What a person does about refunds: has them asked for again, or tells that they were handed over."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from bookonce.availability.installation import Installation
from bookonce.booking import appointment_rows
from bookonce.events import event_rows
from bookonce.events.catalogue import REFUND_RETRIED, REFUND_SETTLED, Kind, RefundFacts
from bookonce.payments import ledger_rows, payment_rows, refund_rows
from bookonce.payments.ledger_rows import Entry
from bookonce.payments.orders import by_hand_ref
from bookonce.payments.refund_rows import Refund
from bookonce.payments.states import OPEN_REFUNDS, EntryKind, Payment, RefundStatus
from bookonce.platform.actor import Actor
from bookonce.platform.connection import Connection
from bookonce.platform.errors import NotFoundError
from bookonce.platform.ids import new_id


async def retry(
    installation: Installation, slug: str, appointment_id: UUID, *, actor: Actor, now: datetime
) -> int:
    """Have the refunds of an appointment that failed asked for again by the next settling, however
    often they failed; how many there are. Raises NotFoundError.
    """
    directory = await installation.current(slug)
    return await installation.database.transaction(
        _retry, directory.business_id, appointment_id, actor, now
    )


async def _retry(
    connection: Connection, business_id: UUID, appointment_id: UUID, actor: Actor, now: datetime
) -> int:
    found = 0
    for payment in await _locked(connection, business_id, appointment_id):
        for one in await refund_rows.of_payment(connection, business_id, payment.id):
            if await refund_rows.try_now(connection, business_id, one.id, now):
                found += 1
                await _tell(connection, business_id, payment, one, REFUND_RETRIED, actor, now)
    return found


async def settled(
    installation: Installation, slug: str, appointment_id: UUID, *, actor: Actor, now: datetime
) -> int:
    """A person tells that what the provider wouldn't give back was given back in another way; how
    many refunds that were. Raises NotFoundError.
    """
    directory = await installation.current(slug)
    return await installation.database.transaction(
        _settled, directory.business_id, appointment_id, actor, now
    )


async def _settled(
    connection: Connection, business_id: UUID, appointment_id: UUID, actor: Actor, now: datetime
) -> int:
    found = 0
    for payment in await _locked(connection, business_id, appointment_id):
        for one in await refund_rows.of_payment(connection, business_id, payment.id):
            if one.status is RefundStatus.FAILED:
                found += await _hand_over(
                    connection, business_id, payment, one, RefundStatus.SETTLED, actor, now
                )
    return found


async def returned(
    installation: Installation, slug: str, appointment_id: UUID, *, actor: Actor, now: datetime
) -> int:
    """A person tells that everything that was to be given back has been handed over, where the
    provider has no books of its own; how many refunds that were. Raises NotFoundError.
    """
    directory = await installation.current(slug)
    by_hand = [name for name, one in installation.providers.items() if not one.takes_cards]
    return await installation.database.transaction(
        _returned, directory.business_id, appointment_id, by_hand, actor, now
    )


async def _returned(
    connection: Connection,
    business_id: UUID,
    appointment_id: UUID,
    by_hand: Sequence[str],
    actor: Actor,
    now: datetime,
) -> int:
    found = 0
    for payment in await _locked(connection, business_id, appointment_id):
        if payment.provider not in by_hand:
            continue
        for one in await refund_rows.of_payment(connection, business_id, payment.id):
            if one.status in OPEN_REFUNDS:
                found += await _hand_over(
                    connection, business_id, payment, one, RefundStatus.DONE, actor, now
                )
    return found


async def _locked(connection: Connection, business_id: UUID, appointment_id: UUID) -> list[Payment]:
    """The attempts of an appointment, which nobody else changes meanwhile."""
    await appointment_rows.lock(connection, business_id, appointment_id)
    if await appointment_rows.by_id(connection, business_id, appointment_id) is None:
        raise NotFoundError("There is no such appointment.")
    return await payment_rows.of_appointment(connection, business_id, appointment_id)


async def _hand_over(
    connection: Connection,
    business_id: UUID,
    payment: Payment,
    refund: Refund,
    status: RefundStatus,
    actor: Actor,
    now: datetime,
) -> bool:
    """End a refund that a person has given; whether it was open still."""
    if not await refund_rows.set_status(connection, business_id, refund.id, status, refund.problem):
        return False
    entry = Entry(EntryKind.REFUNDED, refund.amount_minor, by_hand_ref(refund.id))
    await ledger_rows.add(connection, business_id, payment, [(new_id(), entry)], now)
    await _tell(connection, business_id, payment, refund, REFUND_SETTLED, actor, now)
    return True


async def _tell(
    connection: Connection,
    business_id: UUID,
    payment: Payment,
    refund: Refund,
    kind: Kind,
    actor: Actor,
    now: datetime,
) -> None:
    await event_rows.append(
        connection, business_id, new_id(), kind,
        RefundFacts(refund.amount_minor, payment.currency, refund.problem),
        actor=actor, now=now, appointment_id=payment.appointment_id,
    )  # fmt: skip
