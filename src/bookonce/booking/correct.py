"""Correct: a client puts right how they are called and reached for an appointment."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from bookonce.availability.installation import Installation
from bookonce.booking.appointment import Appointment, Status
from bookonce.booking.client import name_errors, phone_errors
from bookonce.booking.edit import Edit, edit
from bookonce.booking.find import Found, load
from bookonce.booking.phone import normal_phone
from bookonce.business.answers import REQUIRED, needs_phone
from bookonce.business.country import country_of
from bookonce.platform.actor import Actor
from bookonce.platform.errors import FieldError, StatusConflictError, ValidationError
from bookonce.platform.text import clean_line


def can_be_corrected(appointment: Appointment, now: datetime) -> bool:
    """Whether somebody still comes by it."""
    return appointment.status in (Status.HELD, Status.CONFIRMED) and now < appointment.end


async def correct(
    installation: Installation,
    slug: str,
    appointment_id: UUID,
    name: str,
    phone: str | None,
    *,
    actor: Actor,
    now: datetime,
) -> Found:
    """Write down a client's name and number for an appointment that is ahead; what the office keeps
    of the client stays.

    Raises NotFoundError, ValidationError (`client.name`, `client.phone`), StatusConflictError if it
    is over or off, and TryAgainError.
    """
    directory = await installation.current(slug)
    appointment = await load(installation, directory, appointment_id)
    if not can_be_corrected(appointment, now):
        raise StatusConflictError("This appointment is over or off.", status=appointment.status)
    country = country_of(directory, directory.places.get(appointment.location))
    wrong = [*name_errors(name), *phone_errors(phone, country=country)]
    if not (phone or "").strip() and needs_phone(directory.business, appointment.services):
        wrong.append(FieldError("client.phone", REQUIRED))
    if wrong:
        raise ValidationError(wrong)
    changes = Edit(
        client_name=clean_line(name), client_phone=normal_phone(phone or "", country) or None
    )
    return await edit(installation, slug, appointment_id, changes, actor=actor, now=now)
