"""Between an appointment and what events say of it."""

from __future__ import annotations

from uuid import UUID

import msgspec

from bookonce.booking.appointment import Appointment, Status
from bookonce.business.directory import Directory
from bookonce.events.catalogue import PLAIN, AppointmentFacts, Manner


def facts_of(appointment: Appointment, manner: Manner = PLAIN) -> AppointmentFacts:
    """Where and with what an appointment is now, and how it came to be so."""
    return AppointmentFacts(
        parts=appointment.parts,
        start=appointment.start,
        end=appointment.end,
        currency=appointment.currency,
        price_minor=appointment.price_minor,
        location=appointment.location,
        location_name=appointment.location_name,
        location_address=appointment.location_address,
        zone=appointment.zone,
        wall_start=appointment.wall_start,
        business_version=appointment.business_version,
        resources=appointment.resources,
        sequence=appointment.sequence,
        deposit_minor=appointment.deposit_minor,
        hold_expires_at=appointment.hold_expires_at,
        keep_minor=appointment.keep_minor,
        **msgspec.structs.asdict(manner),
    )


def appointment_of(directory: Directory, appointment_id: UUID, data: str) -> Appointment:
    """The appointment as the event of its booking tells of it."""
    facts = msgspec.json.decode(data, type=AppointmentFacts)
    appointment = Appointment(
        id=appointment_id,
        status=Status.HELD if facts.hold_expires_at else Status.CONFIRMED,
        parts=facts.parts,
        location=directory.current_location(facts.location),
        location_name=facts.location_name,
        location_address=facts.location_address,
        zone=facts.zone or directory.zone_at(facts.location).key,
        wall_start=facts.wall_start,
        business_version=facts.business_version,
        resources=facts.resources,
        start=facts.start,
        end=facts.end,
        price_minor=facts.price_minor,
        currency=facts.currency,
        sequence=facts.sequence,
        deposit_minor=facts.deposit_minor,
        hold_expires_at=facts.hold_expires_at,
    )
    return appointment.as_promised()
