"""Attempts to pay: one at a time for an appointment, named before money can move, ended if refused."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from bookonce.availability.installation import Installation
from bookonce.booking import appointment_rows
from bookonce.booking.appointment import Appointment, Status
from bookonce.business.directory import Directory
from bookonce.payments import payment_rows
from bookonce.payments.orders import order_of
from bookonce.payments.provider import (
    PaymentOrder,
    PaymentProvider,
    ProviderError,
    RefusedByProviderError,
)
from bookonce.payments.settle import settle
from bookonce.payments.states import LIVE, Payment, PaymentStatus
from bookonce.platform.connection import Connection
from bookonce.platform.errors import (
    BookonceError,
    HoldExpiredError,
    PaymentDeclinedError,
    PaymentUnavailableError,
    TryAgainError,
)
from bookonce.platform.ids import new_id

ATTEMPTS_FACTOR = 3
"""For each attempt that may be declined, so many may end in any other way."""


async def live_attempt(
    installation: Installation, directory: Directory, appointment_id: UUID
) -> Payment | None:
    """The attempt that is under way, if one is."""
    attempts = await installation.database.run(
        payment_rows.of_appointment, directory.business_id, appointment_id
    )
    return next((one for one in attempts if one.status in LIVE), None)


async def begin_attempt(
    installation: Installation,
    directory: Directory,
    appointment: Appointment,
    provider: PaymentProvider,
    now: datetime,
    *,
    is_late: bool = False,
) -> Payment:
    """The attempt under way, or a new one, written down before the provider hears of it.

    Of two at once the second finds the first: one appointment, one payment. A new one needs a hold
    that lasts, unless `is_late`.
    """
    business_id, payment_id = directory.business_id, new_id()
    assert appointment.deposit_minor is not None
    deposit_minor = appointment.deposit_minor

    async def work(connection: Connection) -> Payment:
        # Its rivals: another attempt, a cancellation, the sweeper.
        await appointment_rows.lock(connection, business_id, appointment.id)
        current = await appointment_rows.by_id(connection, business_id, appointment.id)
        assert current is not None
        attempts = await payment_rows.of_appointment(connection, business_id, appointment.id)
        if live := next((one for one in attempts if one.status in LIVE), None):
            return live
        if not current.is_waiting(now) and not (
            is_late and current.status in (Status.HELD, Status.EXPIRED)
        ):
            raise too_late()
        declined = sum(one.status is PaymentStatus.DECLINED for one in attempts)
        if declined >= directory.business.payments.attempts_max:
            raise declined_error(0, attempts[-1].problem)
        if len(attempts) >= ATTEMPTS_FACTOR * directory.business.payments.attempts_max:
            raise PaymentUnavailableError("This can't be paid here; please call the business.")
        payment = Payment(
            id=payment_id,
            appointment_id=appointment.id,
            number=len(attempts) + 1,
            provider=provider.name,
            account=directory.business.payments.account if provider.takes_cards else None,
            mode=provider.mode,
            provider_ref=None,
            status=PaymentStatus.STARTED,
            amount_minor=deposit_minor,
            currency=appointment.currency,
            problem=None,
            created_at=now,
        )
        await payment_rows.start(connection, business_id, payment)
        return payment

    return await installation.database.transaction(work)


async def named(
    installation: Installation,
    directory: Directory,
    payment: Payment,
    provider: PaymentProvider,
    now: datetime,
) -> PaymentOrder:
    """The attempt as the provider knows it. What it is called is written down before any money can
    move; of two who begin the same attempt, the second's beginning is ended at once.
    """
    order = await order_of(installation, directory, payment)
    if order.provider_ref is not None:
        return order
    ref = await provider.begin(order)
    known = replace(order, provider_ref=ref)
    if await installation.database.run(payment_rows.name, directory.business_id, payment.id, ref):
        return known
    live = await live_attempt(installation, directory, payment.appointment_id)
    if live is not None and live.provider_ref == ref:
        return known  # by another request of the payer's, which is further already
    await provider.release(known)
    if live is None or live.provider_ref is None:
        raise TryAgainError("This payment was given up meanwhile; try again.")
    return replace(order, payment_id=live.id, provider_ref=live.provider_ref)


async def end_refused(
    installation: Installation,
    directory: Directory,
    payment: Payment,
    provider: PaymentProvider,
    problem: str,
    now: datetime,
) -> None:
    """End an attempt that the provider won't make, so that nobody waits for it: by its own rules
    (an amount that is too small) another look would find the same.

    Its rival is a request of the same payer's with a card that is taken; whichever comes first under
    the appointment's lock, nothing is confirmed by what is let go.
    """
    business_id = directory.business_id

    async def work(connection: Connection) -> bool:
        await appointment_rows.lock(connection, business_id, payment.appointment_id)
        if await payment_rows.give_up_unnamed(connection, business_id, payment.id, problem):
            return False
        return await payment_rows.give_up(connection, business_id, payment.id, problem)

    if await installation.database.transaction(work):
        # If it can't be told now, the schedule tells it.
        with suppress(ProviderError, RefusedByProviderError, BookonceError):
            await settle(installation, business_id, payment.appointment_id, now=now)


def too_late() -> HoldExpiredError:
    """What is told of a payment that comes after the hold."""
    return HoldExpiredError(
        "The time was held for the payment, and that has run out. Nothing was taken; "
        "please choose a time again."
    )


def declined_error(attempts_left: int, reason: str | None) -> PaymentDeclinedError:
    """What is told of a card that was declined."""
    again = "Another card may do." if attempts_left else "The time isn't held any more."
    return PaymentDeclinedError(
        f"The card was declined and nothing was taken. {again}",
        attempts_left=attempts_left,
        reason=reason,
    )
