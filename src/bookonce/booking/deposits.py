"""Whether somebody has to pay before a booking is confirmed, and how much."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from bookonce.availability.installation import Installation
from bookonce.booking import client_rows
from bookonce.business.deposits import DepositFor, deposit_minor
from bookonce.business.directory import Directory
from bookonce.business.document import Service
from bookonce.platform import money
from bookonce.platform.errors import PaymentUnavailableError


@dataclass(frozen=True, slots=True)
class Deposit:
    """What is to be paid, in minor units, and until when the time is held for it."""

    amount_minor: int
    hold_expires_at: datetime


def amount_of(directory: Directory, service: Service) -> int | None:
    """How much the deposit of a service is, in minor units, of those of whom it is asked."""
    currency = directory.business.business.currency
    if service.deposit is None:
        return None
    price_minor = None if service.price is None else money.minor_units(service.price, currency)
    return deposit_minor(service.deposit, price_minor, currency) or None


async def due(
    installation: Installation, directory: Directory, service: Service, email: str, now: datetime
) -> Deposit | None:
    """The deposit that is asked of whoever has a mail address; None if nothing is.

    Raises PaymentUnavailableError if this installation can't take it.
    """
    amount_minor = amount_of(directory, service)
    if amount_minor is None or not await _is_asked(installation, directory, service, email, now):
        return None
    payments = directory.business.payments
    if payments.provider not in installation.providers:
        raise PaymentUnavailableError(
            "This service is to be paid for in advance, and this site can't take payments now; "
            "please call the business."
        )
    return Deposit(amount_minor, now + payments.hold)


async def _is_asked(
    installation: Installation, directory: Directory, service: Service, email: str, now: datetime
) -> bool:
    if not service.deposit_for:
        return True
    known = await installation.database.run(
        lambda connection: client_rows.record(connection, directory.business_id, email, now)
    )
    return (DepositFor.NEW_CLIENTS in service.deposit_for and known.visits == 0) or (
        DepositFor.NO_SHOWS in service.deposit_for and known.no_shows > 0
    )
