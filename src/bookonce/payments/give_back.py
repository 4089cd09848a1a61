"""Give back: plan what is to be given back of an attempt, and ask the provider for it once."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from bookonce.availability.installation import Installation
from bookonce.booking import appointment_rows
from bookonce.payments import payment_rows, refund_rows
from bookonce.payments.account import Account, plan
from bookonce.payments.provider import (
    Books,
    PaymentOrder,
    PaymentProvider,
    RefusedByProviderError,
)
from bookonce.payments.refund_rows import Refund
from bookonce.payments.states import Payment, RefundStatus
from bookonce.payments.write_down import fail
from bookonce.platform.connection import Connection
from bookonce.platform.ids import new_id

CLAIM = timedelta(minutes=2)
"""For so long only one process asks for a refund. It is more than all requests of one asking may
take, so whoever comes after a process that died sees in the provider's books what that one did."""


async def give_back(
    installation: Installation,
    payment: Payment,
    provider: PaymentProvider,
    order: PaymentOrder,
    books: Books,
    now: datetime,
) -> Books:
    """Plan what is to be given back, under the appointment's lock, and give it back.

    Raises ProviderError, after which the claim keeps others off for a while, and
    RefusedByProviderError, after which another try is due later.
    """
    due = await installation.database.transaction(
        _plan, order.business_id, payment, books, now, new_id(), provider.takes_cards
    )
    refused: RefusedByProviderError | None = None
    for refund in due:
        try:
            books = await provider.refund(order, refund.id, refund.amount_minor)
        except RefusedByProviderError as error:
            await installation.database.transaction(
                fail, order.business_id, payment, refund, str(error), now
            )
            refused = error
    if refused is not None:
        raise refused
    return books


async def _plan(
    connection: Connection,
    business_id: UUID,
    payment: Payment,
    books: Books,
    now: datetime,
    refund_id: UUID,
    is_asked: bool,
) -> list[Refund]:
    """The refunds that are ours to ask for: nobody else asks the provider for them meanwhile.

    `is_asked`: the provider gives back when it is asked; else a person does, and tells.
    """
    # Its rivals are others who plan for the same appointment: the second sees the first's claims.
    await appointment_rows.lock(connection, business_id, payment.appointment_id)
    await payment_rows.lock(connection, business_id, payment.id)  # and from who writes down
    appointment = await appointment_rows.by_id(connection, business_id, payment.appointment_id)
    assert appointment is not None
    refunds = await refund_rows.of_payment(connection, business_id, payment.id)
    if any(one.id == refund_id for one in refunds):
        return [one for one in refunds if one.id == refund_id]  # a lost attempt of ours
    planned = plan(Account(appointment, {}, refunds), books, now)
    for one in planned.withdraw:
        await refund_rows.set_status(connection, business_id, one.id, RefundStatus.WITHDRAWN)
    due = list(planned.ask)
    if planned.new_minor:
        try_at = now if is_asked else None
        new = Refund(refund_id, planned.new_minor, RefundStatus.PENDING, planned.tries, try_at)
        await refund_rows.plan(connection, business_id, payment.id, new, now)
        due.append(new)
    if not is_asked:
        return []
    await refund_rows.claim(connection, business_id, [one.id for one in due], now + CLAIM)
    return due
