"""The shapes of public answers. Times are in the business's zone, amounts in its currency."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import msgspec

from bookonce.core import money
from bookonce.core.business import Policy
from bookonce.services.book import Held


class Price(msgspec.Struct, frozen=True):
    """An amount as a decimal string in the currency's major unit."""

    amount: str
    currency: str


class BusinessAnswer(msgspec.Struct, frozen=True):
    """Who the business is and its rules."""

    slug: str
    name: str
    timezone: str
    currency: str
    locale: str
    policy: Policy


class ServiceAnswer(msgspec.Struct, frozen=True):
    """What can be booked, and the keys of those who perform it."""

    key: str
    name: str
    duration_min: int
    price: Price | None
    staff: list[str]


class StaffAnswer(msgspec.Struct, frozen=True):
    """Somebody who performs services."""

    key: str
    name: str


class Slot(msgspec.Struct, frozen=True, omit_defaults=True):
    """A start that can be booked; `staff` only if it was asked for."""

    start: datetime
    staff: list[str] | None = None


class Day(msgspec.Struct, frozen=True):
    """A local date and its slots."""

    date: str
    slots: list[Slot]


class AvailabilityAnswer(msgspec.Struct, frozen=True):
    """Every date asked for, those without slots too."""

    timezone: str
    days: list[Day]


class SoonestAnswer(msgspec.Struct, frozen=True):
    """The next starts, ascending; fewer than asked for when there are no more."""

    timezone: str
    slots: list[Slot]


class AppointmentAnswer(msgspec.Struct, frozen=True):
    """An appointment. `manage_url` opens it for whoever has it."""

    id: UUID
    status: str
    service: str
    staff: str
    start: datetime
    end: datetime
    price: Price | None
    manage_url: str
    calendar_url: str

    @classmethod
    def of(cls, held: Held, base_url: str) -> AppointmentAnswer:
        """The answer for an appointment, links starting with `base_url`."""
        appointment, directory = held.appointment, held.directory
        return cls(
            id=appointment.id,
            status=appointment.status.value,
            service=appointment.service,
            staff=appointment.staff,
            start=appointment.start.astimezone(directory.zone),
            end=appointment.end.astimezone(directory.zone),
            price=None
            if appointment.price_minor is None
            else Price(
                money.major(appointment.price_minor, appointment.currency), appointment.currency
            ),
            manage_url=f"{base_url}/{directory.slug}/a/{held.token}",
            calendar_url=f"{base_url}/api/v1/{directory.slug}/appointments/{held.token}.ics",
        )
