"""Settle: make the money be what the appointment says.

It looks at the provider's books, writes what they say into ours, and does the next thing that
`payments/states.py` finds is to be done, until nothing is. It may be called by anybody at any time, any
number of times and by several at once: the provider's messages, the queue, the schedule and the
payer's browser are only occasions to call it.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

from bookonce.availability.installation import Installation
from bookonce.booking import appointment_rows
from bookonce.booking.appointment import Appointment, Status
from bookonce.business.directory import Directory
from bookonce.payments import payment_rows
from bookonce.payments.account import Account
from bookonce.payments.confirm import confirm
from bookonce.payments.give_back import give_back
from bookonce.payments.orders import order_of, provider_of
from bookonce.payments.provider import (
    Books,
    PaymentProvider,
    ProviderError,
    RefusedByProviderError,
    Standing,
)
from bookonce.payments.states import CLOSED, LATE, Money, Payment, Step, next_step
from bookonce.payments.write_down import write_down
from bookonce.platform.connection import Connection
from bookonce.platform.errors import BookonceError

STEPS_MAX = 12
NAMELESS = timedelta(minutes=2)
"""How long whoever began an attempt has to learn what the provider calls it."""

_MONEY = {
    Standing.OPEN: Money.NOWHERE,
    Standing.NEEDS_ACTION: Money.NOWHERE,
    Standing.PENDING: Money.NOWHERE,
    Standing.AUTHORISED: Money.SET_ASIDE,
    Standing.CAPTURED: Money.TAKEN,
    Standing.DECLINED: Money.GONE,
    Standing.CANCELLED: Money.GONE,
}


async def settle(
    installation: Installation, business_id: UUID, appointment_id: UUID, *, now: datetime
) -> None:
    """Bring every attempt to pay for an appointment to where it belongs.

    Raises ProviderError when the provider can't be asked now, RefusedByProviderError when it won't,
    PaymentUnavailableError when there is no such provider here, TryAgainError.
    """
    directory = await installation.by_id(business_id)
    failure: ProviderError | RefusedByProviderError | BookonceError | None = None
    attempts = await installation.database.run(
        payment_rows.of_appointment, business_id, appointment_id
    )
    for payment in attempts:
        if payment.status in CLOSED:
            continue
        try:
            await _settle_one(installation, directory, payment, now)
        except (ProviderError, RefusedByProviderError, BookonceError) as error:
            failure = failure or error  # one that can't be asked about keeps no other from it
    if failure is not None:
        raise failure


async def _settle_one(
    installation: Installation, directory: Directory, payment: Payment, now: datetime
) -> None:
    if payment.provider_ref is None:
        await _give_up_nameless(installation, directory.business_id, payment, now)
        return
    provider = provider_of(installation, payment)
    books = await provider.look(await order_of(installation, directory, payment))
    await _to_the_end(installation, directory, payment, provider, books, now)


async def advance(
    installation: Installation, directory: Directory, payment: Payment, books: Books, now: datetime
) -> Account:
    """Write down what the books say, and confirm the appointment if they say that it is paid for.

    Nothing is asked of the provider.
    """
    account = await write_down(installation, directory.business_id, payment, books, now)
    if _next(account, books, now) is Step.CONFIRM:
        done = await confirm(installation, directory, payment, now=now)
        account = await write_down(installation, directory.business_id, payment, books, now)
        account = replace(account, is_lost=done.is_lost)
    return account


async def _to_the_end(
    installation: Installation,
    directory: Directory,
    payment: Payment,
    provider: PaymentProvider,
    books: Books,
    now: datetime,
) -> None:
    for _ in range(STEPS_MAX):
        account = await advance(installation, directory, payment, books, now)
        order = await order_of(installation, directory, payment)
        match _next(account, books, now):
            case Step.CAPTURE:
                books = await provider.capture(order, account.due_minor)
            case Step.GIVE_UP:
                await _give_up(installation, directory.business_id, payment, now)
                books = await provider.look(order)
            case Step.RELEASE:
                books = await provider.release(order)
            case Step.REFUND:
                after = await give_back(installation, payment, provider, order, books, now)
                if after == books:
                    return  # a person has to give it back, or to look why it can't be
                books = after
            case _:
                return


def _next(account: Account, books: Books, now: datetime) -> Step:
    appointment = account.appointment
    open_minor = sum(one.amount_minor for one in account.open(books))
    return next_step(
        _MONEY[books.standing],
        appointment.status,
        is_live=account.is_live,
        is_late=_is_late(appointment, now),
        surplus_minor=account.surplus_minor(books) + open_minor,
        keep_minor=account.due_minor,
    )


def _is_late(appointment: Appointment, now: datetime) -> bool:
    hold_end = appointment.hold_expires_at
    return hold_end is not None and now > hold_end + LATE


async def _give_up(
    installation: Installation, business_id: UUID, payment: Payment, now: datetime
) -> None:
    """Under the appointment's lock, as a confirmation is: by the time that the provider hears of
    it, either the appointment is confirmed, or it can't be by this attempt any more.
    """

    async def work(connection: Connection) -> None:
        await appointment_rows.lock(connection, business_id, payment.appointment_id)
        appointment = await appointment_rows.by_id(connection, business_id, payment.appointment_id)
        assert appointment is not None
        if appointment.status in (Status.HELD, Status.EXPIRED) and _is_late(appointment, now):
            await payment_rows.give_up(connection, business_id, payment.id)

    await installation.database.transaction(work)


async def _give_up_nameless(
    installation: Installation, business_id: UUID, payment: Payment, now: datetime
) -> None:
    """Nothing can have been set aside for an attempt whose name at the provider isn't known."""
    if now - payment.created_at > NAMELESS:
        await installation.database.run(payment_rows.give_up_unnamed, business_id, payment.id)
