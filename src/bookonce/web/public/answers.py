"""The shapes of public answers. Times are in the location's zone, amounts in its currency."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import msgspec

from bookonce.booking.appointment import Status
from bookonce.business.document import Policy
from bookonce.platform import money
from bookonce.web.managed import Managed


class Price(msgspec.Struct, frozen=True):
    """An amount as a decimal string in the currency's major unit."""

    amount: str
    currency: str


class LocationAnswer(msgspec.Struct, frozen=True, omit_defaults=True):
    """A place with its own clock."""

    key: str
    name: str
    timezone: str
    address: str = ""


class CategoryAnswer(msgspec.Struct, frozen=True):
    """A heading under which services are listed."""

    key: str
    name: str


class BusinessAnswer(msgspec.Struct, frozen=True, omit_defaults=True):
    """Who the business is and its rules; its locations if it tells them apart. `closed` only if it
    takes no bookings.
    """

    slug: str
    name: str
    timezone: str
    currency: str
    locale: str
    policy: Policy
    locations: list[LocationAnswer] | None = None
    closed: bool = False
    address: str = ""
    phone: str | None = None
    email: str | None = None
    website: str | None = None
    categories: list[CategoryAnswer] = []


class DepositAnswer(msgspec.Struct, frozen=True, omit_defaults=True):
    """What is to be paid before a booking is confirmed, tax included; `asked_of` absent: by
    everyone.
    """

    amount: str
    currency: str
    asked_of: list[str] | None = None


class QuestionAnswer(msgspec.Struct, frozen=True, omit_defaults=True):
    """What visitors are asked who book a service. `kind`: line, text, choice or consent."""

    key: str
    name: str
    kind: str
    details: str = ""
    choices: list[str] = []
    required: bool = False


class ServiceAnswer(msgspec.Struct, frozen=True, omit_defaults=True):
    """What can be booked, and the keys of those who perform it; and of where, if locations are
    told apart; `deposit` if one is asked. `price_is_from`: the price is the least that it costs.
    """

    key: str
    name: str
    duration_min: int
    price: Price | None
    staff: list[str]
    locations: list[str] | None = None
    deposit: DepositAnswer | None = None
    category: str | None = None
    description: str = ""
    details: str = ""
    preparation: str = ""
    price_is_from: bool = False
    phone_required: bool = False
    questions: list[QuestionAnswer] = []


class StaffAnswer(msgspec.Struct, frozen=True, omit_defaults=True):
    """Somebody who performs services; and where, if locations are told apart."""

    key: str
    name: str
    locations: list[str] | None = None
    role: str = ""
    languages: list[str] = []


class Slot(msgspec.Struct, frozen=True, omit_defaults=True):
    """A start that can be booked; `staff` only if it was asked for."""

    start: datetime
    staff: list[str] | None = None


class Day(msgspec.Struct, frozen=True):
    """A local date and its slots."""

    date: str
    slots: list[Slot]


class AvailabilityAnswer(msgspec.Struct, frozen=True, omit_defaults=True):
    """Every date asked for, those without slots too; `location` if locations are told apart."""

    timezone: str
    days: list[Day]
    location: str | None = None


class SoonestAnswer(msgspec.Struct, frozen=True, omit_defaults=True):
    """The next starts, ascending; fewer than asked for when there are no more."""

    timezone: str
    slots: list[Slot]
    location: str | None = None


class PaymentAnswer(msgspec.Struct, frozen=True, omit_defaults=True):
    """A deposit. `status`: due until something was tried, then started, authorised (set aside),
    captured (taken), declined or cancelled. `publishable_key`, while something is due: what the
    provider's script in the browser begins with, and `account` if the business has its own at the
    provider. `client_secret`: the payer's bank wants to hear
    from the payer first; that script sees to it.
    """

    provider: str
    status: str
    amount: str
    currency: str
    refunded: str | None = None
    publishable_key: str | None = None
    account: str | None = None
    client_secret: str | None = None


class PartAnswer(msgspec.Struct, frozen=True):
    """One service within an appointment: keys, and its times without buffers."""

    service: str
    staff: str
    start: datetime
    end: datetime
    price: Price | None


class AppointmentAnswer(msgspec.Struct, frozen=True, omit_defaults=True):
    """An appointment. `service` and `staff` are its first part's. `manage_url` opens it for whoever
    has it. `location` if locations are told
    apart; `resources` if it takes rooms or equipment; `payment` if there is something to pay in
    advance, `hold_expires_at` until when the time is held for that.
    """

    id: UUID
    status: str
    service: str
    staff: str
    start: datetime
    end: datetime
    price: Price | None
    parts: list[PartAnswer]
    manage_url: str
    calendar_url: str
    location: str | None = None
    resources: list[str] | None = None
    hold_expires_at: datetime | None = None
    payment: PaymentAnswer | None = None

    @classmethod
    def of(
        cls,
        held: Managed,
        base_url: str,
        *,
        publishable_key: str | None = None,
        client_secret: str | None = None,
    ) -> AppointmentAnswer:
        """The answer for an appointment, links starting with `base_url`; `publishable_key` is the
        installation's own at Stripe.
        """
        appointment, directory = held.appointment, held.directory
        zone = appointment.clock
        return cls(
            id=appointment.id,
            status=appointment.status.value,
            service=appointment.service,
            staff=appointment.staff,
            start=appointment.start.astimezone(zone),
            end=appointment.end.astimezone(zone),
            price=price_answer(appointment.price_minor, appointment.currency),
            parts=[
                PartAnswer(
                    part.service,
                    part.staff,
                    part.start.astimezone(zone),
                    part.end.astimezone(zone),
                    price_answer(part.price_minor, appointment.currency),
                )
                for part in appointment.parts
            ],
            manage_url=f"{base_url}/{directory.slug}/a/{held.token}",
            calendar_url=f"{base_url}/api/v1/{directory.slug}/appointments/{held.token}.ics",
            location=appointment.location if directory.lists_locations else None,
            resources=list(appointment.resources) or None,
            hold_expires_at=appointment.hold_expires_at.astimezone(zone)
            if appointment.hold_expires_at and appointment.status is Status.HELD
            else None,
            payment=_payment(held, publishable_key, client_secret),
        )


def price_answer(price_minor: int | None, currency: str) -> Price | None:
    """An amount in minor units; None if there is none."""
    return None if price_minor is None else Price(money.major(price_minor, currency), currency)


def _payment(
    held: Managed, publishable_key: str | None, client_secret: str | None
) -> PaymentAnswer | None:
    appointment = held.appointment
    if appointment.deposit_minor is None:
        return None
    currency = appointment.currency
    provider = held.directory.business.payments.provider
    has_script = appointment.status is Status.HELD and provider == "stripe"
    return PaymentAnswer(
        provider=provider,
        status=appointment.payment_status or "due",
        amount=money.major(appointment.deposit_minor, currency),
        currency=currency,
        refunded=money.major(appointment.refunded_minor, currency)
        if appointment.refunded_minor
        else None,
        publishable_key=publishable_key if has_script else None,
        account=held.directory.business.payments.account if has_script else None,
        client_secret=client_secret,
    )
