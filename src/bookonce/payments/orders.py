"""An attempt to pay as its provider is told of it, and who that provider is."""

from __future__ import annotations

from uuid import UUID

from bookonce.availability.installation import Installation
from bookonce.booking import appointment_rows, client_rows
from bookonce.booking.appointment import Appointment
from bookonce.business.directory import Directory
from bookonce.payments import ledger_rows, payment_rows, refund_rows
from bookonce.payments.provider import Books, Movement, PaymentOrder, PaymentProvider, Standing
from bookonce.payments.refund_rows import Refund
from bookonce.payments.states import EntryKind, Payment, PaymentStatus, RefundStatus
from bookonce.platform.connection import Connection
from bookonce.platform.errors import PaymentUnavailableError

STATUS = {
    Standing.AUTHORISED: PaymentStatus.AUTHORISED,
    Standing.CAPTURED: PaymentStatus.CAPTURED,
    Standing.DECLINED: PaymentStatus.DECLINED,
    Standing.CANCELLED: PaymentStatus.CANCELLED,
}
"""What an attempt's status is when the provider's books say so; others leave it as it is."""


def provider_of(installation: Installation, payment: Payment) -> PaymentProvider:
    """Who an attempt was begun with, in the same mode: a test key opens none of what a live key has
    made. Raises PaymentUnavailableError.
    """
    provider = provider_named(installation, payment.provider)
    if payment.mode is not None and provider.mode not in (None, payment.mode):
        raise PaymentUnavailableError(
            f"This payment was made with a {payment.mode} key of {payment.provider!r};"
            f" this installation has a {provider.mode} key now."
        )
    return provider


def provider_named(installation: Installation, name: str) -> PaymentProvider:
    """Raises PaymentUnavailableError if this installation has no such provider."""
    provider: PaymentProvider | None = installation.providers.get(name)
    if provider is None:
        raise PaymentUnavailableError(f"This installation can't take payments by {name!r} now.")
    return provider


async def order_of(
    installation: Installation, directory: Directory, payment: Payment
) -> PaymentOrder:
    """An attempt as the provider is told of it."""

    async def read(connection: Connection) -> tuple[str | None, Books, Appointment | None]:
        business_id = directory.business_id
        attempts = await payment_rows.of_appointment(
            connection, business_id, payment.appointment_id
        )
        return (
            await client_rows.email_of(connection, business_id, payment.appointment_id),
            _our_books(
                next(one for one in attempts if one.id == payment.id),
                await ledger_rows.sums(connection, business_id, payment.id),
                await refund_rows.of_payment(connection, business_id, payment.id),
            ),
            await appointment_rows.by_id(connection, business_id, payment.appointment_id),
        )

    email, known, appointment = await installation.database.run(read)
    assert appointment is not None
    services = ", ".join(part.service_name for part in appointment.parts)
    return PaymentOrder(
        business_id=directory.business_id,
        appointment_id=payment.appointment_id,
        payment_id=payment.id,
        amount_minor=payment.amount_minor,
        currency=payment.currency,
        description=f"{directory.business.business.name}: {services}",
        email=email,
        account=payment.account,
        provider_ref=payment.provider_ref,
        known=known,
    )


def by_hand_ref(refund_id: UUID) -> str:
    """What the ledger calls money that a person handed back."""
    return f"by-hand-{refund_id}"


def _our_books(payment: Payment, sums: dict[EntryKind, int], refunds: list[Refund]) -> Books:
    """What our ledger says, in the form that a provider's books have."""
    standing = {status: standing for standing, status in STATUS.items()}
    return Books(
        standing=standing.get(payment.status, Standing.OPEN),
        authorised_minor=sums.get(EntryKind.AUTHORISED, 0),
        captured_minor=sums.get(EntryKind.CAPTURED, 0),
        capture_ref=payment.provider_ref,
        refunds=tuple(
            Movement(by_hand_ref(one.id), one.amount_minor, one.id)
            for one in refunds
            if one.status in (RefundStatus.DONE, RefundStatus.SETTLED)
        ),
    )
