"""Whether somebody has to pay before a booking is confirmed, and how much."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from bookonce.availability.installation import Installation
from bookonce.availability.selection import Selection
from bookonce.booking import client_rows
from bookonce.booking.client_rows import SOMEBODY_NEW, Record
from bookonce.business.deposits import DepositFor, deposit_minor
from bookonce.business.directory import Directory
from bookonce.business.document import Service
from bookonce.platform import money
from bookonce.platform.errors import PaymentUnavailableError
from bookonce.platform.tokens import is_token, token_hash


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


@dataclass(frozen=True, slots=True)
class Shown:
    """What somebody shows of themselves: the mail address that they typed, and the manage token of
    an earlier appointment, if they have one.

    Everybody can type an address. So an address alone neither tells what is known of it nor spares
    a deposit: without the token of a visit that is over, whoever books is somebody new.
    """

    email: str
    token: str | None = None


async def due(
    installation: Installation, selection: Selection, shown: Shown, now: datetime
) -> Deposit | None:
    """The deposit that is asked for all that was selected; None if nothing is. Raises
    PaymentUnavailableError if this installation can't take it.
    """
    directory = selection.directory
    asking = [
        (part.service, amount_minor)
        for part in selection.parts
        if (amount_minor := amount_of(directory, part.service)) is not None
    ]
    if not asking:
        return None
    record = SOMEBODY_NEW
    token = shown.token
    if token and is_token(token) and any(service.deposit_for for service, _ in asking):
        record = await installation.database.run(
            client_rows.record, directory.business_id, shown.email, token_hash(token), now
        )
    amount_minor = sum(
        amount_minor for service, amount_minor in asking if _is_asked(service, record)
    )
    if not amount_minor:
        return None
    payments = directory.business.payments
    if payments.provider not in installation.providers:
        raise PaymentUnavailableError(
            "This service is to be paid for in advance, and this site can't take payments now; "
            "please call the business."
        )
    return Deposit(amount_minor, now + payments.hold)


def _is_asked(service: Service, record: Record) -> bool:
    if not service.deposit_for:
        return True
    return (DepositFor.NEW_CLIENTS in service.deposit_for and record.visits == 0) or (
        DepositFor.NO_SHOWS in service.deposit_for and record.no_shows > 0
    )
