"""What there was between a business and a client: appointments, with money, and how many messages."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from bookonce.platform.connection import Connection
from bookonce.platform.statements import Statement

VISITS_MAX = 500

# A booking that ran beside a merge may be the one's that went; it is read along.
_THEIRS = """(
    appointment.client_id = :client_id
    OR appointment.client_id IN (
        SELECT merged.client_id FROM client AS merged
        WHERE merged.business_id = :business_id AND merged.merged_into = :client_id))"""
_PAID = """(
    SELECT coalesce(sum(amount_minor) FILTER (WHERE kind = 'captured'), 0)
         - coalesce(sum(amount_minor) FILTER (WHERE kind IN ('refunded', 'disputed')), 0)
    FROM ledger_entry
    WHERE ledger_entry.business_id = :business_id
      AND ledger_entry.appointment_id = appointment.appointment_id)"""
_VISITS = Statement(
    f"""
    SELECT appointment.appointment_id, appointment.status, appointment.starts_at,
           appointment.ends_at, appointment.zone, appointment.price_minor, appointment.currency,
           appointment.hold_expires_at, appointment.location_name, appointment.notes,
           part.services, part.staff_names, part.staff_keys, {_PAID}::bigint AS paid_minor
    FROM appointment
    CROSS JOIN LATERAL (
        SELECT array_agg(part.service_name ORDER BY part.number) AS services,
               array_agg(part.staff_name ORDER BY part.number) AS staff_names,
               array_agg(performer.key ORDER BY part.number) AS staff_keys
        FROM appointment_part AS part
        JOIN resource AS performer ON performer.business_id = :business_id
                                  AND performer.resource_id = part.resource_id
        WHERE part.business_id = :business_id
          AND part.appointment_id = appointment.appointment_id
    ) AS part
    WHERE appointment.business_id = :business_id AND {_THEIRS}
    ORDER BY appointment.starts_at DESC, appointment.appointment_id
    LIMIT :visits_max
    """
)
_SUMMARY = Statement(
    f"""
    SELECT count(*) FILTER (WHERE status = 'completed'
               OR (status = 'confirmed' AND ends_at <= :now)) AS visits,
           count(*) FILTER (WHERE status = 'no_show') AS no_shows,
           count(*) FILTER (WHERE status = 'cancelled') AS cancellations,
           count(*) FILTER (WHERE status = 'confirmed' AND ends_at > :now) AS ahead,
           max(starts_at) FILTER (WHERE status = 'completed'
               OR (status = 'confirmed' AND ends_at <= :now)) AS last_visit,
           coalesce(sum((
               SELECT count(*) FROM message
               WHERE message.business_id = :business_id AND message.recipient = 'client'
                 AND message.appointment_id = appointment.appointment_id
                 AND message.status IN ('sent', 'unknown', 'bounced')
           )), 0)::bigint AS messages,
           coalesce(sum(price_minor) FILTER (WHERE status = 'completed'
               OR (status = 'confirmed' AND ends_at <= :now)), 0)::bigint AS spent_minor
    FROM appointment WHERE business_id = :business_id AND {_THEIRS}
    """
)


@dataclass(frozen=True, slots=True)
class Visit:
    """An appointment in a client's history. Amounts are in minor units."""

    id: UUID
    status: str
    start: datetime
    end: datetime
    zone: str
    services: tuple[str, ...]
    staff_names: tuple[str, ...]
    staff_keys: tuple[str, ...]
    location_name: str
    notes: str | None
    price_minor: int | None
    paid_minor: int
    currency: str
    hold_expires_at: datetime | None


@dataclass(frozen=True, slots=True)
class Summary:
    """How often a client was there, and was not; what they were told; what their visits cost."""

    visits: int
    no_shows: int
    cancellations: int
    ahead: int
    last_visit: datetime | None
    messages: int
    spent_minor: int


async def visits(connection: Connection, business_id: UUID, client_id: UUID) -> list[Visit]:
    """A client's appointments, the latest first."""
    rows = await _VISITS.rows(
        connection, business_id=business_id, client_id=client_id, visits_max=VISITS_MAX
    )
    return [
        Visit(
            id=row["appointment_id"],
            status=row["status"],
            start=row["starts_at"],
            end=row["ends_at"],
            zone=row["zone"],
            services=tuple(row["services"] or ()),
            staff_names=tuple(row["staff_names"] or ()),
            staff_keys=tuple(row["staff_keys"] or ()),
            location_name=row["location_name"],
            notes=row["notes"],
            price_minor=row["price_minor"],
            paid_minor=row["paid_minor"],
            currency=row["currency"],
            hold_expires_at=row["hold_expires_at"],
        )
        for row in rows
    ]


async def summary(
    connection: Connection, business_id: UUID, client_id: UUID, now: datetime
) -> Summary:
    """A client's history in numbers. A visit that nobody said anything about took place."""
    row = await _SUMMARY.row(connection, business_id=business_id, client_id=client_id, now=now)
    assert row is not None
    return Summary(**dict(row))
