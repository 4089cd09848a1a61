"""Pay: set the deposit aside, then make the time the client's. Taking the money is a job."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

import msgspec

from bookonce.availability.alternatives import conflict
from bookonce.availability.installation import Installation
from bookonce.availability.selection import Choice, select
from bookonce.booking import appointment_rows
from bookonce.booking.appointment import Appointment, Status
from bookonce.booking.cancel import cancel
from bookonce.booking.find import Found, load
from bookonce.business.directory import Directory
from bookonce.payments import payment_rows
from bookonce.payments.orders import order_of, provider_of
from bookonce.payments.provider import (
    Books,
    PaymentOrder,
    PaymentProvider,
    ProviderError,
    RefusedByProviderError,
    Standing,
)
from bookonce.payments.settle import advance
from bookonce.payments.states import LIVE, Payment, PaymentStatus
from bookonce.platform.actor import SYSTEM
from bookonce.platform.connection import Connection
from bookonce.platform.errors import (
    BookonceError,
    HoldExpiredError,
    NotFoundError,
    PaymentDeclinedError,
    PaymentUnavailableError,
    StatusConflictError,
    TryAgainError,
)
from bookonce.platform.ids import new_id

RECEIVED = "received"
"""The means of payment where a person tells that the money is there."""


@dataclass(frozen=True, slots=True)
class Paid:
    """The appointment after a try to pay for it. `client_secret`: the payer's bank wants to hear
    from the payer first, which the provider's script in the browser sees to.
    """

    found: Found
    client_secret: str | None = None


async def pay(
    installation: Installation, slug: str, appointment_id: UUID, means: str, *, now: datetime
) -> Paid:
    """Pay for a held appointment with what the payer's browser made of a card.

    Sent twice, one payment is made. Raises NotFoundError, HoldExpiredError, StatusConflictError,
    PaymentDeclinedError, PaymentUnavailableError, BookingConflictError if the time was lost
    meanwhile (nothing is taken then), and TryAgainError, after which the same may be sent again.
    """
    directory, appointment, provider = await _payable(installation, slug, appointment_id)
    if appointment.status not in (Status.HELD, Status.EXPIRED):
        return Paid(Found(directory, appointment))
    if not provider.takes_cards:
        raise PaymentUnavailableError("This is paid on site; the business confirms it then.")
    payment = await _attempt(installation, directory, appointment, provider.name, now)
    provider = provider_of(installation, payment.provider)  # of an attempt begun before a change
    with _told_plainly():
        order = await _named(installation, directory, payment, provider, now)
        books = await provider.authorise(order, means)
    payment = _with_name(payment, order)
    return await _outcome(installation, directory, payment, books, now)


async def follow(
    installation: Installation, slug: str, appointment_id: UUID, *, now: datetime
) -> Paid:
    """What became of the payment that is under way: after the payer has answered the bank, or came
    back. Changes nothing that wasn't so already. Raises as `pay` does.
    """
    directory, appointment, _ = await _payable(installation, slug, appointment_id)
    if appointment.status not in (Status.HELD, Status.EXPIRED):
        return Paid(Found(directory, appointment))
    payment = await _live(installation, directory, appointment.id)
    if payment is None or payment.provider_ref is None:
        return Paid(Found(directory, appointment.as_of(now)))
    with _told_plainly():
        provider = provider_of(installation, payment.provider)
        books = await provider.look(await order_of(installation, directory, payment))
    return await _outcome(installation, directory, payment, books, now)


@contextmanager
def _told_plainly() -> Iterator[None]:
    """What a provider can't or won't do, as the payer is told."""
    try:
        yield
    except ProviderError as error:
        raise TryAgainError(
            "The payment service can't be reached; nothing is lost, try again in a moment."
        ) from error
    except RefusedByProviderError as error:
        raise PaymentUnavailableError(
            "The payment service didn't accept this; please try again or call the business."
        ) from error


async def receive(
    installation: Installation, slug: str, appointment_id: UUID, *, now: datetime
) -> Appointment:
    """A person tells that the deposit of an appointment is there, paid on site or by transfer.

    Raises NotFoundError, HoldExpiredError, StatusConflictError, PaymentUnavailableError,
    BookingConflictError if the time was lost meanwhile, TryAgainError.
    """
    directory = await installation.current(slug)
    appointment = await installation.database.run(
        lambda connection: appointment_rows.by_id(connection, directory.business_id, appointment_id)
    )
    if appointment is None:
        raise NotFoundError("There is no such appointment.")
    _require_to_pay(appointment)
    provider = provider_of(installation, directory.business.payments.provider)
    if provider.takes_cards:
        raise PaymentUnavailableError(
            "The payment service tells by itself when the money is there."
        )
    if appointment.status not in (Status.HELD, Status.EXPIRED):
        return appointment
    payment = await _attempt(installation, directory, appointment, provider.name, now, is_late=True)
    provider = provider_of(installation, payment.provider)
    order = await _named(installation, directory, payment, provider, now)
    books = await provider.authorise(order, RECEIVED)
    paid = await _outcome(installation, directory, _with_name(payment, order), books, now)
    return paid.found.appointment


async def _payable(
    installation: Installation, slug: str, appointment_id: UUID
) -> tuple[Directory, Appointment, PaymentProvider]:
    directory = await installation.current(slug)
    appointment = await load(installation, directory, appointment_id)
    _require_to_pay(appointment)
    return directory, appointment, provider_of(installation, directory.business.payments.provider)


def _require_to_pay(appointment: Appointment) -> None:
    if appointment.deposit_minor is None:
        raise StatusConflictError("Nothing is to be paid for this appointment.")
    if appointment.status is Status.CANCELLED:
        raise StatusConflictError("This appointment is cancelled; book a new one instead.")


async def _live(
    installation: Installation, directory: Directory, appointment_id: UUID
) -> Payment | None:
    """The attempt that is under way, if one is."""
    attempts = await installation.database.run(
        lambda connection: payment_rows.of_appointment(
            connection, directory.business_id, appointment_id
        )
    )
    return next((one for one in attempts if one.status in LIVE), None)


async def _attempt(
    installation: Installation,
    directory: Directory,
    appointment: Appointment,
    provider_name: str,
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
            raise _too_late()
        declined = sum(one.status is PaymentStatus.DECLINED for one in attempts)
        if declined >= directory.business.payments.attempts_max:
            raise _declined(0, attempts[-1].problem)
        payment = Payment(
            id=payment_id,
            appointment_id=appointment.id,
            number=len(attempts) + 1,
            provider=provider_name,
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


async def _named(
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
    named = replace(order, provider_ref=ref)
    if await installation.database.run(
        lambda connection: payment_rows.name(connection, directory.business_id, payment.id, ref)
    ):
        return named
    live = await _live(installation, directory, payment.appointment_id)
    if live is not None and live.provider_ref == ref:
        return named  # by another request of the payer's, which is further already
    await provider.release(named)
    if live is None or live.provider_ref is None:
        raise TryAgainError("This payment was given up meanwhile; try again.")
    return replace(order, payment_id=live.id, provider_ref=live.provider_ref)


def _too_late() -> HoldExpiredError:
    return HoldExpiredError(
        "The time was held for the payment, and that has run out. Nothing was taken; "
        "please choose a time again."
    )


def _with_name(payment: Payment, order: PaymentOrder) -> Payment:
    return msgspec.structs.replace(payment, id=order.payment_id, provider_ref=order.provider_ref)


async def _outcome(
    installation: Installation,
    directory: Directory,
    payment: Payment,
    books: Books,
    now: datetime,
) -> Paid:
    """What the payer is told, after what the books say is written down."""
    account = await advance(installation, directory, payment, books, now)
    appointment = account.appointment
    if books.standing is Standing.DECLINED:
        raise await _after_decline(installation, directory, appointment, now)
    if account.is_lost:
        raise await _lost(installation, directory, appointment, now)
    if appointment.status is Status.CANCELLED:
        raise StatusConflictError("This appointment was cancelled meanwhile; nothing is taken.")
    is_waiting = appointment.status in (Status.HELD, Status.EXPIRED)
    if is_waiting and not account.is_live and books.standing in (
        Standing.AUTHORISED, Standing.CAPTURED,
    ):  # fmt: skip
        raise _too_late()
    secret = books.client_secret if books.standing is Standing.NEEDS_ACTION else None
    return Paid(Found(directory, appointment.as_of(now)), secret)


async def _after_decline(
    installation: Installation,
    directory: Directory,
    appointment: Appointment,
    now: datetime,
) -> PaymentDeclinedError:
    """The refusal, and after the last try the end of the hold: the time is for others then."""
    attempts = await installation.database.run(
        lambda connection: payment_rows.of_appointment(
            connection, directory.business_id, appointment.id
        )
    )
    declined = [one for one in attempts if one.status is PaymentStatus.DECLINED]
    left = max(0, directory.business.payments.attempts_max - len(declined))
    if left == 0:
        await cancel(installation, directory.slug, appointment.id, actor=SYSTEM, now=now)
    return _declined(left, declined[-1].problem if declined else None)


def _declined(attempts_left: int, reason: str | None) -> PaymentDeclinedError:
    again = "Another card may do." if attempts_left else "The time isn't held any more."
    return PaymentDeclinedError(
        f"The card was declined and nothing was taken. {again}",
        attempts_left=attempts_left,
        reason=reason,
    )


async def _lost(
    installation: Installation, directory: Directory, appointment: Appointment, now: datetime
) -> BookonceError:
    """The time went to somebody else while the payment was under way; the job lets the money go."""
    choice = Choice(appointment.services, appointment.performers, appointment.location)
    try:
        selection = select(directory, choice)
    except BookonceError:
        return StatusConflictError("This appointment is cancelled; nothing is taken.")
    return await conflict(installation, selection, appointment.start, now=now)
