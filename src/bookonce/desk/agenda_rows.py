"""What is in a business's calendar: appointments and blocked time, as the office reads them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import msgspec

from bookonce.booking.appointment import Status
from bookonce.events.catalogue import Part
from bookonce.platform.connection import Connection, Row
from bookonce.platform.statements import Statement, StatementOf


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """Which appointments: those that overlap [first, end), and begin after `known_start`.

    An empty list stands for all. `staff` are keys of those who perform something in it, `after` is
    the start and id of the last one that was read.
    """

    business_id: UUID
    first: datetime
    end: datetime
    known_start: datetime
    """No appointment that ends after `first` begins before this."""
    statuses: Sequence[str] = ()
    staff: Sequence[str] = ()
    services: Sequence[str] = ()
    location: str | None = None
    client_id: UUID | None = None
    after_start: datetime | None = None
    after_id: UUID | None = None
    limit: int = 2_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """An appointment in the calendar. Instants are aware; names are of the day it was booked."""

    id: UUID
    status: Status
    sequence: int
    parts: tuple[Part, ...]
    location: str
    location_name: str
    zone: str
    start: datetime
    end: datetime
    client_id: UUID | None
    client_name: str
    client_phone: str | None
    client_email: str | None
    notes: str | None
    price_minor: int | None
    currency: str
    deposit_minor: int | None
    hold_expires_at: datetime | None
    overbooked: str | None

    @property
    def performers(self) -> tuple[str, ...]:
        """The keys of those who perform its parts, each once."""
        return tuple(dict.fromkeys(part.staff for part in self.parts))

    def as_of(self, now: datetime) -> Status:
        """The status that it has for everybody; see `Appointment.as_of`."""
        if self.status is Status.HELD and not (self.hold_expires_at and now < self.hold_expires_at):
            return Status.EXPIRED
        return self.status


@dataclass(frozen=True, slots=True)
class BlockedTime:
    """Time that is taken without an appointment."""

    id: UUID
    resource: str
    start: datetime
    end: datetime
    kind: str
    reason: str | None
    source: str


_APPOINTMENTS = StatementOf(
    """
    SELECT appointment.appointment_id, appointment.status, appointment.sequence,
           appointment.location_name, appointment.zone, appointment.starts_at,
           appointment.ends_at, appointment.client_id, appointment.client_name,
           appointment.client_phone, client.email AS client_email, appointment.notes,
           appointment.price_minor, appointment.currency, appointment.deposit_minor,
           appointment.hold_expires_at, appointment.overbooked, location.key AS location, performed.parts
    FROM appointment
    JOIN location ON location.business_id = :business_id
                 AND location.location_id = appointment.location_id
    LEFT JOIN client ON client.business_id = :business_id
                    AND client.client_id = appointment.client_id
    CROSS JOIN LATERAL (
        SELECT json_agg(json_build_object(
                   'service', service.key, 'service_name', part.service_name,
                   'staff', performer.key, 'staff_name', part.staff_name,
                   'start', part.starts_at, 'end', part.ends_at, 'price_minor', part.price_minor
               ) ORDER BY part.number) AS parts,
               array_agg(performer.key) AS staff, array_agg(service.key) AS services
        FROM appointment_part AS part
        JOIN service ON service.business_id = :business_id
                    AND service.service_id = part.service_id
        JOIN resource AS performer ON performer.business_id = :business_id
                                  AND performer.resource_id = part.resource_id
        WHERE part.business_id = :business_id
          AND part.appointment_id = appointment.appointment_id
    ) AS performed
    WHERE appointment.business_id = :business_id
      AND appointment.starts_at >= :known_start AND appointment.starts_at < :end
      AND appointment.ends_at > :first
      AND (cardinality(:statuses::text[]) = 0 OR appointment.status = ANY(:statuses))
      AND (cardinality(:staff::text[]) = 0 OR performed.staff && :staff)
      AND (cardinality(:services::text[]) = 0 OR performed.services && :services)
      AND (:location::text IS NULL OR location.key = :location)
      AND (:client_id::uuid IS NULL OR appointment.client_id = :client_id)
      AND (:after_start::timestamptz IS NULL
           OR (appointment.starts_at, appointment.appointment_id) > (:after_start, :after_id::uuid))
    ORDER BY appointment.starts_at, appointment.appointment_id
    LIMIT :limit
    """,
    Filter,
)
_BLOCK = """
    SELECT claim.claim_id, resource.key, lower(claim.during) AS start, upper(claim.during) AS "end",
           claim.kind, claim.reason, claim.source
    FROM claim
    JOIN resource ON resource.business_id = :business_id
                 AND resource.resource_id = claim.resource_id
    WHERE claim.business_id = :business_id AND claim.appointment_id IS NULL
"""
_BLOCK_BY_ID = Statement(f"{_BLOCK} AND claim.claim_id = :claim_id")
_BLOCKS = Statement(
    f"""{_BLOCK}
      AND claim.resource_id = ANY(:resource_ids::uuid[])
      AND claim.during && tstzrange(:first, :end)
    ORDER BY lower(claim.during), claim.claim_id
    """
)


async def appointments(connection: Connection, query: Filter) -> list[Entry]:
    """The appointments that a filter lets through, the earliest first."""
    return [_entry(row) for row in await _APPOINTMENTS.rows(connection, query)]


async def blocks(
    connection: Connection,
    business_id: UUID,
    resource_ids: Sequence[UUID],
    first: datetime,
    end: datetime,
) -> list[BlockedTime]:
    """When resources are taken without an appointment, between two instants."""
    rows = await _BLOCKS.rows(
        connection, business_id=business_id, resource_ids=resource_ids, first=first, end=end
    )
    return [_blocked(row) for row in rows]


async def block_by_id(
    connection: Connection, business_id: UUID, claim_id: UUID
) -> BlockedTime | None:
    """Blocked time by its id, within one business."""
    row = await _BLOCK_BY_ID.row(connection, business_id=business_id, claim_id=claim_id)
    return _blocked(row) if row else None


def _blocked(row: Row) -> BlockedTime:
    return BlockedTime(
        row["claim_id"],
        row["key"],
        row["start"],
        row["end"],
        row["kind"],
        row["reason"],
        row["source"],
    )


def _entry(row: Row) -> Entry:
    return Entry(
        id=row["appointment_id"],
        status=Status(row["status"]),
        sequence=row["sequence"],
        parts=msgspec.json.decode(row["parts"], type=tuple[Part, ...]),
        location=row["location"],
        location_name=row["location_name"],
        zone=row["zone"],
        start=row["starts_at"],
        end=row["ends_at"],
        client_id=row["client_id"],
        client_name=row["client_name"],
        client_phone=row["client_phone"],
        client_email=row["client_email"],
        notes=row["notes"],
        price_minor=row["price_minor"],
        currency=row["currency"],
        deposit_minor=row["deposit_minor"],
        hold_expires_at=row["hold_expires_at"],
        overbooked=row["overbooked"],
    )
