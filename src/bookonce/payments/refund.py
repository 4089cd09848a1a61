"""Refund by hand: the business gives a part or all of a deposit back, whatever the policy says."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import msgspec

from bookonce.availability.installation import Installation
from bookonce.booking import appointment_rows
from bookonce.events import event_rows
from bookonce.events.catalogue import REFUND_REQUESTED, RefundFacts
from bookonce.payments import ledger_rows, payment_rows, refund_rows
from bookonce.payments.ledger_rows import Entry
from bookonce.payments.orders import by_hand_ref
from bookonce.payments.states import EntryKind, PaymentStatus, RefundStatus
from bookonce.platform import money
from bookonce.platform.actor import Actor
from bookonce.platform.connection import Connection
from bookonce.platform.errors import FieldError, NotFoundError, StatusConflictError, ValidationError
from bookonce.platform.ids import new_id


class Refunded(msgspec.Struct, frozen=True):
    """What the business keeps of a deposit after a refund by hand, in minor units."""

    keep_minor: int
    currency: str


async def refund(
    installation: Installation,
    slug: str,
    appointment_id: UUID,
    amount_minor: int | None,
    *,
    actor: Actor,
    now: datetime,
) -> Refunded:
    """Give back so much of a deposit, all that is left if None; a job does it and repeats it until
    the provider confirms.

    Raises NotFoundError, StatusConflictError if nothing was paid, ValidationError if it is more than
    is left.
    """
    directory = await installation.current(slug)
    business_id, event_id = directory.business_id, new_id()

    async def work(connection: Connection) -> Refunded:
        await appointment_rows.lock(connection, business_id, appointment_id)
        appointment = await appointment_rows.by_id(connection, business_id, appointment_id)
        if appointment is None:
            raise NotFoundError("There is no such appointment.")
        if await event_rows.exists(connection, business_id, event_id):
            # A lost attempt of ours did it.
            return Refunded(appointment.keep_minor or 0, appointment.currency)
        kept_minor = await _kept(connection, business_id, appointment_id)
        if kept_minor is None:
            raise StatusConflictError("Nothing was paid for this appointment.")
        if appointment.keep_minor is not None:
            kept_minor = min(kept_minor, appointment.keep_minor)
        back_minor = kept_minor if amount_minor is None else amount_minor
        if not 0 < back_minor <= kept_minor:
            left = money.major(kept_minor, appointment.currency)
            raise ValidationError(
                [FieldError("amount", f"expected more than 0 and at most {left}, what is left")]
            )
        await payment_rows.set_keep(
            connection, business_id, appointment_id, kept_minor - back_minor
        )
        await event_rows.append(
            connection, business_id, event_id, REFUND_REQUESTED,
            RefundFacts(back_minor, appointment.currency),
            actor=actor, now=now, appointment_id=appointment_id,
        )  # fmt: skip
        return Refunded(kept_minor - back_minor, appointment.currency)

    return await installation.database.transaction(work)


async def _kept(connection: Connection, business_id: UUID, appointment_id: UUID) -> int | None:
    """What is set aside or taken for an appointment, in minor units; None if nothing is."""
    for payment in await payment_rows.of_appointment(connection, business_id, appointment_id):
        if payment.status is PaymentStatus.AUTHORISED:
            return payment.amount_minor
        if payment.status is PaymentStatus.CAPTURED:
            sums = await ledger_rows.sums(connection, business_id, payment.id)
            return sums.get(EntryKind.CAPTURED, 0) - sums.get(EntryKind.REFUNDED, 0)
    return None


async def returned(
    installation: Installation, slug: str, appointment_id: UUID, *, now: datetime
) -> int:
    """A person tells that everything that was to be given back has been handed over, where the
    provider has no books of its own; how many refunds that were. Raises NotFoundError.
    """
    directory = await installation.current(slug)
    business_id = directory.business_id

    async def work(connection: Connection) -> int:
        await appointment_rows.lock(connection, business_id, appointment_id)
        handed_over = 0
        for payment in await payment_rows.of_appointment(connection, business_id, appointment_id):
            provider = installation.providers.get(payment.provider)
            if provider is None or provider.takes_cards:
                continue
            for one in await refund_rows.of_payment(connection, business_id, payment.id):
                if one.status is RefundStatus.DONE:
                    continue
                handed_over += 1
                entry = Entry(EntryKind.REFUNDED, one.amount_minor, by_hand_ref(one.id))
                await ledger_rows.add(connection, business_id, payment, [(new_id(), entry)], now)
                await refund_rows.set_status(connection, business_id, one.id, RefundStatus.DONE)
        return handed_over

    return await installation.database.transaction(work)
