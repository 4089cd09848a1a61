"""The appointments of a day, as the office's list shows them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec

from bookonce.booking.appointment import Status
from bookonce.platform.connection import Connection, Row
from bookonce.platform.statements import Statement

# An appointment is on a day by one of its parts; claims would miss those that gave theirs back.
_BETWEEN = Statement(
    """
    SELECT appointment.appointment_id, appointment.status, appointment.starts_at,
           appointment.ends_at, appointment.client_name, appointment.zone,
           appointment.location_name, appointment.notes, appointment.hold_expires_at,
           (
               SELECT json_agg(json_build_object(
                   'service', part.service_name, 'staff', performer.key, 'staff_name',
                   part.staff_name, 'start', part.starts_at, 'end', part.ends_at
               ) ORDER BY part.number)::text
               FROM appointment_part AS part
               JOIN resource AS performer ON performer.business_id = :business_id
                                         AND performer.resource_id = part.resource_id
               WHERE part.business_id = :business_id
                 AND part.appointment_id = appointment.appointment_id
           ) AS parts
    FROM appointment
    WHERE appointment.business_id = :business_id
      AND appointment.starts_at >= :first AND appointment.starts_at < :end
      AND appointment.status = ANY(:statuses)
      AND (:staff_key::text IS NULL OR EXISTS (
          SELECT 1 FROM appointment_part AS own
          JOIN resource ON resource.business_id = :business_id
                       AND resource.resource_id = own.resource_id
          WHERE own.business_id = :business_id
            AND own.appointment_id = appointment.appointment_id
            AND resource.kind = 'staff' AND resource.key = :staff_key))
    ORDER BY appointment.starts_at, appointment.appointment_id
    """
)


class ListedPart(msgspec.Struct, frozen=True):
    """One service of a listed appointment. `staff` is a key, the names are of the day it was booked."""

    service: str
    staff: str
    staff_name: str
    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True)
class ListedAppointment:
    """An appointment as a list shows it; aware instants."""

    appointment_id: UUID
    status: Status
    start: datetime
    end: datetime
    client_name: str
    zone: ZoneInfo
    location_name: str
    notes: str | None
    hold_expires_at: datetime | None
    parts: tuple[ListedPart, ...]


async def between(
    connection: Connection,
    business_id: UUID,
    first: datetime,
    end: datetime,
    statuses: Sequence[Status],
    staff_key: str | None,
) -> list[ListedAppointment]:
    """The appointments that start from `first` on and before `end`, the earliest first; those in
    which one staff member performs something, if one is named.
    """
    rows = await _BETWEEN.rows(
        connection,
        business_id=business_id,
        first=first,
        end=end,
        statuses=[status.value for status in statuses],
        staff_key=staff_key,
    )
    return [_listed(row) for row in rows]


def _listed(row: Row) -> ListedAppointment:
    return ListedAppointment(
        row["appointment_id"],
        Status(row["status"]),
        row["starts_at"],
        row["ends_at"],
        row["client_name"],
        ZoneInfo(row["zone"]),
        row["location_name"],
        row["notes"],
        row["hold_expires_at"],
        msgspec.json.decode(row["parts"], type=tuple[ListedPart, ...]),
    )
