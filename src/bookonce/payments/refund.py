"""Refund by hand: the business gives a part or all of a deposit back, whatever the policy says."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import msgspec

from bookonce.availability.installation import Installation
from bookonce.booking import appointment_rows
from bookonce.booking.appointment import Appointment
from bookonce.business.deposits import charge_step_minor
from bookonce.events import event_rows
from bookonce.events.catalogue import REFUND_REQUESTED, RefundFacts
from bookonce.payments import ledger_rows, payment_rows, refund_rows
from bookonce.payments.states import (
    EntryKind,
    PaymentStatus,
)
from bookonce.platform import money
from bookonce.platform.actor import Actor
from bookonce.platform.connection import Connection
from bookonce.platform.errors import (
    FieldError,
    IdempotencyMismatchError,
    NotFoundError,
    StatusConflictError,
    ValidationError,
)
from bookonce.platform.ids import new_id


class Refunded(msgspec.Struct, frozen=True):
    """What the business keeps of a deposit after a refund by hand, in minor units, and when it was
    asked for, if that was before.
    """

    keep_minor: int
    currency: str
    asked_at: datetime | None = None


async def refund(
    installation: Installation,
    slug: str,
    appointment_id: UUID,
    amount_minor: int | None,
    *,
    actor: Actor,
    now: datetime,
    key: str | None = None,
) -> Refunded:
    """Give back so much of a deposit, all that is left if None; a job does it and repeats it until
    the provider confirms.

    `key` is the caller's name for this refund: the same one again is answered as it was, and nothing
    more is given back. Raises NotFoundError, StatusConflictError if nothing was paid,
    ValidationError if it is more than is left or can't be sent, IdempotencyMismatchError if the key
    was another amount's.
    """
    directory = await installation.current(slug)
    return await installation.database.transaction(
        _ask, directory.business_id, appointment_id, amount_minor, key, new_id(), actor, now
    )


async def _ask(
    connection: Connection,
    business_id: UUID,
    appointment_id: UUID,
    amount_minor: int | None,
    key: str | None,
    event_id: UUID,
    actor: Actor,
    now: datetime,
) -> Refunded:
    await appointment_rows.lock(connection, business_id, appointment_id)
    appointment = await appointment_rows.by_id(connection, business_id, appointment_id)
    if appointment is None:
        raise NotFoundError("There is no such appointment.")
    if await event_rows.exists(connection, business_id, event_id):
        # A lost attempt of ours did it.
        return Refunded(appointment.keep_minor or 0, appointment.currency)
    if key is not None and (
        before := await refund_rows.requested(connection, business_id, appointment_id, key)
    ):
        if before.amount_minor != amount_minor:
            raise IdempotencyMismatchError("This key was used for a refund of another amount.")
        return Refunded(before.keep_minor, appointment.currency, before.at)
    keep_minor, back_minor = await _keep_after(connection, business_id, appointment, amount_minor)
    await payment_rows.set_keep(connection, business_id, appointment_id, keep_minor)
    if key is not None:
        await refund_rows.remember_request(
            connection, business_id, appointment_id, key, amount_minor, keep_minor, now
        )
    await event_rows.append(
        connection, business_id, event_id, REFUND_REQUESTED,
        RefundFacts(back_minor, appointment.currency),
        actor=actor, now=now, appointment_id=appointment_id,
    )  # fmt: skip
    return Refunded(keep_minor, appointment.currency)


async def _keep_after(
    connection: Connection, business_id: UUID, appointment: Appointment, amount_minor: int | None
) -> tuple[int, int]:
    """What the business keeps after so much is given back, and how much that is."""
    kept_minor = await _kept(connection, business_id, appointment.id)
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
    step_minor = charge_step_minor(appointment.currency)
    if amount_minor is not None and amount_minor % step_minor:
        step = f"{money.major(step_minor, appointment.currency)} {appointment.currency}"
        raise ValidationError(
            [FieldError("amount", f"can't be sent: expected a multiple of {step}")]
        )
    return kept_minor - back_minor, back_minor


async def _kept(connection: Connection, business_id: UUID, appointment_id: UUID) -> int | None:
    """What is set aside or taken for an appointment, in minor units; None if nothing is."""
    for payment in await payment_rows.of_appointment(connection, business_id, appointment_id):
        if payment.status is PaymentStatus.AUTHORISED:
            return payment.amount_minor
        if payment.status is PaymentStatus.CAPTURED:
            sums = await ledger_rows.sums(connection, business_id, payment.id)
            return (
                sums.get(EntryKind.CAPTURED, 0)
                - sums.get(EntryKind.REFUNDED, 0)
                - sums.get(EntryKind.DISPUTED, 0)
            )
    return None
