"""The appointments that a change of the business has to leave standing."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import msgspec

from bookonce.booking.fit import Upcoming
from bookonce.events.catalogue import Part
from bookonce.platform.connection import Connection
from bookonce.platform.statements import Statement

_UPCOMING = Statement(
    """
    SELECT appointment.appointment_id, location.key AS location, location.name AS location_name,
           appointment.starts_at, appointment.ends_at,
           (
               SELECT json_agg(json_build_object(
                   'service', service.key, 'service_name', part.service_name,
                   'staff', performer.key, 'staff_name', part.staff_name,
                   'start', part.starts_at, 'end', part.ends_at
               ) ORDER BY part.number)::text
               FROM appointment_part AS part
               JOIN service ON service.business_id = :business_id
                           AND service.service_id = part.service_id
               JOIN resource AS performer ON performer.business_id = :business_id
                                         AND performer.resource_id = part.resource_id
               WHERE part.business_id = :business_id
                 AND part.appointment_id = appointment.appointment_id
           ) AS parts,
           (
               SELECT array_agg(DISTINCT ARRAY[other.key, other.kind])
               FROM claim
               JOIN resource AS other ON other.business_id = :business_id
                                     AND other.resource_id = claim.resource_id
               WHERE claim.business_id = :business_id
                 AND claim.appointment_id = appointment.appointment_id
                 AND other.kind <> 'staff'
           ) AS resources
    FROM appointment
    JOIN location ON location.business_id = :business_id
                 AND location.location_id = appointment.location_id
    WHERE appointment.business_id = :business_id AND appointment.starts_at >= :now
      AND (appointment.status = 'confirmed'
           OR (appointment.status = 'held' AND appointment.hold_expires_at > :now))
    ORDER BY appointment.starts_at, appointment.appointment_id
    """
)


async def upcoming(connection: Connection, business_id: UUID, now: datetime) -> list[Upcoming]:
    """The appointments ahead that are confirmed, or held by a hold that hasn't ended."""
    return [
        Upcoming(
            appointment_id=row["appointment_id"],
            parts=msgspec.json.decode(row["parts"], type=tuple[Part, ...]),
            location=row["location"],
            location_name=row["location_name"],
            start=row["starts_at"],
            end=row["ends_at"],
            resources=tuple((key, kind) for key, kind in row["resources"] or ()),
        )
        for row in await _UPCOMING.rows(connection, business_id=business_id, now=now)
    ]
