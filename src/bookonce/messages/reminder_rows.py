"""Appointments that are near, and those of a day."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from bookonce.platform.connection import Connection
from bookonce.platform.statements import Statement

# What an event that isn't followed up yet may change waits for the next look.
_NEAR = Statement(
    """
    SELECT appointment.appointment_id, appointment.client_id, appointment.starts_at,
           appointment.zone, appointment.wall_start, appointment.client_phone IS NOT NULL AS has_phone,
           greatest(
               coalesce(appointment.confirmed_at, appointment.created_at),
               (SELECT max(event_at) FROM message
                WHERE message.business_id = :business_id
                  AND message.appointment_id = appointment.appointment_id
                  AND message.recipient = 'client'
                  AND message.kind IN ('booked', 'paid', 'moved', 'rezoned', 'changed')
                  AND (message.client_id IS NULL OR message.client_id = appointment.client_id)
                  AND message.event_id IS NOT NULL)
           ) AS settled_at,
           ARRAY(SELECT message.lead || ' ' || message.way FROM message
                 WHERE message.business_id = :business_id
                   AND message.appointment_id = appointment.appointment_id
                   AND message.kind = 'reminder'
                   AND message.subject_start = appointment.starts_at) AS reminded
    FROM appointment
    WHERE appointment.business_id = :business_id AND appointment.status = 'confirmed'
      AND appointment.starts_at > :now AND appointment.starts_at <= :until
      AND appointment.client_id IS NOT NULL
      AND NOT EXISTS (
          SELECT 1 FROM event
          WHERE event.business_id = :business_id AND event.is_unrelayed
            AND event.appointment_id = appointment.appointment_id)
    """
)


@dataclass(frozen=True, slots=True)
class Near:
    """A confirmed appointment. `settled_at`: since when the client has this time; `reminded`: "lead
    way" of each reminder of this start that there is.
    """

    appointment_id: UUID
    client_id: UUID
    start: datetime
    zone: str
    wall_start: datetime | None
    has_phone: bool
    settled_at: datetime
    reminded: frozenset[str]


async def near(
    connection: Connection, business_id: UUID, now: datetime, until: datetime
) -> list[Near]:
    """Confirmed appointments that begin after `now` and not after `until`."""
    rows = await _NEAR.rows(connection, business_id=business_id, now=now, until=until)
    return [
        Near(
            row["appointment_id"],
            row["client_id"],
            row["starts_at"],
            row["zone"],
            row["wall_start"],
            row["has_phone"],
            row["settled_at"],
            frozenset(row["reminded"]),
        )
        for row in rows
    ]


@dataclass(frozen=True, slots=True)
class OfTheDay:
    """An appointment of a day, as a list shows it."""

    start: datetime
    zone: str
    services: str
    staff: str
    client_name: str


_OF_THE_DAY = Statement(
    """
    SELECT appointment.starts_at, appointment.zone, appointment.client_name,
           string_agg(part.service_name, ', ' ORDER BY part.number) AS services,
           string_agg(DISTINCT part.staff_name, ', ') AS staff
    FROM appointment
    JOIN appointment_part AS part ON part.business_id = :business_id
                                 AND part.appointment_id = appointment.appointment_id
    WHERE appointment.business_id = :business_id AND appointment.status = 'confirmed'
      AND appointment.starts_at >= :start AND appointment.starts_at < :end
    GROUP BY appointment.appointment_id, appointment.starts_at, appointment.zone,
             appointment.client_name
    ORDER BY appointment.starts_at, appointment.client_name
    """
)


async def of_the_day(
    connection: Connection, business_id: UUID, start: datetime, end: datetime
) -> list[OfTheDay]:
    """Confirmed appointments that begin from `start` on and before `end`, in order."""
    rows = await _OF_THE_DAY.rows(connection, business_id=business_id, start=start, end=end)
    return [
        OfTheDay(row["starts_at"], row["zone"], row["services"], row["staff"], row["client_name"])
        for row in rows
    ]
